"""What Python answers the page: the tables of moved statements, and what the case hangs on. It knows no notebook."""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.errors import RiskModelError
from riskmodel.evidence.recording import QUANTITY as RECORDED
from riskmodel.evidence.records import IGNORABLE
from riskmodel.explorer.numbers import free_entries, stated_rates
from riskmodel.explorer.structure import structure
from riskmodel.network.kept import KeptTables
from riskmodel.notebook.moves import Numbers, as_python, numbers_of
from riskmodel.notebook.shown_state import ShownState
from riskmodel.sensitivity.case_tornado import CaseTornados

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskmodel.arrays import Array, Masks
    from riskmodel.model import Model

Message = dict[str, Any]
Answer = tuple[Message, list[bytes]]  # what is sent, and bytes beside it


@dataclass(frozen=True, eq=False)
class _Shape:
    """What decides how the page multiplies: variables with their parents, and which manifestations hide."""

    arcs: tuple[tuple[str, tuple[str, ...]], ...]
    zeros: tuple[bytes, ...]

    @classmethod
    def of(cls, model: Model) -> _Shape:
        nodes = [v for v in model.tables.variables if v.role != "recording"]
        hidden = [model.tables.tables[v.name] == 0 for v in nodes if v.role == "manifestation"]
        return cls(tuple((v.name, v.parents) for v in nodes), tuple(each.tobytes() for each in hidden))

    def same(self, other: _Shape) -> bool:
        return self.arcs == other.arcs and self.zeros == other.zeros


class Kernel:
    """Answers for one model whose statements are moved.

    Parameters
    ----------
    model
        as it was loaded.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        plain = model.with_recording(IGNORABLE)
        self._shape = _Shape.of(plain)
        self._names = [table["name"] for table in structure(plain.tables, plain.variables)["tables"]]
        self._under: dict[tuple[str, str], Model] = {}
        self._kept: dict[str, KeptTables] = {}
        self._tornados = CaseTornados()
        self._last: tuple[object, Model, Numbers] | None = None

    def moved(self, moved: Mapping[str, float], shown: ShownState) -> tuple[Model, Numbers]:
        """The model with statements moved, under the policy and the recording profile that the page shows.

        Beside it all numbers that differ, those of the other states of a distribution too.

        Raises
        ------
        PriorsError, UsageError, InferenceError
            for numbers that cannot be, or lie beyond reach.
        """
        recording = shown.recording or self.model.priors.recording
        policy = shown.policy or self.model.policy.name
        asked = (recording, policy, tuple(moved.items()))
        if self._last is None or self._last[0] != asked:
            base = self._base(recording, policy)
            kept = self._kept.setdefault(recording, KeptTables())
            numbers = numbers_of(base.priors, moved)
            self._last = asked, (base.with_numbers(numbers) if numbers else base).built_with(kept), numbers
        return self._last[1:]

    def _base(self, recording: str, policy: str) -> Model:
        """The model as loaded, under a recording profile and a policy."""
        if (recording, policy) not in self._under:
            base = self.model
            if policy != base.policy.name:
                base = base.with_policy(policy)
            if recording != base.priors.recording:
                base = base.with_recording(recording)
            self._under[recording, policy] = base
        return self._under[recording, policy]

    def answer(self, asked: Message) -> Answer:
        """The answer to a question of the page; a number that cannot be is answered by why.

        Parameters
        ----------
        asked
            ``ask``: "move" or "tornado"; ``number`` of the question; ``address``; ``moved``: value by statement;
            ``of``: the statement that was moved last.
        """
        start = process_time()
        try:
            shown = ShownState.read(asked["address"], self.model)
            made, buffers = (self._tornado if asked["ask"] == "tornado" else self._move)(asked["moved"], shown)
        except RiskModelError as error:
            made, buffers = {"answer": "refused", "of": asked.get("of", ""), "message": str(error)}, []
        milliseconds = 1000 * (process_time() - start)
        return {
            **made,
            "number": asked.get("number"),
            "address": asked["address"],
            "milliseconds": milliseconds,
        }, buffers

    def _move(self, moved: Mapping[str, float], shown: ShownState) -> Answer:
        model, numbers = self.moved(moved, shown)
        made: Message = {
            "answer": "move",
            "moved": dict(moved),
            "numbers": numbers,
            "python": as_python(numbers),
            "hash": model.scoring.model_hash,
            "exact": self._exact(model, self._masks(model, shown)),
        }
        if not self._shape.same(_Shape.of(model)):
            plain = model.with_recording(IGNORABLE)
            made["plan"] = structure(plain.tables, plain.variables)
        if any(self.model.priors.statement(name).quantity == RECORDED for name in numbers):
            made["rates"] = self._rates(model)
        return made, [free_entries(model.tables, self._names)[0].astype("<f8").tobytes()]

    def _rates(self, model: Model) -> dict[str, Any]:
        """By profile, how often what it reads the blanks of is written down."""
        profiles = [name for name in model.priors.profiles if name != IGNORABLE]
        return {name: stated_rates(model.with_recording(name).priors, model.variables) for name in profiles}

    def _masks(self, model: Model, shown: ShownState) -> Masks:
        return model.code(shown.cells(model))

    def _exact(self, model: Model, masks: Masks) -> Message:
        """Python's own posteriors and action, for the page to compare its answer with."""
        scored = model.scoring.score(masks)
        if not scored.posterior.evidence[0] > 0:
            return {"possible": False}
        probability = scored.posterior.probability[:, 0].tolist()
        names = model.scoring.scorer.output_names
        imaging = zip(model.policy.imaging_tokens, scored.decision.imaging[:, 0], strict=True)
        return {
            "possible": True,
            "posterior": dict(zip(names, probability, strict=True)),
            "urgency": model.policy.urgencies[int(scored.decision.urgency[0])],
            "imaging": [token for token, asked_for in imaging if asked_for],
        }

    def _tornado(self, moved: Mapping[str, float], shown: ShownState) -> Answer:
        model, _ = self.moved(moved, shown)
        masks = self._masks(model, shown)
        if not model.scoring.scorer.posterior(masks).evidence[0] > 0:
            return {"answer": "tornado", "possible": False}, []
        tornado = self._tornados.of(model, masks)
        return {
            "answer": "tornado",
            "possible": True,
            "moved": dict(moved),
            "outputs": list(tornado.outputs),
            "statements": list(tornado.statements),
            "low": tornado.low.tolist(),
            "high": tornado.high.tolist(),
            "stated": tornado.stated.tolist(),
            "atLow": _finite(tornado.at_low),
            "atHigh": _finite(tornado.at_high),
        }, []


def _finite(values: Array) -> list[list[float | None]]:
    """As lists for JSON, which has no NaN."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in values]
