"""A model as bytes that travel to workers, which need no prior files; unpacked once in each process."""

from __future__ import annotations

import hashlib
import pickle  # of what this program itself made, on the same cluster
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from riskmodel._version import __version__
from riskmodel.errors import UsageError

if TYPE_CHECKING:
    from riskmodel.answers.column_types import Score
    from riskmodel.answers.scoring import Scoring
    from riskmodel.answers.uncertainty import Uncertain

LARGE = 1000  # rows: from here on a compiler is loaded, which gives the same bits


@dataclass(frozen=True)
class PackedModel:
    """What scoring needs of a model, pickled, with the digest of these bytes and the version that made them."""

    content: bytes
    digest: str
    version: str

    @classmethod
    def of(cls, model: Scoring | Uncertain) -> PackedModel:
        """Pack a scoring, or one under draws; on a worker its draws use one thread."""
        from riskmodel.answers.uncertainty import Uncertain

        content = pickle.dumps(replace(model, threads=1) if isinstance(model, Uncertain) else model, protocol=5)
        return cls(content, hashlib.sha256(content).hexdigest(), __version__)

    def unpacked(self) -> UnpackedModel:
        """The model in this process: the same one for every batch and task.

        Raises
        ------
        UsageError
            where this process has another version of the package.
        """
        if self.version != __version__:
            raise UsageError(
                f"this worker has riskmodel {__version__}, the driver {self.version}: install the same version on both"
            )
        with _lock:
            return _unpacked(self)

    def __hash__(self) -> int:
        return hash(self.digest)


class UnpackedModel:
    """A model that scores; compiled code is loaded with the first large batch."""

    def __init__(self, model: Scoring | Uncertain) -> None:
        from riskmodel.answers.uncertainty import Uncertain

        self._uncertain = model if isinstance(model, Uncertain) else None
        self.scoring = model.scoring if isinstance(model, Uncertain) else model
        self._lock = Lock()

    def score(self, rows: int) -> Score:
        """What scores a batch of so many rows."""
        with self._lock:
            return self._compiled if rows >= LARGE or "_compiled" in vars(self) else self._small

    @cached_property
    def _small(self) -> Score:
        from riskmodel.answers.output_columns import small_score

        return self._compiled if self._uncertain else small_score(self.scoring)

    @cached_property
    def _compiled(self) -> Score:
        from riskmodel.answers.output_columns import compiled_score, uncertain_score

        return uncertain_score(self._uncertain) if self._uncertain else compiled_score(self.scoring)


_lock = Lock()


@lru_cache(maxsize=2)
def _unpacked(packed: PackedModel) -> UnpackedModel:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)  # an engine starts a process for each processor: more threads would only wait for each other
    return UnpackedModel(pickle.loads(packed.content))  # noqa: S301 - made by `of`
