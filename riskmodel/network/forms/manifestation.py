"""Occult and manifest disease: the manifestation node's table, and a finding's rates once the disease shows.

Of those with a disease a share o, the occult share, shows none of its signs: they look like people without it. So
P(finding | disease) = o · P(finding | without) + (1 - o) · P(finding | manifest). Statements speak of the disease, so
the last of these is solved. It exists where P(state | disease) is at least o · P(state | without), for every state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskmodel.arrays import Array, Ints
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Statement, Variable
from riskmodel.network.forms.building import Building, BuiltTable

ROUNDING = 1e-12  # a probability this little below 0 is 0


def manifestation_table(building: Building) -> BuiltTable:
    """P(occult, manifest | absent, present): an absent disease is never manifest."""
    share = building.probabilities[0][1]
    table = np.zeros((len(share), 2, 2))
    table[:, 0, 0] = 1.0
    table[:, 1] = np.stack([share, 1 - share], axis=-1)
    return BuiltTable(table)


def condition_of(parent: Variable) -> str:
    """The condition that a parent stands for: itself, or that of a manifestation node."""
    return parent.parents[0] if parent.role == "manifestation" else parent.name


def is_cause(parent: Variable) -> bool:
    """Whether a finding's parent is a condition or a manifestation node."""
    return parent.role in ("condition", "manifestation")


def occult_share(building: Building, node: str) -> Array:
    """P(occult | the condition of a manifestation node is present): (draws or 1,)."""
    return building.tables[node].table[:, 1, 0]


def manifest_link(
    variable: Variable, link: Array, without: Array, share: Array, about: Sequence[Statement], *, hold: bool = False
) -> tuple[Array, Ints]:
    """The link of a manifest disease, from that of the disease as a whole.

    Parameters
    ----------
    link
        P(up to a state | disease) / P(up to it | without): (draws, …, states - 1).
    without
        P(up to a state | without the disease): of the same shape, or to be broadcast to it.
    share
        the occult share, (draws or 1,).
    about
        the statements that the link comes from.
    hold
        hold draw 0 as any other.

    Returns
    -------
    the link, and (draws,) how many of its entries were held at what can be reached.

    Raises
    ------
    InferenceError
        where the stated values (draw 0, without ``hold``) are beyond reach; the message gives the range.
    """
    o = share.reshape(-1, *(1,) * (link.ndim - 1))
    shown = (link - o) / (1 - o)
    rates, before = _steps(without * shown), _steps(without * np.ones_like(shown))
    low = rates < -ROUNDING
    if not hold:
        _refuse_beyond_reach(variable, rates[0], before[0], float(share[0]), about)
    held = np.asarray(low.reshape(len(low), -1).sum(axis=1))
    if held.any():
        mended = np.maximum(rates, 0.0)
        upto = np.cumsum(mended / mended.sum(axis=-1, keepdims=True), axis=-1)[..., :-1]
        base = np.broadcast_to(without, shown.shape)
        reached = np.divide(upto, base, out=np.ones_like(upto), where=base > 0)
        shown = np.where(low.any(axis=-1, keepdims=True), reached, shown)
    return shown, held


def _steps(cumulative: Array) -> Array:
    """The probability of each state, from that of all up to it without the last: (…, states)."""
    ends = np.zeros_like(cumulative[..., :1])
    return np.diff(np.concatenate([ends, cumulative, ends + 1], axis=-1), axis=-1)


def _refuse_beyond_reach(
    variable: Variable, rates: Array, before: Array, share: float, about: Sequence[Statement]
) -> None:
    flat = rates.reshape(-1, rates.shape[-1])
    worst = np.unravel_index(int(flat.argmin()), flat.shape)
    if flat[worst] >= -ROUNDING:
        return
    state, least = variable.states[worst[1]], share * float(before.reshape(flat.shape)[worst])
    stating = [statement for statement in about if statement.of.states == (state,)]
    names = stating or [statement for statement in about if state not in statement.of.states]
    values = " and ".join(f"{statement.value:g}" for statement in names)
    bound = f"at least {least:.4g}" if stating else f"{'together ' if len(names) > 1 else ''}at most {1 - least:.4g}"
    raise InferenceError(
        f"{', '.join(statement.id for statement in names)}: {values} is beyond reach; where a share of {share:g} is "
        f"occult, and looks like people without the disease, it must be {bound}"
    )


def solve_manifest(building: Building, table: Array, shares: Sequence[tuple[int, Array]]) -> tuple[Array, Ints]:
    """A table given diseases, as the table given their manifestation nodes.

    Parameters
    ----------
    table
        (draws, states of each parent …, states), absent and present along the axis of each disease.
    shares
        the axis of each disease with a manifestation node, and its occult share.

    Returns
    -------
    the table, and (draws,) how many of its entries were held at what can be reached.
    """
    for axis, share in shares:
        o = share.reshape(-1, *(1,) * (table.ndim - 2))
        absent, present = np.moveaxis(table, axis, 0)
        table = np.stack(np.broadcast_arrays(absent, (present - o * absent) / (1 - o)), axis=axis)
    low = table < -ROUNDING
    if low[0].any() and not building.hold:
        index = [int(i) for i in np.unravel_index(int(table[0].argmin()), table[0].shape)]
        given = ", ".join(f"{p.name}={p.states[i]}" for p, i in zip(building.parents, index[:-1], strict=True))
        raise InferenceError(
            f"{building.variable.name}: P({building.variable.states[index[-1]]} | {given}) would be "
            f"{table[0][tuple(index)]:.4g}; its rates given the disease and without differ by more than the occult "
            f"share allows"
        )
    held = np.asarray(low.reshape(len(low), -1).sum(axis=1))
    mended = np.maximum(table, 0.0)
    return mended / mended.sum(axis=-1, keepdims=True), held
