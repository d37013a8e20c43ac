"""The entries of all CPTs as bytes for the page: the stated values exactly, draws of them in few bits."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import numpy as np

from riskmodel.arrays import Array
from riskmodel.network.network import Network

LEVELS = 15  # of a draw's log-odds on each side of the stated value: its error is 1 % of the entry's spread
NEAREST_TO_CERTAIN = 1e-9  # a drawn probability nearer to 0 or 1 is held here


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

    Entries that are the same in every draw are stored once. What is stored is the difference of the log-odds from the
    stated value's, in steps of a ``LEVELS``-th of the largest one.

    Returns
    -------
    ``draws``: how many; ``column``: packed two-byte numbers, for each entry which column it takes (0: it does not
    vary); ``step``: packed four-byte floats, the step of each column; ``start``: likewise the log-odds that the steps
    go from; ``levels``: packed signed bytes, (columns, draws).
    """
    entries = np.clip(free_entries(network, names), NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN)
    columns, column = np.unique(entries, axis=1, return_inverse=True)
    varies = (columns != columns[:1]).any(axis=0)
    number = np.where(varies, np.cumsum(varies), 0)[column.ravel()]
    kept = columns[:, varies]
    logit = np.log(kept) - np.log1p(-kept)
    difference = logit[1:] - logit[0]
    step = np.abs(difference).max(axis=0) / LEVELS
    return {
        "draws": len(difference),
        "column": packed(number.astype("<u2").tobytes()),
        "step": packed(step.astype("<f4").tobytes()),
        "start": packed(logit[0].astype("<f4").tobytes()),
        "levels": packed(np.rint(difference / step).astype(np.int8).T.tobytes()),
    }
