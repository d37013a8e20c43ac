"""The last section of a report card: the items of TRIPOD+AI, and where each is found."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from riskmodel.pages.section import Column, Section, Table

FILE = Path(__file__).with_name("tripod_ai.toml")
IN_CARD, IN_PART, AUTHOR = "in the card", "in part", "for the author"


@dataclass(frozen=True)
class Item:
    """One part of an item: ``where`` it is found, and what the ``author`` adds; at least one of them."""

    number: str
    part: str
    asks: str
    where: str = ""
    author: str = ""

    @property
    def status(self) -> str:
        if not self.where:
            return AUTHOR
        return IN_PART if self.author else IN_CARD


@cache
def items() -> tuple[Item, ...]:
    """The parts of all items, in the order of the statement."""
    return tuple(Item(**entry) for entry in tomllib.loads(FILE.read_text(encoding="utf-8"))["item"])


def checklist() -> Section:
    """The items of TRIPOD+AI, and where in the card each is answered."""
    counts = Counter(item.status for item in items())
    whole = len({item.number.rstrip("abcdefg") for item in items()})
    sentences = (
        (
            f"TRIPOD+AI (Collins and others, BMJ 2024;385:e078378) asks {whole} items in {len(items())} parts of a "
            f"report on a prediction model. Of the parts, {counts[IN_CARD]} are answered here, {counts[IN_PART]} in "
            f"part, and {counts[AUTHOR]} are for the author alone. The items are given in our own words; the "
            "published checklist is the one to submit."
        ),
    )
    frame = pd.DataFrame([
        {"item": item.number, "part": item.part, "asks": item.asks, "status": item.status, "where": item.where,
         "author": item.author} for item in items()
    ])  # fmt: skip
    columns = (
        Column("item", "Item"), Column("part", "Part"), Column("asks", "What it asks"), Column("status", "Answered"),
        Column("where", "Where it is found"), Column("author", "For the author"),
    )  # fmt: skip
    table = Table("checklist", "TRIPOD+AI, item by item", frame, columns, shown=len(frame))
    return Section("checklist", "TRIPOD+AI checklist", sentences, (table,))
