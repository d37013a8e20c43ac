"""What a number rests on after it was fitted: what it was before, and what each cohort or synthesis told."""

from __future__ import annotations

from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from riskmodel.evidence.records import COHORT, HOW_READ, SYNTHESIS
from riskmodel.text import plain_figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskmodel.arrays import Array
    from riskmodel.evidence.origin import Informed
    from riskmodel.evidence.records import Priors, Statement

LEAST = 0.1  # a statement of whose variance the data took away less stays what it was
IN_COHORT, IN_SYNTHESIS = "in_cohort", "in_synthesis"  # in place of how it was read
HOW_FITTED = MappingProxyType({IN_COHORT: "counted in a cohort", IN_SYNTHESIS: "fitted to published tables"})
READ_OF = MappingProxyType({COHORT: IN_COHORT, SYNTHESIS: IN_SYNTHESIS})


def informed_shares(statement: Statement) -> dict[str, float]:
    """What share of what is known of a statement (its precision) each fit brought, by its source.

    Each fit multiplies the variance by 1 − share, so that what came before it keeps 1 − share of the precision.

    >>> from riskmodel.evidence.origin import Informed
    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> fits = (Informed("first", 40, 0.5), Informed("tables", 30, 0.2, "synthesis"))
    >>> fever = Statement("fever", "probability", Event("fever", ("present",)), Given(), "", 0.5, "seed", "x",
    ...                   "full_text", informed=fits)
    >>> {name: round(share, 3) for name, share in informed_shares(fever).items()}
    {'first': 0.4, 'tables': 0.2}
    >>> {kind: round(share, 3) for kind, share in basis_shares(fever).items()}
    {'seed': 0.4, 'cohort': 0.4, 'synthesis': 0.2}
    """
    shares: dict[str, float] = {}
    for fit, share in zip(statement.informed, _kept_shares(statement.informed), strict=True):
        shares[fit.source] = shares.get(fit.source, 0.0) + share
    return shares


def _kept_shares(fits: Sequence[Informed]) -> list[float]:
    """The share of the precision that each fit brought, of what there is after all of them."""
    return [fit.share * prod(1 - later.share for later in fits[i + 1 :]) for i, fit in enumerate(fits)]


def basis_shares(statement: Statement) -> dict[str, float]:
    """What a statement rests on, in shares that sum to 1: its own basis, and a kind of fit from a tenth on."""
    kinds: dict[str, float] = {}
    for fit, share in zip(statement.informed, _kept_shares(statement.informed), strict=True):
        kinds[fit.kind] = kinds.get(fit.kind, 0.0) + share
    brought = {kind: share for kind, share in kinds.items() if share >= LEAST}
    return {statement.basis: 1 - sum(brought.values()), **brought}


def read_shares(statement: Statement) -> dict[str, float]:
    """As :func:`basis_shares`, by how the figure was read; what a fit told was not read anywhere."""
    brought = {READ_OF[kind]: share for kind, share in basis_shares(statement).items() if kind in READ_OF}
    return {statement.read: 1 - sum(brought.values()), **brought}


def largest_share(shares: dict[str, float]) -> str:
    """The kind with the largest share, of shares as of :func:`basis_shares` or :func:`read_shares`."""
    return max(shares, key=lambda kind: shares[kind])


def reading_words(kind: str) -> str:
    """How a figure was read, in words; other kinds by their name."""
    return {**HOW_READ, **HOW_FITTED}.get(kind, kind)


def lineage(statement: Statement) -> str:
    """The fits that informed a statement, in words; empty without any.

    >>> from riskmodel.evidence.origin import Informed
    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> fit = Informed("tables", 30, 0.2, "synthesis", (0.4, 0.2, 0.7), (("henschke_2009", 0.75), ("deyo_1988", 0.25)))
    >>> lineage(Statement("fever", "probability", Event("fever", ("present",)), Given(), "", 0.5, "seed", "x",
    ...                   "full_text", informed=(fit,)))
    '20 % from synthesis tables (30 people; henschke_2009 75 %, deyo_1988 25 %)'
    """
    parts = []
    for name, share in informed_shares(statement).items():
        fits = [fit for fit in statement.informed if fit.source == name]
        tables = ", ".join(f"{table} {100 * part:.0f} %" for fit in fits for table, part in fit.tables)
        people = f"{sum(fit.people for fit in fits):,.0f} people{f'; {tables}' if tables else ''}"
        parts.append(f"{100 * share:.0f} % from {fits[0].kind} {name} ({people})")
    return ", ".join(parts)


def informed_words(statement: Statement) -> str:
    """What a fitted number was, and what informed it, in one line; empty for a number that was not fitted.

    >>> from riskmodel.evidence.origin import Informed
    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> fit = Informed("tables", 30, 0.2, "synthesis", (0.4, 0.2, 0.7))
    >>> informed_words(Statement("fever", "probability", Event("fever", ("present",)), Given(), "", 0.5, "assumption",
    ...                          "assumption", "no", informed=(fit,)))
    'was 0.4 (0.2 to 0.7, assumption), informed by: 20 % from synthesis tables (30 people)'
    """
    if not statement.informed:
        return ""
    first = statement.informed[0].was
    before = f"{plain_figure(first[0])} ({plain_figure(first[1])} to {plain_figure(first[2])}, " if first else "("
    return f"was {before}{statement.basis}), informed by: {lineage(statement)}"


def fit_sentences(priors: Priors) -> Iterator[str]:
    """Sentences on the cohorts and the published tables that the selected statements were fitted to, one each."""
    informed = [informed_shares(statement) for statement in priors.selected_statements if statement.informed]
    for key, source in priors.sources.items():
        of = [shares[key] for shares in informed if key in shares]
        if of:
            much = sum(share >= LEAST for share in of)
            how = f"; {source.fit}" if source.fit else ""
            yield (
                f"{len(of)} statements were fitted to {source.title} ({source.where}), {much} of them resting on it by "
                f"a tenth or more{how}."
            )


def narrowed_draws(statements: Sequence[Statement], values: Array, weights: Sequence[float]) -> Array:
    """Draws with only a share of each statement's variance, around the first row, on the statement's scale.

    Parameters
    ----------
    values
        (draws, statements); the first row holds the stated values.
    weights
        the share of each, 0 to 1.
    """
    import numpy as np

    from riskmodel.evidence.scale import scale_of

    weight = np.asarray(weights, dtype=float)
    result: Array = np.where(weight > 0, values, values[:1])
    for i in np.nonzero((weight > 0) & (weight < 1))[0].tolist():
        scale = scale_of(statements[i])
        points = scale.to(values[:, i])
        result[1:, i] = scale.back(points[0] + np.sqrt(weight[i]) * (points - points[0]))[1:]
    return result
