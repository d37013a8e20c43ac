"""Cases with what a careful clinician accepts: read, scored, and compared field by field.

The file ``tests/clinical_cases/accepted.csv`` holds one person a row. Up to ``rest`` the columns are those of a
case file; ``rest`` says what every red flag without a value is: ``absent`` (looked for and not there) or ``blank``
(not assessed). Then follows what is accepted, each field blank where nothing is asked:

- ``most_probable``: the serious condition with the highest posterior;
- ``p_X``: lowest and highest posterior of X, in per cent (``0.1-8``);
- ``urgency_at_least``: the latest urgency that is accepted, ``urgency_at_most``: the earliest (anything more urgent
  than it is overdone);
- ``imaging_any_of``, ``referral_any_of``: at least one of these tokens is asked for, by its name; ``ct_or_mri``
  is a token of its own and neither ``ct`` nor ``mri``;
- ``imaging_none``: ``yes`` where no scan may be asked for;
- ``referral_never``: none of these tokens may be asked for;
- ``why``: the reason for a reader.

Run as a program, ``python -m tests.support.accepted [PRIORS …]`` lists every miss with its figure.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

import riskmodel as rm
from tests.support.paths import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from riskmodel.model import Model

ACCEPTED_FILE = TESTS / "clinical_cases" / "accepted.csv"
EXPECTED_FIELDS = (
    *("most_probable", "p_infection", "p_malignancy", "p_fracture", "p_cauda_equina"),
    *("urgency_at_least", "urgency_at_most", "imaging_any_of", "imaging_none", "referral_any_of", "referral_never"),
)


@dataclass(frozen=True)
class AcceptedCase:
    """One person: cells of a case file, what the other flags are, and what is accepted."""

    cells: Mapping[str, str]
    rest: str
    expected: Mapping[str, str]
    why: str

    @property
    def case_id(self) -> str:
        return self.cells["case_id"]


def read_accepted() -> list[AcceptedCase]:
    with ACCEPTED_FILE.open(encoding="utf-8", newline="") as file:
        return [_case(row) for row in csv.DictReader(file)]


def _case(row: Mapping[str, str]) -> AcceptedCase:
    other = {"rest", "why", *EXPECTED_FIELDS}
    cells = {column: value for column, value in row.items() if value and column not in other}
    expected = {field: row[field] for field in EXPECTED_FIELDS if row[field]}
    if row["rest"] not in {"absent", "blank"}:
        raise ValueError(f"{ACCEPTED_FILE.name}, {row['case_id']}: rest is {row['rest']!r}, not absent or blank")
    return AcceptedCase(cells, row["rest"], expected, row["why"])


def accepted_frame(model: Model, cases: Sequence[AcceptedCase]) -> pd.DataFrame:
    """The cases as a case file, with the flags that ``rest`` declares absent."""
    flags = {variable.column: variable.states[0] for variable in model.variables if variable.is_flag}
    rows = [(flags if case.rest == "absent" else {}) | dict(case.cells) for case in cases]
    return pd.DataFrame(rows).fillna("")


def accepted_answers(model: Model, cases: Sequence[AcceptedCase]) -> dict[str, pd.Series]:
    """The program's answer to each case, by its id."""
    scored = model.score(accepted_frame(model, cases)).set_index("case_id")
    return {case.case_id: scored.loc[case.case_id] for case in cases if case.case_id in scored.index}


def accepted_misses(model: Model, case: AcceptedCase, answer: pd.Series) -> Iterator[str]:
    """One line for each field that is not met."""
    for field, wanted in case.expected.items():
        if field == "most_probable":
            yield from _most_probable(model, wanted, answer)
        elif field.startswith("p_"):
            yield from _posterior(field, wanted, answer)
        elif field.startswith("urgency"):
            yield from _urgency(model, field, wanted, answer)
        else:
            yield from _tokens(field, wanted, answer)


def _most_probable(model: Model, wanted: str, answer: pd.Series) -> Iterator[str]:
    serious = {variable.name: float(answer[f"p_{variable.name}"]) for variable in model.variables if variable.serious}
    highest = max(serious, key=lambda name: serious[name])
    if highest != wanted:
        yield f"most probable is {highest} ({serious[highest]:.2%}), not {wanted} ({serious[wanted]:.2%})"


def _posterior(field: str, wanted: str, answer: pd.Series) -> Iterator[str]:
    low, high = (float(end) for end in wanted.split("-"))
    percent = 100 * float(answer[field])
    if not low <= percent <= high:
        yield f"{field} {percent:.3g} %, accepted {low:g} to {high:g} %"


def _urgency(model: Model, field: str, wanted: str, answer: pd.Series) -> Iterator[str]:
    urgencies = model.policy.urgencies
    given, bound = urgencies.index(answer["urgency"]), urgencies.index(wanted)
    if field == "urgency_at_least" and given > bound:
        yield f"urgency {answer['urgency']}, accepted {wanted} at the latest"
    if field == "urgency_at_most" and given < bound:
        yield f"urgency {answer['urgency']}, accepted {wanted} at the earliest"


def _tokens(field: str, wanted: str, answer: pd.Series) -> Iterator[str]:
    kind, _, how = field.partition("_")
    asked = set(filter(None, answer[kind].split("|")))
    shown = "|".join(sorted(asked)) or "nothing"
    listed = set(wanted.split("|"))
    if how == "any_of" and not asked & listed:
        yield f"{kind} {shown}, accepted any of {wanted}"
    if how == "none" and asked:
        yield f"{kind} {shown}, accepted none"
    if how == "never" and asked & listed:
        yield f"{kind} {shown}, never {wanted}"


def _print_misses(priors: str) -> None:
    model, cases = rm.load(priors), read_accepted()
    answers = accepted_answers(model, cases)
    missed = 0
    for case in cases:
        answer = answers.get(case.case_id)
        misses = ["the row was rejected"] if answer is None else list(accepted_misses(model, case, answer))
        if misses:
            missed += 1
            rules = "" if answer is None else f"  [{answer['rules']}]"
            sys.stdout.write(f"{case.case_id}: {'; '.join(misses)}{rules}\n")
    sys.stdout.write(f"{priors}: {len(cases) - missed} of {len(cases)} cases pass\n")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ["seeds"]:
        _print_misses(chosen)
