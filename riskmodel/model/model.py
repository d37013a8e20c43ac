"""A model as its users see it: cases in, answers out; and the same model with other statements, records or rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from riskmodel.answers.settings import shares_listed
from riskmodel.decision.reading.load import load_policy
from riskmodel.errors import UsageError
from riskmodel.evidence.load import with_overrides, with_recording, with_replaced, with_statements
from riskmodel.evidence.origin import Stating
from riskmodel.model.built import BuiltModel
from riskmodel.model.frames import posterior_frame, scored_frame

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from riskmodel.answers.explain import Explanation
    from riskmodel.answers.posterior_draws import PosteriorDraws
    from riskmodel.answers.scoring import Scoring
    from riskmodel.arrays import Masks
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model.frames import Cases, Frame

RESTATING = frozenset({"source", "basis", "events", "locator", "read", "counts", "level"})  # keys of another source


@dataclass(frozen=True, repr=False)
class Model(BuiltModel):
    """Priors and a policy, and everything worked out from them; an immutable value.

    Examples
    --------
    >>> import pandas as pd
    >>> import riskmodel as rm
    >>> model = rm.load()
    >>> cases = pd.DataFrame({"fever": ["yes", None], "esr_mm_h": [85, None]})
    >>> model.score(cases, setting="primary_care")[["urgency", "tests"]].values.tolist()
    [['immediate', 'crp'], ['routine', '']]
    """

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
    ) -> Frame:
        """Posteriors, action and reason of each case.

        Parameters
        ----------
        cases
            one row a case; columns as in a case file, any of them missing: a frame of pandas, of polars (also lazy),
            or anything that hands itself over as Arrow (``__arrow_c_stream__``: pyarrow, duckdb). One case may be a
            Series or a dict.
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
        frame with the index of ``cases`` and the columns of the output contract (probabilities in [0, 1]); of polars
        where ``cases`` were of polars, an Arrow table where they came as Arrow.

        Raises
        ------
        CasesError
            naming every cell that is not understood, or a row without a setting.
        InferenceError
            naming the first case whose evidence is impossible.
        """
        from riskmodel.casefiles.read.arrow_frames import as_given
        from riskmodel.casefiles.read.frame import as_frame

        frame = as_frame(cases)
        asked: dict[str, Any] = {"known_outcomes": known_outcomes, "mapping": mapping, "allow_repeats": allow_repeats}
        masks = self.code(frame, setting=setting, **asked)
        uncertain = self.uncertain(draws, seed, level) if draws else None
        scored = scored_frame(self.scoring, frame, masks, mapping, uncertain)
        self.warn_of_blanks(frame, masks, setting, **asked)
        return as_given(cases, scored)

    def posterior(
        self,
        cases: Cases,
        *,
        setting: str | None = None,
        known_outcomes: bool = False,
        mapping: MappingLike = None,
        allow_repeats: bool = False,
        likelihoods: Mapping[str, np.ndarray] | None = None,
    ) -> Frame:
        """P(condition present | evidence) of each case, one column a condition and composite.

        Parameters
        ----------
        mapping, allow_repeats
            as of :meth:`score`.
        likelihoods
            soft evidence: variable → array (cases, states) of P(observation | state), up to a factor,
            beside what the frame says of that variable.
        """
        from riskmodel.casefiles.read.arrow_frames import as_given
        from riskmodel.casefiles.read.frame import as_frame

        frame = as_frame(cases)
        asked: dict[str, Any] = {"known_outcomes": known_outcomes, "mapping": mapping, "allow_repeats": allow_repeats}
        masks = self.code(frame, setting=setting, **asked)
        return as_given(cases, posterior_frame(self.scoring, frame, masks, likelihoods or {}))

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
        return explain_case(self.scoring, masks, str(name), find_pathways(self.root), self.priors)

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
        >>> import riskmodel as rm
        >>> rm.load().with_statement("find.fever.infection", value=0.55).statement("find.fever.infection").value
        0.55
        """
        if not RESTATING & set(changes):
            return replace(self, priors=with_overrides(self.priors, {statement: changes}))
        return replace(self, priors=with_replaced(self.priors, statement, changes))

    def with_numbers(self, numbers: Mapping[str, Mapping[str, float]]) -> Model:
        """A new model in which several statements have other numbers, all at once; nothing is mutated.

        Parameters
        ----------
        numbers
            by id of the statement: value, low, high or n, as of :meth:`with_statement`.

        Raises
        ------
        PriorsError
            with every problem of the numbers together: the states of a distribution must make no more than 1.

        Examples
        --------
        >>> import riskmodel as rm
        >>> both = rm.load().with_numbers({"mix.sex.female": {"value": 0.5}, "find.fever.none": {"value": 0.02}})
        >>> both.statement("find.fever.none").value
        0.02
        """
        return replace(self, priors=with_overrides(self.priors, numbers))

    def with_statements(
        self,
        statements: Iterable[Mapping[str, Any]] | Stating,
        sources: Mapping[str, Mapping[str, Any]] | None = None,
        drawn_together: Iterable[Mapping[str, Any]] = (),
    ) -> Model:
        """A new model with statements of other studies; nothing is mutated.

        Parameters
        ----------
        statements
            with the keys of a ``[[statement]]`` of a prior file, as :func:`riskmodel.from_2x2` gives them. Each that
            drives a table goes in place of the statement that states the same; ``drives = "audit"`` is compared only.
            Or what :func:`riskmodel.from_2x2` and :func:`riskmodel.synthesise` give, which brings the other two along.
        sources
            what they cite and the model does not have: for each key title, kind, year …
        drawn_together
            pairs whose draws go together, as :func:`riskmodel.synthesise` gives them: ``{"statements": [one id,
            another], "correlation": -0.4}``, of their logits (logs, where they are ratios), from -0.99 to 0.99.

        Raises
        ------
        PriorsError
            with every problem of every statement.
        UsageError
            for what is no list of statements.

        Examples
        --------
        >>> study = dict(id="fever_of_a_study", quantity="probability", of="fever=present",
        ...              given="infection=present alone", value=0.5, events=20, n=40, basis="study",
        ...              source="smith_2024", locator="table 2", read="full_text")
        >>> sources = {"smith_2024": {"title": "Smith A. Spine 2024;1:1", "kind": "study", "year": 2024}}
        >>> import riskmodel as rm
        >>> rm.load().with_statements([study], sources).statement("fever_of_a_study").source
        'smith_2024'
        >>> smith = rm.from_2x2(20, 30, 20, 330, of="fever=present", given="infection=present", source="smith_2024",
        ...                     locator="table 2", title="Smith A. Spine 2024;1:1", setting="emergency")
        >>> rm.load().with_statements(smith).statement("smith_2024.fever.infection.present").n
        40
        """
        if isinstance(statements, Stating):
            return self.with_statements(statements.statements, statements.sources, statements.drawn_together)
        if isinstance(statements, str | Mapping) or not isinstance(statements, Iterable):
            raise UsageError(
                f"with_statements takes a list of statements, or what from_2x2 or synthesise gives, "
                f"not a {type(statements).__name__}"
            )
        tables = [dict(statement) for statement in statements]
        pairs = [dict(pair) for pair in drawn_together]
        return replace(self, priors=with_statements(self.priors, tables, sources, pairs))

    def write(self, path: str | Path, title: str = "") -> Path:
        """Write the model's numbers as a prior set that extends the one it was loaded from; whole or not at all.

        Parameters
        ----------
        path
            of a TOML file, for ``--priors`` of the commands and for :func:`load`.
        title
            what the set is called; without one, that it is a change of the other set.

        Raises
        ------
        UsageError
            where the file is the set that it would extend.
        OutputError
            where the file cannot be written.
        """
        from riskmodel.evidence.set_text import text_of_set
        from riskmodel.outputs.files import write_files

        file = Path(path)
        text = text_of_set(self.priors, self.root, file, title or f"{self.priors.prior_set.name}, changed")
        write_files({file: text.encode()})
        return file

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
        >>> import riskmodel as rm
        >>> model = rm.load()
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
        return self._under(rules)

    def explore(self, case: Cases | None = None, **how: Any) -> Any:
        """The model as a page in the cell of a notebook: see :func:`riskmodel.explore`, which takes the same.

        Examples
        --------
        >>> import riskmodel as rm
        >>> rm.load().explore({"fever": "yes"}, setting="primary_care")
        Explorer(seeds; setting primary_care, fever present; 0 statements moved)
        """
        import riskmodel  # the front door knows the rooms above this one

        return riskmodel.explore(self, case, **how)

    @property
    def calibrate(self) -> NoReturn:
        """No method: a model is fitted from above, and does not know how."""
        raise AttributeError("a model is fitted by riskmodel.calibrate(model, …) or riskmodel.recalibrate(model, …)")

    recalibrate = calibrate

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
        >>> import riskmodel as rm
        >>> found = rm.load().posterior_draws(pd.DataFrame({"fever": ["yes"]}), 64, setting="primary_care")
        >>> bool(found.exceeding(0.0001)["infection"][0] > found.exceeding(0.01)["infection"][0])
        True
        """
        from riskmodel.answers.posterior_draws import PosteriorDraws
        from riskmodel.casefiles.read.frame import as_frame

        cases = as_frame(cases)
        masks = self.code(cases, setting=setting, mapping=mapping)
        return PosteriorDraws.of(self.uncertain(draws, seed), masks, cases.index)
