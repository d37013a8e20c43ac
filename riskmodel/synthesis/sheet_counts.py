"""The counts of a row of an extraction sheet: checked against its totals and shares, or worked back from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

from riskmodel.synthesis.sheet_words import share_as_printed, whole_number
from riskmodel.synthesis.two_by_two import CELLS

Fault = Callable[[str, str, str], None]  # column, received, allowed
SIDES = (("n_disease", "sens", "tp", "fn"), ("n_no_disease", "spec", "tn", "fp"))  # people, share, its count, the rest
A_SHARE = "allowed: a share from 0 to 1, or from 0 to 100 %"
TOTALS = frozenset({
    "total", "totals", "grand total", "sum", "overall", "pooled", "summary", "all", "all studies", "combined",
    "subtotal", "total (95% ci)", "mean", "summary estimate", "pooled estimate",
})  # fmt: skip


def is_total(study: str) -> bool:
    """Whether a row is called what a row of totals is called."""
    return study.strip(" :.").lower() in TOTALS


def worked_back(cells: Mapping[str, str], percent: Mapping[str, bool], fault: Fault) -> dict[str, str]:
    """The cells tp, fp, fn and tn of a row that has people beside counts or shares, where one table alone fits."""
    counts: dict[str, str] = {}
    for people, share, count, rest in SIDES:
        n = cells.get(people, "")
        total = whole_number(n)
        if isinstance(total, str):
            fault(people, f"received {n!r}", total)
            continue
        stated = {column: whole_number(cells[column]) for column in (count, rest) if cells.get(column)}
        given = next(((column, number) for column, number in stated.items() if isinstance(number, int)), None)
        if given is not None:
            column, number = given
            if number > total:
                fault(column, f"received {number} of {people} {total}", f"at most {total}")
            counts |= {column: str(number), (rest if column == count else count): str(max(total - number, 0))}
        else:
            printed = cells.get(share, "")
            value = share_as_printed(printed, percent=percent.get(share, False))
            fitting = range(0) if value is None else _counts_with(*value, total)
            if value is None:
                fault(share, f"received {printed!r}", A_SHARE)
            elif len(fitting) != 1:
                what = f"{fitting[0]} to {fitting[-1]}" if fitting else "no whole number of people"
                fault(share, f"{printed} of {total} is {what}", f"columns {', '.join(CELLS)}: nothing is guessed")
            else:
                counts |= {count: str(fitting[0]), rest: str(total - fitting[0])}
    return counts


def _counts_with(share: Fraction, half: Fraction, n: int) -> range:
    """The whole numbers that are this share of n as it is printed."""
    return range(max(0, ceil((share - half) * n)), min(n, floor((share + half) * n)) + 1)


def check_against(
    counts: Mapping[str, int], cells: Mapping[str, str], percent: Mapping[str, bool], fault: Fault
) -> None:
    """Compare a two-by-two table with the totals and shares that stand beside it."""
    sums = {"n": sum(counts.values()), "n_disease": counts["tp"] + counts["fn"],
            "n_no_disease": counts["fp"] + counts["tn"]}  # fmt: skip
    for column, total in sums.items():
        text = cells.get(column, "")
        if text and whole_number(text) != total:
            fault(column, f"received {text}, but the counts add up to {total}", "the same number, or a blank")
    for people, share, count, _ in SIDES:
        text = cells.get(share, "")
        value = share_as_printed(text, percent=percent.get(share, False)) if text else None
        if text and value is None:
            fault(share, f"received {text!r}", A_SHARE)
        if value is not None and sums[people]:
            off = abs(Fraction(counts[count], sums[people]) - value[0])
            if off > 2 * value[1]:  # a unit of the last digit: not everybody rounds, some cut
                received = f"received {text}, but the counts give {counts[count]} of {sums[people]}"
                fault(share, received, f"{counts[count] / sums[people]:.3f}, or a blank")


def adds_up(counts: Mapping[str, int], above: Sequence[Mapping[str, int]]) -> bool:
    """Whether the counts of a row are the sums of those above it."""
    return bool(above) and all(count == sum(row.get(column, 0) for row in above) for column, count in counts.items())
