"""A part of a cohort that answers requests: its rows stay where they are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.arrays import Masks
from riskmodel.calibration.census import census_of, is_verified
from riskmodel.calibration.cohort_checks import check_identifiers, check_possible
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.provenance import cohort_hash
from riskmodel.calibration.sums.counts import census_from_table, census_table, withhold
from riskmodel.calibration.sums.messages import Answer, Request
from riskmodel.calibration.sums.wanted import Wanted, sums_over
from riskmodel.casefiles.read.frame import as_frame, identifiers
from riskmodel.errors import CasesError, UsageError, nearest
from riskmodel.evidence.digests import digest_of_priors
from riskmodel.model import Cases, Model, checked_model

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike

LEAST_PEOPLE, LEAST_COUNT = 50, 5


class CohortPiece:
    """The rows of one site, or of one part of a table.

    Parameters
    ----------
    names
        of the rows; each must be there once.
    masks
        evidence with outcomes, (variables, rows).
    site
        the name of the site; one of those that the request lists, if it lists any.
    least_people
        below so many people in any setting nothing is answered; 0 for parts of a table that are no secret.
    least_count
        counts from 1 to below this are withheld.
    """

    def __init__(
        self,
        model: Model,
        names: Sequence[Hashable],
        masks: Masks,
        site: str = "",
        *,
        least_people: int = LEAST_PEOPLE,
        least_count: int = LEAST_COUNT,
    ) -> None:
        check_identifiers(names, masks)
        self.model, self.names, self.masks, self.site = model, names, masks, site
        self.least_people, self.least_count = least_people, least_count
        self.cohort = cohort_hash(model.variables, masks)
        self._likelihood: tuple[tuple[str, ...], str, Likelihood] | None = None

    def answer(self, request: Request) -> Answer:
        """What the rows answer.

        Raises
        ------
        UsageError
            for a request that is of another model, version, site or statement.
        CasesError
            for too few people, or rows that are impossible under the model.
        """
        check_model(request, self.model)
        self._check_site(request)
        counted = self._counted(request.fit.outcomes)
        self._check_people(request, counted)
        census, withheld, sums = None, {}, None
        if request.asked is None:
            every = census_of(self.model.priors, self.masks)
            withheld = withhold(every, self.least_count)
            census, _ = census_from_table(census_table(every, withheld))
        else:
            sums = sums_over(self._over(request, request.asked, counted), request.asked)
        fit = request.fit
        return Answer(
            fit.id, request.number, request.hash, self.site, fit.model, self.cohort, self.masks.shape[1],
            census, withheld, sums,
        )  # fmt: skip

    def _check_site(self, request: Request) -> None:
        allowed = request.fit.sites
        if allowed and self.site not in allowed:
            received = f"{self.site!r} is not one of the sites" if self.site else "no site is named"
            hint = nearest(self.site, allowed)
            raise UsageError(f"{request.label}: {received}; allowed: {', '.join(allowed)}{hint}")

    def _counted(self, outcomes: str) -> Masks:
        """The people who count."""
        return self.masks if outcomes == "ignorable" else self.masks[:, is_verified(self.model.variables, self.masks)]

    def _check_people(self, request: Request, counted: Masks) -> None:
        least = self.least_people
        if not least:
            return
        whom = "people" if request.fit.outcomes == "ignorable" else "people with a known outcome"
        name = f"site {self.site}" if self.site else "this site"
        if counted.shape[1] < least:
            raise CasesError(f"{name} has {counted.shape[1]:,} {whom}; sums are given of {least:,} or more")
        few = {s: n for s, n in census_of(self.model.priors, counted).settings.items() if 0 < n < least}
        if few:
            listed = ", ".join(f"{count:,} {setting}" for setting, count in few.items())
            raise CasesError(
                f"{name} has too few {whom} of a setting ({listed}); sums are given of {least:,} or more in each "
                f"setting, for base rates are learnt by setting: leave these rows out"
            )

    def _over(self, request: Request, asked: Wanted, counted: Masks) -> Likelihood:
        key = (request.statements, request.fit.outcomes)
        if self._likelihood is None or self._likelihood[:2] != key:
            coordinates = Coordinates(self.model.priors, request.statements)
            learnt = tuple(coordinates.statements[column].id for column in coordinates.columns)
            if sorted(learnt) != sorted(request.statements) or coordinates.size != asked.size:
                raise UsageError(
                    f"{request.label}: points of {asked.size} numbers for statements that have "
                    f"{coordinates.size}; it was not written by riskmodel, or changed afterwards"
                )
            likelihood = Likelihood(coordinates, counted)
            check_possible(self.names, likelihood.evidence(self.masks))
            self._likelihood = (*key, likelihood)
        return self._likelihood[2]


def cohort_sums(
    model: Model,
    cohort: Cases,
    request: Request,
    *,
    site: str = "",
    setting: str | None = None,
    mapping: MappingLike = None,
    least_people: int = LEAST_PEOPLE,
    least_count: int = LEAST_COUNT,
) -> Answer:
    """What one part of a cohort answers to a request of :func:`calibrate_sums`.

    Parameters
    ----------
    cohort, setting, mapping
        as of :func:`riskmodel.calibration.fit.calibrate`.
    site, least_people, least_count
        as of :class:`CohortPiece`. For parts of a table on a cluster, which keep no secret from each other: 0 and 0.
    """
    checked_model(model, "cohort_sums")
    piece = piece_of_frame(
        model, cohort, site, setting=setting, mapping=mapping, least_people=least_people, least_count=least_count
    )
    return piece.answer(request)


def piece_of_frame(
    model: Model,
    cohort: Cases,
    site: str,
    *,
    setting: str | None,
    mapping: MappingLike,
    least_people: int,
    least_count: int,
) -> CohortPiece:
    """A frame's rows, coded once for all rounds."""
    cohort = as_frame(cohort)
    masks = model.code(cohort, setting=setting, known_outcomes=True, mapping=mapping, allow_repeats=True)
    names = identifiers(cohort, model.variables, mapping)
    rows = list(cohort.index if names is None else names)
    return CohortPiece(model, rows, masks, site, least_people=least_people, least_count=least_count)


def model_hash_of(model: Model) -> str:
    """A hash of the statements and the network that a fit is over."""
    return digest_of_priors(model.priors)[:16]


def check_model(request: Request, model: Model) -> None:
    """Refuse a request of another version, or of another model."""
    if request.version != __version__:
        raise UsageError(
            f"{request.label}: is of riskmodel {request.version}, here is {__version__}; all sites need the same"
        )
    asked, here = request.fit, model.priors
    if asked.model != model_hash_of(model):
        wanted_model = f"{asked.model} (priors {asked.priors}, recording profile {asked.recording})"
        this_model = f"{model_hash_of(model)} (priors {here.prior_set.name}, recording profile {here.recording})"
        raise UsageError(
            f"{request.label}: is of the model {wanted_model}, here is {this_model}; all sites need the same prior "
            f"files, and the same --priors and --recording"
        )
