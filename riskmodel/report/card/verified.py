"""The section of a report card on who was verified: the estimates if disease itself had decided more, or less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.pages.section import Column, Section, Table
from riskmodel.text import listed, words

if TYPE_CHECKING:
    from riskmodel.calibration.verification_result import Verification


def who_was_verified(verification: Verification) -> Section:
    """What the fit says at each odds ratio of verification, and where that leaves its interval."""
    table = verification.table if verification.table is not None else pd.DataFrame()
    columns = (
        Column("statement", "Statement", "statement"), Column("odds_ratio", "Odds ratio", "number"),
        Column("posterior", "After", "number"), Column("low", "2.5 %", "number"), Column("high", "97.5 %", "number"),
    )  # fmt: skip
    illness = listed([words(name) for name in verification.disease], "or")
    sentences = [
        (
            f"An outcome is known of {verification.verified:,} of {verification.people:,} people. The table shows what "
            "would be learnt if, among people with the same recorded findings, the odds that the outcome is known were "
            f"so many times as high in those with {illness} as in the others (odds ratio of verification). The fit "
            f"took {verification.stated}; 1 says that what is recorded alone decided."
        ),
        *(f"{note[0].upper()}{note[1:]}." for note in verification.notes()[1:]),
        *_tipping(table, verification.stated.value),
    ]
    ordered = table.sort_values(["statement", "odds_ratio"], kind="stable")
    shown = Table("who_was_verified", "The fit at other odds ratios of verification", ordered, columns, shown=28)
    tables = (shown, _bounds(verification))
    return Section("who_was_verified", "If disease decided who was examined", tuple(sentences), tables)


def _bounds(verification: Verification) -> Table:
    columns = (
        Column("condition", "Condition"), Column("present", "With it", "whole"), Column("unknown", "Unknown", "whole"),
        Column("lowest", "If none of these", "percent"), Column("highest", "If all of these", "percent"),
    )  # fmt: skip
    note = (
        "The share of all people with the condition, if nobody, or everybody, whose outcome is unknown has it. Beyond "
        "these bounds no odds ratio can lead; between them everything rests on who was examined."
    )
    frame = verification.bounds.assign(condition=verification.bounds["condition"].map(words))
    return Table("verification_bounds", "What the cohort bounds without any assumption", frame, columns, note=note)


def _tipping(table: pd.DataFrame, stated: float) -> list[str]:
    """For each statement the least departure from the stated odds ratio at which it leaves its interval there."""
    leaving, staying = [], []
    for name, part in table.groupby("statement", sort=False):
        at = part[part["odds_ratio"] == stated]
        if at.empty:
            continue
        beyond = part[(part["posterior"] < at["low"].iloc[0]) | (part["posterior"] > at["high"].iloc[0])]
        ends = [beyond.loc[beyond["odds_ratio"] < stated, "odds_ratio"].max(),
                beyond.loc[beyond["odds_ratio"] > stated, "odds_ratio"].min()]  # fmt: skip
        ratios = [f"{end:g}" for end in ends if pd.notna(end)]
        if ratios:
            leaving.append(f"[[statement:{name}]] at {' and at '.join(ratios)}")
        else:
            staying.append(f"[[statement:{name}]]")
    sentences = []
    if leaving:
        sentences.append(
            f"Of the odds ratios shown, these lead out of the 95 % interval of the fit: {'; '.join(leaving)}."
        )
    if staying:
        sentences.append(f"None of them leads out of it for {listed(staying)}.")
    return sentences
