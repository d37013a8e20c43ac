"""A scorer of batches from what a user names: a model, a setting, a mapping, columns to keep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from riskmodel.batches.packed import PackedModel
from riskmodel.batches.row_scorer import FILE, OnError, RowScorer
from riskmodel.errors import UsageError, as_list, warn_caller

if TYPE_CHECKING:
    import pyarrow as pa

    from riskmodel.answers.scoring import Scoring
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Model


def row_scorer(  # noqa: PLR0913 - all but the first have defaults
    schema: pa.Schema,
    model: Model | str | Path = "seeds",
    *,
    setting: str | None = None,
    policy: str | Path | None = None,
    recording: str | Path | None = None,
    known_outcomes: bool = False,
    mapping: MappingLike = None,
    keep: Sequence[str] = (),
    draws: int = 0,
    seed: int = 0,
    level: float = 0.95,
    on_error: OnError = "column",
) -> RowScorer:
    """What scores the batches of a table, in this process or in another.

    Parameters
    ----------
    schema
        the Arrow schema of the table.
    model
        a model, or the name or file of a prior set.
    setting
        of the rows that name none; needed where there is no column ``setting``.
    policy, recording
        names or files, for a model that is named by its prior set; a model given as such brings its own.
    known_outcomes, mapping, draws, seed, level
        as of :meth:`riskmodel.Model.score`.
    keep
        columns of the table to pass on, in their own types.
    on_error
        see :class:`RowScorer`.

    Raises
    ------
    CasesError
        naming every problem of the columns, or that no setting is named.
    UsageError, PriorsError, PolicyError
        for a model, setting or column that there is not.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cases = pa.table({"case_id": ["a", "b"], "fever": ["yes", "maybe"]})
    >>> scorer = row_scorer(cases.schema, setting="primary_care")
    >>> scored = pa.Table.from_batches(map(scorer.score, cases.to_batches()))
    >>> scored.select(["case_id", "urgency", "problem"]).to_pylist()[1]["problem"]
    "fever 'maybe': not understood; allowed: absent, present, yes or no; blank = not assessed"
    """
    from riskmodel.answers.settings import checked_setting, shares_listed
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.casefiles.read.batch_coder import BatchCoder
    from riskmodel.model import Model

    as_list("keep", keep)
    if on_error not in get_args(OnError):
        raise UsageError(f"on_error is {' or '.join(map(repr, get_args(OnError)))}, not {on_error!r}")
    chosen = _model(model, policy, recording, draws)
    scoring = chosen.scoring if isinstance(chosen, Model) else chosen
    options = RunOptions(
        default_setting=checked_setting(scoring.variables, setting),
        mapping=Path(mapping) if isinstance(mapping, str) else mapping,
        keep=tuple(keep),
        known_outcomes=known_outcomes,
        allow_repeats=True,
    )
    with shares_listed(scoring):
        layout = BatchCoder.of(_kept_as_texts(schema, keep), scoring.variables, options, FILE).coder.layout
    for warning in layout.warnings:
        warn_caller(warning)
    packed = PackedModel.of(chosen.uncertain(draws, seed, level) if isinstance(chosen, Model) and draws else scoring)
    scorer = RowScorer(packed, schema, options, on_error)
    _ = scorer.schema, scorer.needed  # their errors belong here
    return scorer


def _kept_as_texts(schema: pa.Schema, keep: Sequence[str]) -> pa.Schema:
    """The same columns, those to keep as texts: what is passed on as it is may have any type."""
    import pyarrow as pa

    return pa.schema([pa.field(column.name, pa.string()) if column.name in keep else column for column in schema])


def _model(
    model: Model | str | Path, policy: str | Path | None, recording: str | Path | None, draws: int
) -> Model | Scoring:
    """The model asked for; of one that is named, and needs no draws, only its scoring, from the cache."""
    from riskmodel.evidence.records import IGNORABLE
    from riskmodel.model import DEFAULT_POLICY, checked_model, load, load_scoring

    if isinstance(model, str | Path):
        rules = DEFAULT_POLICY if policy is None else policy
        if draws:
            return load(model, rules, recording=recording)
        return load_scoring(model, rules, recording=IGNORABLE if recording is None else recording)
    checked_model(model, "score")
    if policy is not None or recording is not None:
        raise UsageError("a model brings its own policy and recording profile: name them in riskmodel.load(…)")
    return model
