"""What the sources are, and how the numbers were read in them, in sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from riskmodel.evidence.records import HOW_READ
from riskmodel.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskmodel.evidence.records import Priors, Statement


def how_read(statements: Iterable[Statement]) -> str:
    """How many statements were read in which way; assumptions have no source to be read in."""
    counts = Counter("assumption" if s.basis == "assumption" else s.read for s in statements)
    parts = [f"{counts[way]} {words}" for way, words in HOW_READ.items() if way != "no" and counts[way]]
    parts += [f"{counts['no']} recalled and not read"] if counts["no"] else []
    parts += [f"{counts['assumption']} assumptions without a source"] if counts["assumption"] else []
    return listed(parts)


def seed_documents(priors: Priors) -> str:
    """What the seed documents are, and how many of the selected statements each states."""
    chosen = Counter(statement.source for statement in priors.selected_statements)
    seeds = [source for source in priors.sources.values() if source.kind == "seed"]
    if not seeds:
        return "No seed document is among the sources."
    seeds.sort(key=lambda source: -chosen[source.key])
    forms = [f"{s.form or s.title}{f' ({chosen[s.key]} statements)' if chosen[s.key] else ''}" for s in seeds]
    return (
        f"The seed documents are not studies but {listed(forms)}. That their figures were read in full text says that "
        "they are quoted rightly, not that they are true."
    )
