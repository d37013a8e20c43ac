"""Statements and published tables fitted together: the statements' distributions are the prior, the tables the data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.calibration.conclude import fitted_calibration, marginals_at
from riskmodel.calibration.learnable import requested_statements
from riskmodel.calibration.likelihood.laplace import covariance
from riskmodel.calibration.optimise import Fitted, LogPosterior, Progress, maximise
from riskmodel.errors import UsageError
from riskmodel.model import Model, checked_model
from riskmodel.synthesis.jointly.coordinates import TYPICAL_SPREAD, JointCoordinates
from riskmodel.synthesis.jointly.influence import influence
from riskmodel.synthesis.jointly.likelihood import TablesLikelihood
from riskmodel.synthesis.jointly.origin import TablesOrigin
from riskmodel.synthesis.jointly.questions import PublishedShares
from riskmodel.synthesis.jointly.result import JointSynthesis
from riskmodel.synthesis.jointly.splitting import JointSearch
from riskmodel.synthesis.jointly.tables import SPREADS, SortedTables, sort_tables, spread_numbers
from riskmodel.validation.load import load_published

if TYPE_CHECKING:
    from pathlib import Path


def synthesise_jointly(
    model: Model,
    tables: str | Path = "validation",
    *,
    learn: str | Sequence[str] = "all",
    hold_out: Collection[str] | float = (),
    seed: int = 0,
    typical_spread: float = TYPICAL_SPREAD,
    progress: Progress | None = None,
    command: str = "",
) -> JointSynthesis:
    """Fit a model's statements to published tables, with the statements' own distributions as the prior.

    Each published share is a binomial count (or a printed interval) around a share of its study's own, whose log-odds
    are normal around those that the network gives by exact inference, in the row's setting, or at the study's own base
    rate where that is known. How far studies differ is estimated with the rest, apart for findings and for how
    frequent conditions are.

    Parameters
    ----------
    model
        whose statements are the prior.
    tables
        ``validation``: the validation.toml beside the model's priors; or the path of such a file.
    learn
        which statements may move; as of :func:`riskmodel.calibrate`.
    hold_out, seed
        names of rows or of their sources that stay out of the fit as its test, or the share of the sources that are
        drawn for it. Which rows are fitted: :func:`~riskmodel.synthesis.jointly.tables.sort_tables`.
    typical_spread
        the median of the log-normal prior of the spreads between studies, on the logit scale; from about half to about
        twice of it are as good as certain.
    progress
        called with the number of steps taken, and None.
    command
        what the set says that it was made by; the call from Python by default.

    Raises
    ------
    PriorsError
        with every problem of the tables.
    UsageError
        where no row is left to fit, or one cannot happen under the model.
    """
    checked_model(model, "synthesise_jointly")
    rows = load_published(model.priors, model.root, tables).rows
    taken = sort_tables(model.priors, rows, hold_out, seed)
    if not taken.fitted:
        raise UsageError("no published row is left to fit")
    asked = requested_statements(model.priors, learn)
    search = search_for(model, taken, asked, typical_spread)
    fitted = fitted_from(search, progress=progress)
    joint, posterior = search.likelihood.joint, search.posterior
    spread = covariance(posterior, fitted.point)
    of_tables = influence(posterior, search.likelihood, fitted.point, spread)
    spreads = dict(zip(SPREADS, joint.spreads_at(fitted.point.x).tolist(), strict=True))
    origin = TablesOrigin(
        name="published_tables",
        people=sum({(row.source, row.given): row.n or 0 for row in taken.fitted}.values()),
        verified=0,
        shares=len(taken.fitted),
        studies=len(of_tables.sources),
        spreads=", ".join(f"{value:.2g} of {name}" for name, value in spreads.items()),
        influence=of_tables,
        cohort_hash=taken.digest(),
        command=command or f"riskmodel.synthesise_jointly({tables=!s}, {learn=}, {hold_out=}, {seed=})",
    )
    at_statements = LogPosterior(search.likelihood.of_statements(), joint.of_statements, 1.0)
    of_statements = replace(fitted, point=replace(fitted.point, x=fitted.point.x[: joint.learnt]))
    marginals = marginals_at(posterior, fitted)
    calibration = fitted_calibration(model, at_statements, of_statements, asked, origin, (), marginals)
    return JointSynthesis(calibration, taken, of_tables, spreads, search, fitted.point)


def search_for(
    model: Model, taken: SortedTables, ids: Sequence[str], typical_spread: float = TYPICAL_SPREAD
) -> JointSearch:
    """The log posterior of statements and spreads; rows that are tests are in it, but do not count."""
    rows = (*taken.fitted, *taken.tests)
    shares = PublishedShares(model.tables, model.priors.case_variables, rows)
    ways = [" or ".join(map(str, signs)) for signs in shares.selections]
    coordinates = JointCoordinates(model.priors, ids, SPREADS, ways, typical_spread)
    every = TablesLikelihood(coordinates, shares, rows, spread_numbers(model.priors, rows))
    counted = np.arange(len(rows)) < len(taken.fitted)
    return JointSearch(every.of_rows(counted))


def fitted_from(search: JointSearch, *, progress: Progress | None = None) -> Fitted:
    """The most probable point, from the stated values on."""
    start = search.likelihood.at(search.likelihood.joint.start)
    if start is None:
        impossible = search.likelihood.impossible_rows(search.likelihood.joint.start)
        raise UsageError(f"the model gives a share of 0 or 1, or none at all, to {', '.join(impossible)}")
    return maximise(search.posterior, start, progress=progress)
