"""What a number rests on after it was fitted: what it was before, and what each cohort told."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from riskmodel.evidence.records import COHORT, HOW_READ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors, Statement

LEAST = 0.1  # a statement of whose variance the data took away less stays what it was
IN_COHORT = "in_cohort"  # in place of how it was read


def cohort_shares(statement: Statement) -> dict[str, float]:
    """What share of what is known of a statement (its precision) each cohort brought.

    Each fit multiplies the variance by 1 − share, so that what came before it keeps 1 − share of the precision.

    >>> from riskmodel.evidence.origin import Informed
    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> fits = (Informed("first", 40, 0.5), Informed("second", 30, 0.2))
    >>> fever = Statement("fever", "probability", Event("fever", ("present",)), Given(), "", 0.5, "seed", "x",
    ...                   "full_text", informed=fits)
    >>> {name: round(share, 3) for name, share in cohort_shares(fever).items()}
    {'first': 0.4, 'second': 0.2}
    """
    shares: dict[str, float] = {}
    for i, fit in enumerate(statement.informed):
        kept = prod(1 - later.share for later in statement.informed[i + 1 :])
        shares[fit.cohort] = shares.get(fit.cohort, 0.0) + fit.share * kept
    return shares


def basis_shares(statement: Statement) -> dict[str, float]:
    """What a statement rests on, in shares that sum to 1: its own basis, and ``cohort`` from a tenth on."""
    share = sum(cohort_shares(statement).values())
    return {statement.basis: 1 - share, COHORT: share} if share >= LEAST else {statement.basis: 1.0}


def read_shares(statement: Statement) -> dict[str, float]:
    """As :func:`basis_shares`, by how the figure was read; what a cohort told was not read anywhere."""
    share = basis_shares(statement).get(COHORT, 0.0)
    return {statement.read: 1 - share, IN_COHORT: share} if share else {statement.read: 1.0}


def largest_share(shares: dict[str, float]) -> str:
    """The kind with the largest share, of shares as of :func:`basis_shares` or :func:`read_shares`."""
    return max(shares, key=lambda kind: shares[kind])


def reading_words(kind: str) -> str:
    """How a figure was read, in words; other kinds by their name."""
    return "counted in a cohort" if kind == IN_COHORT else HOW_READ.get(kind, kind)


def lineage(statement: Statement) -> str:
    """The cohorts that informed a statement, in words; empty without any."""
    shares = cohort_shares(statement)
    people = {name: sum(fit.people for fit in statement.informed if fit.cohort == name) for name in shares}
    parts = [f"{100 * share:.0f} % from cohort {name} ({people[name]:,.0f} people)" for name, share in shares.items()]
    return ", ".join(parts)


def fit_sentences(priors: Priors) -> Iterator[str]:
    """Sentences on the cohorts that the selected statements were fitted to, one each."""
    chosen = priors.selected_statements
    for key, source in priors.sources.items():
        of = [cohort_shares(statement)[key] for statement in chosen if key in cohort_shares(statement)]
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
