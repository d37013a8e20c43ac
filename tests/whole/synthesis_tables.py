"""Tables of the document on synthesis: the next setting in published data sets, and the shipped set of that name."""

from __future__ import annotations

import numpy as np

import riskmodel as rm
from riskmodel.answers.uncertainty import shares
from riskmodel.cohort import simulate
from riskmodel.evidence.lineage import basis_shares
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.number_origin import short_label
from riskmodel.evidence.records import ANY_SERIOUS, SYNTHESIS, Statement
from riskmodel.synthesis.next_setting import drawn_effects
from riskmodel.value.study import ValueStudy
from tests.support import published_studies as published

DATA_SETS = {
    "Antibodies to citrullinated peptide, rheumatoid arthritis": published.ANTI_CCP,
    "Rheumatoid factor, rheumatoid arthritis": published.RHEUMATOID_FACTOR,
    "AUDIT-C, alcohol use disorder": published.AUDIT_C,
    "IQCODE, dementia": published.IQCODE,
    "Telomerase, bladder cancer": published.TELOMERASE,
}

MOST_SHOWN = 10
SETTINGS, PEOPLE, DRAWS = ("primary_care", "emergency"), 150, 100
VALUE_SIZE, QUESTIONS_SHOWN = 400, 6  # people of a setting and draws; rows of each setting


def next_settings() -> tuple[list[str], list[list[str]]]:
    """Headings and rows: sensitivity and false-positive rate of the mean and of the next setting, in per cent."""
    heads = ["data set", "studies", "sensitivity, mean", "next setting", "false positives, mean", "next setting"]
    return heads, [_row(name, data) for name, data in DATA_SETS.items()]


def _row(name: str, data: object) -> list[str]:
    events, totals = published.positive_results(data)
    effects = drawn_effects(np.asarray(events, float), np.asarray(totals, float))
    mean, following = effects.average(), effects.next_setting()
    cells = [_percent(interval[i]) for i in (0, 1) for interval in (mean, following)]
    return [name, str(len(events)), *cells]


def _percent(interval: np.ndarray) -> str:
    value, low, high = (round(100 * end) for end in interval)
    return f"{value} ({low} to {high})"


def informed_most() -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the statements of the shipped set that published tables made surest."""
    informed = [s for s in load_priors("synthesis").selected_statements if s.informed]
    informed.sort(key=lambda s: -s.informed[0].share)
    heads = ["number", "basis", "before", "after", "variance less by", "tables"]
    return heads, [_informed(s) for s in informed[:MOST_SHOWN]]


def _informed(statement: Statement) -> list[str]:
    fit = statement.informed[0]
    tables = ", ".join(f"`{name}` {100 * share:.0f} %" for name, share in fit.tables[:3])
    after = (statement.value, statement.low, statement.high)
    return [f"{short_label(statement)}", statement.basis, _number(fit.was), _number(after),
            f"{100 * fit.share:.0f} %", tables]  # fmt: skip


def _number(interval: tuple[float | None, ...] | None) -> str:
    value, low, high = (f"{end:.3g}" for end in interval or ())
    return f"{value} ({low} to {high})"


def informed_counts() -> str:
    """A sentence on how many statements the published tables informed."""
    chosen = load_priors("synthesis").selected_statements
    informed = [s for s in chosen if s.informed]
    surer = [s for s in informed if SYNTHESIS in basis_shares(s)]
    assumed = [s for s in surer if s.basis == "assumption"]
    assumptions = sum(s.basis == "assumption" for s in chosen)
    return (
        f"Of {len(chosen)} statements the tables moved {len(informed)}. {len(surer)} became surer by a tenth of their\n"
        f"variance or more; {len(assumed)} of these are among the {assumptions} assumptions.\n"
    )


def rests_on() -> tuple[list[str], list[list[str]]]:
    """Headings and rows: shares of the variance of P(any serious) by basis, before and after the fit."""
    kinds = ("seed", "study", "assumption", SYNTHESIS)
    rows = [_rests_on(setting, name, kinds) for setting in SETTINGS for name in ("literature", "synthesis")]
    return ["setting", "prior set", *kinds], rows


def _rests_on(setting: str, name: str, kinds: tuple[str, ...]) -> list[str]:
    model, rng = rm.load(name), np.random.default_rng(1)
    roles = ("context", "risk_factor", "finding")
    people = simulate(rm.load("literature"), PEOPLE, rng, setting=setting, missing=0.5, roles=roles)
    split = shares(model.priors, model.variables, people.masks, DRAWS, 1)["basis"]
    output = model.scoring.scorer.output_names.index(ANY_SERIOUS)
    percents = [f"{100 * float(split[kind][output]) if kind in split else 0:.0f}" for kind in kinds]
    return [setting.replace("_", " "), f"`{name}`", *percents]


def where_next() -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the questions that a further study is worth most for, under the shipped set."""
    model = rm.load("synthesis")
    study = ValueStudy.of(model, people=VALUE_SIZE, draws=VALUE_SIZE, seed=1, settings=SETTINGS)
    frame, behind = study.evppi("question"), study.columns("question")
    statements = model.priors.selected_statements
    rows = []
    for setting in SETTINGS:
        for row in frame[frame["setting"] == setting].head(QUESTIONS_SHOWN).to_dict("records"):
            bases = sorted({statements[i].basis for i in behind[row["question"]]})
            value = f"{row['value']:.3f} (± {row['se']:.3f})"
            rows.append(
                [setting.replace("_", " "), row["question"], ", ".join(bases), value, f"{100 * row['share']:.0f}"]
            )
    return ["setting", "question", "rests on", "value of knowing it", "% of knowing all"], rows
