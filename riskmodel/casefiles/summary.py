"""What a run says of itself: the summary on the terminal, the run record, and a readable table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from riskmodel._version import __version__
from riskmodel.answers.scoring import Scoring
from riskmodel.casefiles.options import RunResult, Summary
from riskmodel.casefiles.write.row_writer import RowsInMemory
from riskmodel.cases.mapping.deeds import deed_lines, deeds_by_column
from riskmodel.evidence.records import ANY_SERIOUS
from riskmodel.inference.scorer import FEWEST_EFFECTIVE
from riskmodel.redcap.notes import is_blank_count
from riskmodel.text import RESEARCH_ONLY, Numeral, few_draws, figure, percent, table

SHOWN = 50  # rows of the readable table
REASONS = 10  # shown on the terminal


def run_record(result: RunResult, scoring: Scoring, command: Sequence[str], asked: Mapping[str, object]) -> str:
    """The content of ``<output>.run.json``."""
    record = {
        "riskmodel": __version__,
        "model": scoring.model_hash,
        "inputs": {"cases_sha256": result.source_sha256, "priors": scoring.inputs, **_mapping(result)},
        "policy": scoring.policy.name,
        "recording": {"profile": scoring.blanks.profile, "says": str(scoring.blanks)},
        "command": list(command),
        "options": dict(asked),
        "counts": {
            "read": result.counts.read,
            "scored": result.counts.scored,
            "rejected": result.counts.rejected,
        },
        "engine": result.engine,
        "warnings": list(result.warnings),
        "notes": list(result.notes),
        "prepared": dict(sorted(result.prepared.items())),
        "summary": {
            "assessed": dict(result.summary.assessed),
            "states": {name: dict(states) for name, states in result.summary.states.items()},
            "default_setting": result.summary.default_setting,
            "actions": {name: dict(labels) for name, labels in result.summary.labels.items()},
            "mean_probability": dict(result.summary.means),
        },
        "note": RESEARCH_ONLY,
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _mapping(result: RunResult) -> dict[str, object]:
    """The mapping and what it did, in the run record; nothing without one."""
    if result.mapped is None:
        return {}
    done = asdict(result.mapped)
    if worked_out := _worked_out(result):
        done["worked_out"] = deeds_by_column(worked_out)
    return {"mapping_sha256": done.pop("sha256"), "mapping": done}


def _worked_out(result: RunResult) -> dict[str, int]:
    """What the rules of a mapping did."""
    return {text: count for text, count in result.prepared.items() if not is_blank_count(text)}


def read_lines(result: RunResult, use: str) -> Iterator[str]:
    """How many records were read, used and rejected, and why: the same for every command that reads cases.

    Parameters
    ----------
    use
        what became of the good ones: ``scored``, ``used``.
    """
    counts = result.counts
    yield f"{counts.read} records read = {counts.scored} {use} + {counts.rejected} rejected"
    yield from (f"warning: {warning}" for warning in result.warnings)
    yield from (f"note: {note}" for note in result.notes)
    if result.mapped is not None:
        cells = sum(translation.cells for translation in result.mapped.translations)
        columns = dict.fromkeys(translation.column for translation in result.mapped.translations)
        where = f" (in {', '.join(columns)})" if columns else ""
        yield f"mapping: {len(result.mapped.columns)} column names and {cells} cells translated{where}"
        yield from deed_lines(_worked_out(result))
    yield from (f"rejected: {reason}" for reason in result.reasons[:REASONS])
    further = sum(reason.count for reason in result.reasons[REASONS:]) + result.unlisted
    if further:
        yield f"  … and {further} further faults" + (f": all of them in {result.rejects}" if result.rejects else "")


def summary_lines(result: RunResult, scoring: Scoring, setting: str | None) -> Iterator[str]:
    """The summary of a run, for the terminal."""
    yield from read_lines(result, "scored")
    if few := result.summary.low.get("effective_draws"):
        yield f"warning: {few_draws(few, FEWEST_EFFECTIVE)}"
    if result.summary.default_setting and setting == "as_reported":
        serious = _any_serious(scoring, setting)
        yield (
            f"note: {result.summary.default_setting} rows name no setting and got as_reported: the base rates that the "
            f"seed documents state{serious}. That is no real clinic."
        )
    yield f"blanks: {scoring.blanks}"
    if result.counts.scored:
        yield from _assessed(result.summary)
        yield from _means(result.summary, scoring)
        yield from _actions(result.summary)
    yield RESEARCH_ONLY


def dry_run_lines(result: RunResult) -> Iterator[str]:
    """What a run without a result says: which rows could be scored, and what is wrong with the others."""
    yield from read_lines(result, "that can be scored")
    if result.counts.scored:
        yield from _assessed(result.summary)


def _any_serious(scoring: Scoring, setting: str) -> str:
    names = scoring.scorer.output_names
    if ANY_SERIOUS not in names:
        return ""
    states = scoring.variables[scoring.scorer.setting_row].states
    share = scoring.weights.baseline[states.index(setting), names.index(ANY_SERIOUS)]
    return f", where {percent(float(share))} have something serious"


def _assessed(summary: Summary) -> Iterator[str]:
    yield ""
    rows = []
    for name, count in summary.assessed.items():
        if count:
            states = ", ".join(f"{state} {n}" for state, n in summary.states.get(name, {}).items() if n)
            rows.append([name, figure(100 * count / summary.rows, ".1f"), states])
    yield from table(["assessed", "%", "cases in each state"], rows)


def _means(summary: Summary, scoring: Scoring) -> Iterator[str]:
    """Mean posterior beside the base rate of the settings the cases came from."""
    settings = summary.labels.get("setting", {})
    total = sum(settings.values())
    rows = []
    for column, mean in summary.means.items():
        name = column.removeprefix("p_")
        if name not in scoring.scorer.output_names:
            continue
        output = scoring.scorer.output_names.index(name)
        base = scoring.weights.baseline[0, output]
        if total:
            states = scoring.variables[scoring.scorer.setting_row].states
            base = sum(n * scoring.weights.baseline[states.index(s), output] for s, n in settings.items()) / total
        rows.append([name, figure(100 * mean, ".3g"), figure(100 * float(base), ".3g")])
    yield ""
    yield from table(["mean probability, %", "posterior", "base rate"], rows)


def _actions(summary: Summary) -> Iterator[str]:
    rows = [
        [column, label, figure(n, "d"), figure(100 * n / summary.rows, ".1f")]
        for column, labels in summary.labels.items()
        if column != "setting"
        for label, n in labels.items()
        if n
    ]
    yield ""
    yield from table(["action", "", "cases", "%"], rows)
    yield ""


def readable(scored: RowsInMemory, scoring: Scoring) -> Iterator[str]:
    """The first scored cases as a table for people: the serious conditions, and what the policy asks for."""
    serious = [scoring.scorer.conditions[leader] for leader in scoring.weights.leaders]
    probabilities = [f"p_{name}" for name in (*serious, ANY_SERIOUS) if name in scoring.scorer.output_names]
    texts = ["leading", "most_raised", "urgency", "imaging", "tests", "referral"]
    rows = [
        [
            row["case_id"],
            *(Numeral(percent(row[name]).removesuffix(" %")) for name in probabilities),
            *("|".join(row[name]) if isinstance(row[name], list) else row[name] for name in texts),
        ]
        for row in scored.rows
    ]
    names = [name.removeprefix("p_").replace("_", " ") for name in probabilities]
    yield "Probability of each serious condition in %, and what the policy asks for"
    yield from table(["case", *names, *texts], rows)
    if scored.count > len(rows):
        yield f"… and {scored.count - len(rows)} more"
