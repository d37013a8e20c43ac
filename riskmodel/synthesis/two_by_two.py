"""The statements that a two-by-two table of one study supports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

import numpy as np

from riskmodel.errors import Problems, StudiesError, nearest
from riskmodel.evidence.reading.bibliography import KEY
from riskmodel.evidence.records import AUDIT, HOW_READ
from riskmodel.outputs.toml_text import toml_text
from riskmodel.synthesis.groups import groups_of
from riskmodel.text import Sheet, Shown

CELLS = ("tp", "fp", "fn", "tn")
DESIGNS = ("cohort", "two_gate", "case_control")
OTHERS = ("unknown", "excluded")
DIGITS = 4

Design = Literal["", "cohort", "two_gate", "case_control"]
Others = Literal["unknown", "excluded"]


@dataclass(frozen=True, slots=True, repr=False)
class StudyStatements(Shown):
    """What the counts of studies state.

    ``statements`` have the keys of a ``[[statement]]``; ``sources`` is the study, under its key; ``refused`` says what
    the counts do not support, and why; ``drawn_together`` the pairs that vary together, where several studies were
    taken together. All but the third are ready for :meth:`riskmodel.Model.with_statements`.
    """

    statements: tuple[Mapping[str, Any], ...]
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    drawn_together: tuple[Mapping[str, Any], ...] = ()

    def sheet(self) -> Sheet:
        facts = {
            str(s["id"]): f"P({s['of']} | {s['given']}) = {s['value']:.3g} ({_behind(s)})"
            + (", compared only" if "drives" in s else "")
            for s in self.statements
        }
        return Sheet(
            "Statements of studies", {**facts, "not supported": "; ".join(self.refused) or "nothing is refused"}
        )

    def toml(self) -> str:
        """As text for a set file: its statements, their source, and the pins with which the set takes them."""
        driving = [str(statement["id"]) for statement in self.statements if "drives" not in statement]
        values: dict[str, Any] = {"pin": driving} if driving else {}
        if self.sources:
            values["sources"] = {key: dict(source) for key, source in self.sources.items()}
        pairs = {"drawn_together": self.drawn_together} if self.drawn_together else {}
        return toml_text(values, {"statement": self.statements, **pairs})


def from_2x2(  # noqa: PLR0913
    tp: int,
    fp: int,
    fn: int,
    tn: int,
    *,
    of: str,
    given: str,
    source: str,
    locator: str,
    title: str = "",
    year: int | None = None,
    read: str = "full_text",
    setting: str = "",
    design: Design = "",
    others: Others = "unknown",
) -> StudyStatements:
    """The statements that a two-by-two table of a finding and a condition supports, with their counts.

    Parameters
    ----------
    tp, fp, fn, tn
        people with the condition and the finding, without the condition but with the finding, with the condition but
        without the finding, and with neither.
    of, given
        the finding and the condition, such as ``fever=present`` and ``infection=present``.
    source, locator, title, year, read
        the key of the source, where in it the table stands, what it is called, and how it was read. With ``title`` the
        source is a new one.
    setting
        where the people of the study presented: what else they have, with its frequencies there, is part of the
        shares. Without it, the reference setting of the prior set.
    design
        ``cohort`` where people with and without the condition came as they come: only then is its share a base rate.
        With ``two_gate`` or ``case_control`` the share of people without the condition is compared only: they were
        chosen apart.
    others
        ``excluded`` where nobody in the study had another condition of the model: the two shares are those of the
        finding "given the condition alone" and "given none". Otherwise they are of people who may have other
        conditions too, and the network is solved so that it gives these shares in the setting.

    Raises
    ------
    StudiesError
        with every problem of the table.

    Examples
    --------
    >>> study = from_2x2(20, 30, 20, 330, of="fever=present", given="infection=present", source="smith_2024",
    ...                  locator="table 2", setting="emergency")
    >>> [(statement["given"], statement["events"], statement["n"]) for statement in study.statements]
    [('infection=present; setting=emergency', 20, 40), ('infection=absent; setting=emergency', 30, 360)]
    """
    problems = Problems(file="from_2x2")
    _check({"tp": tp, "fp": fp, "fn": fn, "tn": tn}, of, given, design, others, problems)
    _check_source(source, read, year, problems)
    if problems.listed:
        raise StudiesError(problems.listed)
    tp, fp, fn, tn = map(int, (tp, fp, fn, tn))
    finding, condition = (text.split("=")[0].strip() for text in (of, given))
    claim = {"basis": "study", "source": source, "locator": locator, "read": read}
    name = f"{source}.{finding}.{condition}"
    alone = " alone" if others == "excluded" else ""
    groups = groups_of(of, given.strip() + alone, setting, design=design)
    refused = [f"{of} given {group.given}: {group.compared}; compared only" for group in groups if group.compared]
    statements: list[dict[str, Any]] = [
        {
            "id": f"{name}.{group.key}",
            "quantity": "probability",
            "of": of,
            "given": group.given,
            **_share(events, n),
            **claim,
            **({"drives": AUDIT} if group.compared else {}),
        }
        for group, (events, n) in zip(groups, ((tp, tp + fn), (fp, fp + tn)), strict=True)
    ]
    if design == "cohort" and setting:
        rate = _share(tp + fn, tp + fp + fn + tn)
        statements.append(
            {"id": f"{source}.{condition}.{setting}", "quantity": "probability", "of": given.strip(),
             "given": f"setting={setting}", **rate, **claim}
        )  # fmt: skip
    else:
        why = "no setting is named" if design == "cohort" else f"the design is {design or 'not stated'}, not a cohort"
        refused.append(f"how frequent {condition} is: {why}")
    sources = {source: {"title": title, "kind": "study", **({"year": int(year)} if year else {})}} if title else {}
    return StudyStatements(tuple(statements), sources, tuple(refused))


def _behind(statement: Mapping[str, Any]) -> str:
    if "events" in statement:
        return f"{statement['events']} of {statement['n']}"
    return f"{statement['low']:.3g} to {statement['high']:.3g}"


def _check(counts: Mapping[str, object], of: str, given: str, design: str, others: str, problems: Problems) -> None:
    for cell, count in counts.items():
        if not _is_whole(count) or count < 0:
            problems.note(cell, f"received {count!r}", "allowed: a whole number, 0 or more")
    if not problems.listed:
        for first, second, who in (("tp", "fn", "with"), ("fp", "tn", "without")):
            if counts[first] == counts[second] == 0:
                problems.note(f"{first}, {second}", f"nobody {who} the condition", "at least one person")
    for key, text in (("of", of), ("given", given)):
        if text.count("=") != 1:
            problems.note(key, f"received {text!r}", "allowed: variable=state, such as fever=present")
    if of.partition("=")[0].strip() == given.partition("=")[0].strip():
        problems.note("given", f"received {given!r} for {of!r}", "a condition, and in 'of' a finding of it")
    for key, word, allowed in (("design", design, ("", *DESIGNS)), ("others", others, OTHERS)):
        if word not in allowed:
            problems.note(key, f"received {word!r}", f"allowed: {', '.join(filter(None, allowed))}")


def _is_whole(number: object) -> TypeGuard[int]:
    """Whether it is a whole number, of Python or of numpy."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _check_source(source: str, read: str, year: object, problems: Problems) -> None:
    """What a statement would refuse later, where the call is far away."""
    if not KEY.fullmatch(source):
        problems.note("source", f"received {source!r}", "allowed: a key of lower case, digits, underscores: smith_2024")
    if read not in HOW_READ:
        problems.note("read", f"received {read!r}", f"allowed: {', '.join(HOW_READ)}{nearest(read, HOW_READ)}")
    if year is not None and not _is_whole(year):
        problems.note("year", f"received {year!r}", "allowed: a number, such as 2024")


def _share(events: int, n: int) -> dict[str, Any]:
    """The value with the digits that it deserves, and its counts; a share that is only nearly 0 or 1 is not rounded."""
    rounded = float(f"{events / n:.{DIGITS}g}")
    value = rounded if rounded not in (0, 1) or events in (0, n) else events / n
    return {"value": value, "events": events, "n": n}
