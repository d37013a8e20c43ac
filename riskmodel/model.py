"""The model: statements, network, inference and policy tied together; what notebooks use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np

from riskmodel.answers import cache
from riskmodel.answers.scoring import Scoring
from riskmodel.answers.settings import checked_setting, named_setting, settings_of, shares_listed
from riskmodel.decision.reading.load import load_policy
from riskmodel.errors import InferenceError, UsageError, as_list, nearest
from riskmodel.evidence.load import (
    load_priors,
    pathways_digest,
    priors_digest,
    priors_root,
    recording_digest,
    with_overrides,
    with_recording,
    with_replaced,
    with_statements,
)
from riskmodel.evidence.records import IGNORABLE
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    import pandas as pd
    from pgmpy.models import DiscreteBayesianNetwork

    from riskmodel.answers.explain import Explanation
    from riskmodel.answers.posterior_draws import PosteriorDraws
    from riskmodel.answers.uncertainty import Uncertain
    from riskmodel.arrays import Masks
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.decision.policy import Policy
    from riskmodel.evidence.records import Priors, Statement, Variable
    from riskmodel.network.network import Network

Cases: TypeAlias = "pd.DataFrame | pd.Series | Mapping[str, Any] | list[dict[str, Any]]"

DEFAULT_PRIORS = "seeds"
DEFAULT_POLICY = "consensus"
RESTATING = frozenset({"source", "basis", "events", "locator", "read", "counts", "level"})  # keys of another source


@dataclass(frozen=True, repr=False)
class Model(Shown):
    """Priors and a policy, and everything worked out from them; an immutable value.

    Examples
    --------
    >>> import pandas as pd
    >>> model = load()
    >>> cases = pd.DataFrame({"fever": ["yes", None], "esr_mm_h": [85, None]})
    >>> model.score(cases, setting="primary_care")[["urgency", "tests"]].values.tolist()
    [['immediate', 'crp'], ['routine', '']]
    """

    priors: Priors
    policy: Policy
    root: Path = field(default_factory=priors_root)
    profile_named: bool = field(default=False, compare=False)  # ends the warning on files that seem to need a profile

    def sheet(self) -> Sheet:
        from riskmodel.answers.overview import overview

        return overview(self.priors, self.tables, self.scoring)

    def __repr__(self) -> str:
        recording = "" if self.priors.recording == IGNORABLE else f"recording {self.priors.recording}, "
        return (
            f"Model(priors {self.priors.prior_set.name}, policy {self.policy.name}, {recording}"
            f"{len(self.priors.selected)} statements, {len(self.settings)} settings)"
        )

    def summary(self) -> Sheet:
        """What the model is made of, and the base rates that it starts from."""
        return self.sheet()

    @cached_property
    def tables(self) -> Network:
        """The network as tables with a draw axis; one draw, the stated values."""
        from riskmodel.network.build import build_network

        return build_network(self.priors)

    @cached_property
    def network(self) -> DiscreteBayesianNetwork:
        """The network as a pgmpy model."""
        from riskmodel.network.pgmpy_network import to_pgmpy

        return to_pgmpy(self.tables)

    @cached_property
    def scoring(self) -> Scoring:
        return Scoring.of(self.tables, self.priors, self.policy, pathways_digest(self.root))

    @property
    def variables(self) -> tuple[Variable, ...]:
        return self.priors.case_variables

    @property
    def settings(self) -> tuple[str, ...]:
        """The states of the setting, none in a network without one."""
        return settings_of(self.variables)

    def default_setting(self, setting: str | None) -> str | None:
        """The setting asked for, for rows that name none; checked, and None where none is asked for."""
        return checked_setting(self.variables, setting)

    def named_setting(self, setting: str | None) -> str | None:
        """The setting of people who are to be simulated: an error where none is named."""
        return named_setting(self.scoring, setting)

    def code(
        self,
        cases: Cases,
        *,
        setting: str | None = None,
        known_outcomes: bool = False,
        mapping: MappingLike = None,
        allow_repeats: bool = False,
    ) -> Masks:
        """A frame of cases as coded evidence, shape (variables, cases); see :class:`Scorer` and :meth:`score`."""
        from riskmodel.casefiles.read.frame import as_frame, code_frame

        with shares_listed(self.scoring):
            return code_frame(
                as_frame(cases), self.variables, self.default_setting(setting),
                known_outcomes=known_outcomes, mapping=mapping, allow_repeats=allow_repeats,
            )  # fmt: skip

    def score(
        self,
        cases: Cases,
        *,
        setting: str | None = None,
        known_outcomes: bool = False,
        mapping: MappingLike = None,
        allow_repeats: bool = False,
        draws: int = 0,
        seed: int = 0,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Posteriors, action and reason of each case.

        Parameters
        ----------
        cases
            one row a case; columns as in a case file, any of them missing. One case may be a Series or a dict.
        setting
            of the rows that name none; needed where there is no column ``setting``.
        known_outcomes
            take condition columns as evidence instead of ignoring them.
        mapping
            a mapping file, or the same content as a dict: other names of columns and values, missing codes, units.
        allow_repeats
            take a ``case_id`` that stands in several rows.
        draws, seed, level
            with draws, credible intervals of every probability (95 % by default), the share of draws that
            give the same urgency, and the effective number of draws for each case.

        Returns
        -------
        frame with the index of ``cases`` and the columns of the output contract (probabilities in [0, 1]).

        Raises
        ------
        CasesError
            naming every cell that is not understood, or a row without a setting.
        InferenceError
            naming the first case whose evidence is impossible.
        """
        from riskmodel.answers.output_columns import compiled_score, small_score, uncertain_score, warn_of_few_draws
        from riskmodel.casefiles.options import SMALL_RECORDS
        from riskmodel.casefiles.read.frame import as_frame, identifiers
        from riskmodel.casefiles.write.frame import to_frame

        cases = as_frame(cases)
        asked: dict[str, Any] = {"known_outcomes": known_outcomes, "mapping": mapping, "allow_repeats": allow_repeats}
        masks = self.code(cases, setting=setting, **asked)
        if draws:
            score = uncertain_score(self.uncertain(draws, seed, level))
        else:  # as for a file: the same to the last bit, and for few cases quicker than loading a compiler
            score = (compiled_score if len(cases) > SMALL_RECORDS else small_score)(self.scoring)
        block = score(masks)
        if draws:
            warn_of_few_draws(block)
        if block.impossible:
            first = block.impossible[0]
            raise InferenceError(f"row {cases.index[first.row]}: {first.problem}")
        self.warn_of_blanks(cases, masks, setting, **asked)
        return to_frame(block.columns, cases.index, identifiers(cases, self.variables, mapping))

    def posterior(
        self,
        cases: Cases,
        *,
        setting: str | None = None,
        known_outcomes: bool = False,
        mapping: MappingLike = None,
        allow_repeats: bool = False,
        likelihoods: Mapping[str, np.ndarray] | None = None,
    ) -> pd.DataFrame:
        """P(condition present | evidence) of each case, one column a condition and composite.

        Parameters
        ----------
        mapping, allow_repeats
            as of :meth:`score`.
        likelihoods
            soft evidence: variable → array (cases, states) of P(observation | state), up to a factor,
            beside what the frame says of that variable.
        """
        import pandas as pd

        from riskmodel.casefiles.read.frame import as_frame

        cases = as_frame(cases)
        asked: dict[str, Any] = {"known_outcomes": known_outcomes, "mapping": mapping, "allow_repeats": allow_repeats}
        masks = self.code(cases, setting=setting, **asked)
        soft = {
            self._row(name): self._likelihood(name, values, len(cases)) for name, values in (likelihoods or {}).items()
        }
        posterior = self.scoring.scorer.posterior(masks, soft)
        impossible = np.nonzero(~(posterior.evidence > 0))[0]
        if impossible.size:
            raise InferenceError(f"row {cases.index[int(impossible[0])]}: its evidence has probability zero")
        return pd.DataFrame(posterior.probability.T, index=cases.index, columns=list(self.scoring.scorer.output_names))

    def _row(self, name: str) -> int:
        names = [variable.name for variable in self.variables if variable.in_network and variable.name != "setting"]
        if name not in names:
            raise UsageError(f"likelihoods: {name!r} is not a variable that can have them{nearest(name, names)}")
        return [variable.name for variable in self.variables].index(name)

    def _likelihood(self, name: str, values: np.ndarray, cases: int) -> np.ndarray:
        array, states = np.asarray(values, dtype=float), len(self.variables[self._row(name)].states)
        if array.shape != (cases, states) or not np.all(np.isfinite(array)) or np.any(array < 0):
            raise UsageError(f"likelihoods: {name} needs finite values of 0 or more of shape ({cases}, {states})")
        return array

    def explain(
        self,
        case: Cases,
        *,
        setting: str | None = None,
        known_outcomes: bool = False,
        mapping: MappingLike = None,
    ) -> Explanation:
        """One case explained: posteriors, what spoke for and against, rules, what to ask next.

        Parameters
        ----------
        case
            a row of a frame of cases, a frame of one row, or a dict.
        """
        from riskmodel.answers.explain import explain_case
        from riskmodel.casefiles.read.frame import as_frame, identifiers
        from riskmodel.decision.costs import find_pathways

        frame = as_frame(case)
        if len(frame) != 1:
            raise UsageError(f"explain takes one case, not {len(frame)}")
        masks = self.code(frame, setting=setting, known_outcomes=known_outcomes, mapping=mapping)
        names = identifiers(frame, self.variables, mapping)
        name = frame.index[0] if names is None else names.iloc[0]
        return explain_case(self.scoring, masks, str(name), find_pathways(self.root))

    def with_statement(self, statement: str, **changes: Any) -> Model:
        """A new model in which one statement has other numbers, or another source; nothing is mutated.

        Parameters
        ----------
        statement
            its id.
        changes
            value, low, high or n alone try another number: who says the statement stays as it was. With ``source`` or
            ``basis`` the number is another one, and the keys are those of a statement: events, n, value (events / n
            where it is not given), low, high, locator, read, note. A source that the model does not have is added by
            :meth:`with_statements`.

        Raises
        ------
        PriorsError
            with every problem of the numbers.

        Examples
        --------
        >>> load().with_statement("find.fever.infection", value=0.55).statement("find.fever.infection").value
        0.55
        """
        if not RESTATING & set(changes):
            return replace(self, priors=with_overrides(self.priors, {statement: changes}))
        return replace(self, priors=with_replaced(self.priors, statement, changes))

    def with_statements(
        self, statements: Iterable[Mapping[str, Any]], sources: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Model:
        """A new model with statements of other studies; nothing is mutated.

        Parameters
        ----------
        statements
            with the keys of a ``[[statement]]`` of a prior file, as :func:`riskmodel.from_2x2` gives them. Each that
            drives a table goes in place of the statement that states the same; ``drives = "audit"`` is compared only.
        sources
            what they cite and the model does not have: for each key title, kind, year …

        Raises
        ------
        PriorsError
            with every problem of every statement.

        Examples
        --------
        >>> study = dict(id="fever_of_a_study", quantity="probability", of="fever=present",
        ...              given="infection=present alone", value=0.5, events=20, n=40, basis="study",
        ...              source="smith_2024", locator="table 2", read="full_text")
        >>> sources = {"smith_2024": {"title": "Smith A. Spine 2024;1:1", "kind": "study", "year": 2024}}
        >>> load().with_statements([study], sources).statement("fever_of_a_study").source
        'smith_2024'
        """
        tables = [dict(statement) for statement in statements]
        return replace(self, priors=with_statements(self.priors, tables, sources))

    def with_recording(self, profile: str | Path) -> Model:
        """The same model under a recording profile, which says what a blank means.

        Parameters
        ----------
        profile
            ``ignorable`` (a blank says nothing), ``positives_only``, ``chart`` or ``form``, or the path of a TOML file
            that extends one of them.

        Raises
        ------
        UsageError, PriorsError
            for a profile that there is not, and with every problem of the file.

        Examples
        --------
        >>> model = load()
        >>> case = {"fever": "yes", "weight_loss": None}
        >>> before, after = (
        ...     m.posterior(case, setting="emergency").loc[0, "malignancy"]
        ...     for m in (model, model.with_recording("positives_only"))
        ... )
        >>> bool(after < before)
        True
        """
        return replace(self, priors=with_recording(self.priors, profile), profile_named=True)

    def warn_of_blanks(self, cases: pd.DataFrame, masks: Masks, setting: str | None, **asked: Any) -> None:
        """Warn the caller where the blanks of a frame, coded as ``masks``, seem to need a profile and none is named."""
        from riskmodel.answers.blank_warning import IN_PYTHON, blank_notice
        from riskmodel.casefiles.second_look import warn_of_blanks
        from riskmodel.cases.recorded import FEWEST_ROWS

        if not self.profile_named and len(cases) >= FEWEST_ROWS:
            notice = blank_notice(self.scoring, self._under_profile, IN_PYTHON)
            warn_of_blanks(cases, masks, self.variables, notice, setting=self.default_setting(setting), **asked)

    def _under_profile(self, profile: str) -> Scoring | None:
        """What scoring needs under a recording profile, kept for the next time; None without such a profile."""
        if profile not in self._scorings:
            with suppress(UsageError):
                self._scorings[profile] = self.with_recording(profile).scoring
        return self._scorings.get(profile)

    @cached_property
    def _scorings(self) -> dict[str, Scoring]:
        return {}

    def with_policy(self, policy: str | Path) -> Model:
        """The same priors under another policy."""
        rules = load_policy(policy, self.variables, self.root, self.priors.sources, tuple(self.priors.composites))
        return replace(self, policy=rules)

    def statement(self, identifier: str) -> Statement:
        identifiers = [statement.id for statement in self.priors.statements]
        if identifier not in identifiers:
            raise UsageError(f"no statement {identifier!r}{nearest(identifier, identifiers)}")
        return self.priors.statement(identifier)

    @property
    def calibrate(self) -> NoReturn:
        """No method: a model is fitted from above, and does not know how."""
        raise AttributeError("a model is fitted by riskmodel.calibrate(model, …) or riskmodel.recalibrate(model, …)")

    recalibrate = calibrate

    def uncertain(self, draws: int, seed: int, level: float = 0.95) -> Uncertain:
        """Scoring under joint draws of all statements; the same seed gives the same draws. The last ones are kept."""
        from riskmodel.answers.uncertainty import Uncertain
        from riskmodel.network.build import build_network

        scoring = self.scoring.under_draws(draws, seed, level)
        if (draws, seed) not in self._drawn:
            network = build_network(self.priors, cache.drawn_values(self.priors, draws, seed))
            self._drawn.clear()
            self._drawn[draws, seed] = Uncertain(scoring, network, level)
        drawn = self._drawn[draws, seed]
        return drawn if drawn.level == level else replace(drawn, scoring=scoring, level=level)

    @cached_property
    def _drawn(self) -> dict[tuple[int, int], Uncertain]:
        """The draws that were asked for last, by their number and seed; 30 kB a draw."""
        return {}

    def posterior_draws(
        self,
        cases: Cases,
        draws: int,
        *,
        setting: str | None = None,
        mapping: MappingLike = None,
        seed: int = 0,
    ) -> PosteriorDraws:
        """Every case's posteriors under every draw: 8 bytes for each output, draw and case.

        >>> import pandas as pd
        >>> found = load().posterior_draws(pd.DataFrame({"fever": ["yes"]}), 64, setting="primary_care")
        >>> bool(found.exceeding(0.0001)["infection"][0] > found.exceeding(0.01)["infection"][0])
        True
        """
        from riskmodel.answers.posterior_draws import PosteriorDraws
        from riskmodel.casefiles.read.frame import as_frame

        cases = as_frame(cases)
        masks = self.code(cases, setting=setting, mapping=mapping)
        return PosteriorDraws.of(self.uncertain(draws, seed), masks, cases.index)

    def draw(self, draws: int, rng: np.random.Generator) -> Network:
        """Tables for joint draws of all statements; draw 0 is the stated values."""
        from riskmodel.evidence.distributions import draw_values
        from riskmodel.network.build import build_network

        return build_network(self.priors, draw_values(self.priors, draws, rng))


def load(
    priors: str | Path = DEFAULT_PRIORS,
    policy: str | Path = DEFAULT_POLICY,
    root: str | Path | None = None,
    recording: str | Path | None = None,
) -> Model:
    """Load a model.

    Parameters
    ----------
    priors
        a set's name (``seeds``, ``literature``) or the path of a set's TOML file.
    policy
        a policy's name (``consensus``, ``whitlock_2026`` …) or the path of a TOML file.
    root
        a priors folder of your own.
    recording
        what a blank means: the name of a recording profile or its TOML file, see :meth:`Model.with_recording`.
        Without one blanks say nothing, and files that seem to need a profile are warned of.

    Raises
    ------
    PriorsError, PolicyError
        with every problem found.
    """
    folder = Path(root) if root else priors_root()
    loaded = with_recording(load_priors(priors, folder), recording or IGNORABLE)
    rules = load_policy(policy, loaded.case_variables, folder, loaded.sources, tuple(loaded.composites))
    return Model(loaded, rules, folder, profile_named=recording is not None)


def checked_settings(model: Model, settings: Sequence[str] | None) -> tuple[str, ...]:
    """The settings asked for, or all; one without a name in a network that has none."""
    if settings is None:
        return model.settings or ("",)
    as_list("settings", settings)
    for setting in settings:
        model.default_setting(setting)
    return tuple(settings)


def checked_model(model: object, where: str) -> None:
    """Refuse what is no model where one is needed: the name of a set, or arguments in another order.

    Raises
    ------
    UsageError
        naming where, and what was given.
    """
    if not isinstance(model, Model):
        given = repr(model) if isinstance(model, str) else f"a {type(model).__name__}"
        raise UsageError(f"{where} takes a model, as riskmodel.load() gives it, not {given}")


def load_scoring(
    priors: str | Path = DEFAULT_PRIORS,
    policy: str | Path = DEFAULT_POLICY,
    root: str | Path | None = None,
    recording: str | Path = IGNORABLE,
) -> Scoring:
    """What scoring a file needs of a model, from the cache of compiled networks where it holds one."""
    folder = Path(root) if root else priors_root()
    digest = priors_digest(priors, folder) + recording_digest(recording)
    entry = cache.fetch(digest)
    if entry is None:
        model = load(priors, policy, root, recording)
        s, sources = model.scoring, tuple(model.priors.sources)
        cache.keep(digest, cache.Entry(s.scorer, s.weights, s.inputs, s.fitted, s.blanks, sources))
        return s
    variables = entry.scorer.variables
    composites = entry.scorer.output_names[len(entry.scorer.conditions) :]
    rules = load_policy(policy, variables, folder, entry.sources, composites)
    return Scoring(variables, entry.scorer, entry.weights, rules, entry.inputs, entry.fitted, entry.blanks)
