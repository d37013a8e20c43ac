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
PEOPLE_A_NUMBER = 3  # as of regressions in DataSHIELD, whose models have at most a third as many numbers as people


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
    least_cases
        nothing is answered where fewer people than this, but somebody, have a condition.
    rejected
        how many further rows could not be read, to be told with the answers.
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
        least_cases: int = 0,
        rejected: int = 0,
    ) -> None:
        check_identifiers(names, masks)
        self.model, self.names, self.masks, self.site = model, names, masks, site
        self.least_people, self.least_count, self.least_cases = least_people, least_count, least_cases
        self.cohort = cohort_hash(model.variables, masks)
        self.rejected = rejected
        self._model_hash = model_hash_of(model)
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
        counted = self.check(request)
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
            census, withheld, sums, self.rejected,
        )  # fmt: skip

    def check(self, request: Request) -> Masks:
        """Refuse a request that this piece does not answer; else the people who count."""
        check_model(request, self.model, self._model_hash)
        self._check_site(request)
        counted = self._counted(request.fit.outcomes)
        self._check_people(request, counted)
        self._check_cases()
        return counted

    def warnings(self, request: Request) -> list[str]:
        """What a site should think of before it sends an answer."""
        warnings = []
        size = 0 if request.asked is None else request.asked.size
        if size * PEOPLE_A_NUMBER > self.masks.shape[1]:
            warnings.append(
                f"{size:,} numbers are learnt from {self.masks.shape[1]:,} people here: with fewer than "
                f"{PEOPLE_A_NUMBER} people a number the sums tell much of single people"
            )
        rare = self._rare(self.least_count)
        if rare:
            warnings.append(
                f"fewer than {self.least_count} people here have {', '.join(rare)}: how many, and something of what "
                f"was recorded of them, can be worked out from the sums. If that must not be, --least-cases refuses, "
                f"and a blank column leaves the condition out"
            )
        return warnings

    def _rare(self, least: int) -> list[str]:
        """The conditions that somebody has, but fewer people than so many."""
        outcomes = census_of(self.model.priors, self.masks).outcomes
        return [name for name, (_, present) in outcomes.items() if 0 < present < least]

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

    def _check_cases(self) -> None:
        rare = self._rare(self.least_cases)
        if rare:
            raise CasesError(
                f"fewer than {self.least_cases} people have {', '.join(rare)}; nothing is answered of so few "
                f"(least_cases): leave these columns blank, or answer for fewer"
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


def check_model(request: Request, model: Model, model_hash: str) -> None:
    """Refuse a request of another version, or of another model."""
    if request.version != __version__:
        raise UsageError(
            f"{request.label}: is of riskmodel {request.version}, here is {__version__}; all sites need the same"
        )
    asked, here = request.fit, model.priors
    if asked.model != model_hash:
        wanted_model = f"{asked.model} (priors {asked.priors}, recording profile {asked.recording})"
        this_model = f"{model_hash} (priors {here.prior_set.name}, recording profile {here.recording})"
        raise UsageError(
            f"{request.label}: is of the model {wanted_model}, here is {this_model}; all sites need the same prior "
            f"files, and the same --priors and --recording"
        )
