"""The entries of all CPTs as bytes for the page: the stated values exactly, draws of them in few bits."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.cache import drawn_values
from riskmodel.arrays import Array
from riskmodel.evidence.records import Priors, Variable
from riskmodel.network.forms.building import StatementValues
from riskmodel.network.network import Network
from riskmodel.network.recording import recording_nodes, written_given

LEVELS = 13  # of a draw's log-odds on each side of the middle of all draws of an entry …
COARSEST = 0.15  # … or more, so that no step is wider than this …
MOST_LEVELS = 120  # … as far as a byte reaches
NEVER, ALWAYS = -128, 127  # in place of a level: a probability of 0 or 1
CERTAIN = 1e-9  # a drawn probability as near as this to 0 or 1 counts as such


def packed(content: bytes) -> str:
    """Bytes as text for the page: compressed, then in base64. The same bytes give the same text."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")


def free_entries(network: Network, names: Sequence[str]) -> Array:
    """All entries but those of each variable's first state, which is the rest to 1: (draws, entries).

    In the order of the names, each table as it lies in memory.
    """
    tables = [network.tables[name][..., 1:] for name in names]
    return np.concatenate(
        [np.broadcast_to(table, (network.draws, *table.shape[1:])).reshape(network.draws, -1) for table in tables],
        axis=1,
    )


def stated_numbers(network: Network, names: Sequence[str]) -> str:
    """The stated values, eight bytes each, packed."""
    return packed(free_entries(network.one_draw(0), names)[0].astype("<f8").tobytes())


def drawn_numbers(network: Network, names: Sequence[str]) -> dict[str, Any]:
    """The draws of all entries that vary, draw 0 (the stated values) apart.

    Entries that are the same in every draw are stored once. What is stored of an entry is its log-odds in 27 steps
    or more, from the least to the greatest of all draws; 0 and 1, and what is as good as these, stay out of this range.

    Returns
    -------
    ``draws``: how many; ``column``: packed two-byte numbers, for each entry which column it takes (0: it does not
    vary); ``start`` and ``step``: packed four-byte floats, of each column; ``levels``: packed signed bytes,
    (columns, draws), of log-odds start + level · step.
    """
    columns, column = np.unique(free_entries(network, names), axis=1, return_inverse=True)
    varies = (columns != columns[:1]).any(axis=0)
    number = np.where(varies, np.cumsum(varies), 0)[column.ravel()]
    start, step, levels = _levels(columns[1:, varies])
    return {
        "draws": len(levels),
        "column": packed(number.astype("<u2").tobytes()),
        "step": packed(step.astype("<f4").tobytes()),
        "start": packed(start.astype("<f4").tobytes()),
        "levels": packed(levels.T.tobytes()),
    }


def _levels(probability: Array) -> tuple[Array, Array, NDArray[np.int8]]:
    """Start and step of each column, and the levels: (draws, columns)."""
    with np.errstate(divide="ignore"):
        logit = np.log(probability) - np.log1p(-probability)
    is_between = (probability > CERTAIN) & (probability < 1 - CERTAIN)
    least = np.where(is_between, logit, np.inf).min(axis=0)
    greatest = np.where(is_between, logit, -np.inf).max(axis=0)
    spread = np.where(least < greatest, greatest - least, 1.0)
    start = _short(np.where(least <= greatest, least + spread / 2, 0.0))
    step = _short(np.maximum(np.minimum(spread / (2 * LEVELS), COARSEST), spread / (2 * MOST_LEVELS)))
    levels = np.rint((np.where(is_between, logit, start) - start) / step)
    levels[probability <= CERTAIN] = NEVER
    levels[probability >= 1 - CERTAIN] = ALWAYS
    return start, step, levels.astype(np.int8)


def _short(values: Array) -> Array:
    """Numbers to three digits, as floats of four bytes of which two are mostly 0: they take half the room."""
    bits = values.astype("<f4").view("<u4")
    return np.asarray((bits & np.uint32(0xFFFFE000)).view("<f4"), float)


def stated_rates(priors: Priors, variables: Sequence[Variable]) -> dict[str, list[list[float]]]:
    """P(written down | setting, state) under the recording profile in use.

    By row of the evidence, (settings or 1, states); rows of which the profile does not speak are left out.
    """
    nodes, tables = recording_nodes(priors, StatementValues.of(priors))
    by_name = {node.name: node for node in nodes}
    written = {str(row): written_given(v.name, by_name, tables) for row, v in enumerate(variables)}
    return {row: table[0].tolist() for row, table in written.items() if table is not None}


def drawn_rates(priors: Priors, variables: Sequence[Variable], draws: int, seed: int) -> dict[str, Any]:
    """The rates of the recording profile in use in each draw: which of ``columns``, (columns, draws), stands where.

    ``at``: by row of the evidence, (settings or 1, states).
    """
    stated = StatementValues.of(priors, drawn_values(priors, draws + 1, seed))
    nodes, tables = recording_nodes(priors, stated)
    by_name = {node.name: node for node in nodes}
    columns: dict[bytes, Array] = {}
    at = {}
    for row, variable in enumerate(variables):
        written = written_given(variable.name, by_name, tables)
        if written is not None:
            every = np.broadcast_to(written, (draws + 1, *written.shape[1:]))[1:]
            keys = [[every[:, i, j].tobytes() for j in range(every.shape[2])] for i in range(every.shape[1])]
            columns |= {key: np.frombuffer(key) for of_setting in keys for key in of_setting}
            at[str(row)] = keys
    number = {key: i for i, key in enumerate(columns)}
    return {
        "columns": [[float(f"{rate:.6g}") for rate in column] for column in columns.values()],
        "at": {row: [[number[key] for key in of_setting] for of_setting in keys] for row, keys in at.items()},
    }
