"""Exact posteriors for batches of cases, by table look-ups and elementwise products in a fixed order.

The order of every addition and multiplication is fixed for a row, whatever the batch, so the result is the
same to the last bit for any batch size, row order and thread count, and for both engines (this one in numpy
for small jobs, the compiled one in :mod:`riskmodel.inference.compiled`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.arrays import Array, Bools, Masks, States
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Variable

FEWEST_EFFECTIVE = 100  # draws; with fewer an interval is rough
BLOCK = 1024  # rows at a time: keeps the working set in the processor's cache


@dataclass(frozen=True, slots=True)
class Group:
    """Variables whose evidence is looked up together.

    Attributes
    ----------
    rows
        their rows in the evidence arrays.
    multipliers
        pattern = start + sum of multiplier · (mask - 1).
    table
        (settings or 1, patterns, [contexts], width): what the evidence pattern multiplies by, for each state of the
        lowest bits of a joint state.
    states
        (settings or 1, the variables' joint states, [contexts], width): the same before summing
        over what the evidence allows; used for likelihood evidence.
    skip
        the pattern that changes nothing (nothing known), or -1.
    start
        the pattern in which every mask would be 1: above 0 where blanks (mask 0) have patterns of their own.
    """

    rows: tuple[int, ...]
    multipliers: tuple[int, ...]
    table: Array
    states: Array
    sizes: tuple[int, ...]
    skip: int
    start: int = 0

    @property
    def width(self) -> int:
        """How many joint states the table tells apart."""
        return int(self.table.shape[-1])

    def pattern(self, masks: Masks) -> States:
        """The evidence pattern of each case."""
        return evidence_pattern(self.rows, self.multipliers, masks, self.start)


def evidence_pattern(rows: Sequence[int], multipliers: Sequence[int], masks: Masks, start: int = 0) -> States:
    """Which row of a look-up table each case's evidence picks, (cases,): start + the sum of multiplier · (mask - 1)."""
    total = np.full(masks.shape[1], start, dtype=np.int64)
    for row, multiplier in zip(rows, multipliers, strict=True):
        total += multiplier * (masks[row].astype(np.int64) - 1)
    return total


@dataclass(frozen=True, slots=True)
class Posterior:
    """Result of scoring a batch.

    Attributes
    ----------
    probability
        (outputs, cases): P(condition present | evidence), conditions in network order, then composites.
        NaN where the evidence is impossible.
    evidence
        (cases,): P(all evidence | setting), conditions included.
    findings
        (cases,): P(evidence but that on conditions | setting).
    """

    probability: Array
    evidence: Array
    findings: Array


@dataclass(frozen=True, slots=True)
class Scorer:
    """A compiled network: an immutable value; scoring is a pure function of it and the coded evidence.

    Evidence is an array ``masks`` of shape (variables, cases), one byte each: bit s is set while state s is
    possible. All bits set means not assessed. The setting has exactly one bit set. Of a variable whose blanks a
    recording profile reads, no bit set means not written down.
    """

    variables: tuple[Variable, ...]
    conditions: tuple[str, ...]
    setting_row: int
    context_rows: tuple[int, ...]
    context_states: States  # (combinations, contexts): state indices
    condition_rows: tuple[int, ...]
    inner_static: Array  # (settings, combinations, inner joint states)
    outer_static: Array  # (settings, joint states)
    inner: tuple[Group, ...]
    hidden: tuple[Group, ...]  # in their tables a condition's bit stands for its manifestation node
    outer: tuple[Group, ...]
    bits: States  # the output of each bit of a joint state, highest bit first; -1 of a manifestation node
    node_bits: States  # (manifestation nodes): the place in ``bits`` of the condition whose bit each shares
    occult: Array  # (manifestation nodes, 2): P(occult | present) and P(manifest | present)
    composites: Bools  # (composites, bits): whether the bit stands for a member
    output_names: tuple[str, ...]
    presence: States  # (conditions, joint states)
    recorded_rows: tuple[int, ...] = ()  # the variables whose blanks a recording profile reads
    written: tuple[Array, ...] = ()  # P(written down | setting, state) of each of these, (settings or 1, states)

    @property
    def groups(self) -> tuple[Group, ...]:
        """All that is looked up."""
        return (*self.inner, *self.hidden, *self.outer)

    @property
    def joint_states(self) -> int:
        """How many joint states of the conditions there are: 2 to the power of their number."""
        return int(self.outer_static.shape[1])

    def with_composites(self, members: Mapping[str, Sequence[str]]) -> Scorer:
        """The same with more outputs, after its own: whether any of some conditions is present, by name."""
        rows = [np.isin(self.bits, [self.conditions.index(name) for name in names]) for names in members.values()]
        composites = np.vstack([self.composites, *rows])
        return replace(self, composites=composites, output_names=(*self.output_names, *members))

    def blank(self, count: int, setting: int = 0) -> Masks:
        """Evidence of cases of whom nothing is known but the setting (an index): (variables, count)."""
        masks = np.repeat(np.array([[v.full_mask] for v in self.variables], dtype=np.uint8), count, axis=1)
        if self.setting_row >= 0:
            masks[self.setting_row] = 1 << setting
        return masks

    def posterior(self, masks: Masks, soft: Mapping[int, Array] | None = None) -> Posterior:
        """Posteriors of a batch of cases.

        Parameters
        ----------
        masks
            shape (variables, cases).
        soft
            likelihood evidence beside the masks: row → array (cases, states) of P(observation | state),
            multiplied with what the mask allows.

        Raises
        ------
        InferenceError
            when the masks are not of this scorer's shape, a mask allows no state, a setting is not one state,
            or likelihoods are not of a variable that can have them.
        """
        self.check(masks)
        likelihoods = {row: np.asarray(values, dtype=float) for row, values in (soft or {}).items()}
        self._check_soft(likelihoods, masks.shape[1])
        parts = []
        for start in range(0, masks.shape[1], BLOCK):
            piece = slice(start, start + BLOCK)
            parts.append(self._block(masks[:, piece], {row: values[piece] for row, values in likelihoods.items()}))
        if not parts:
            return Posterior(np.empty((len(self.output_names), 0)), np.empty(0), np.empty(0))
        return Posterior(
            np.concatenate([part.probability for part in parts], axis=1),
            np.concatenate([part.evidence for part in parts]),
            np.concatenate([part.findings for part in parts]),
        )

    def check(self, masks: Masks) -> None:
        """Refuse (InferenceError) masks of another shape or type, without a possible state, or without one setting."""
        if masks.ndim != 2 or masks.shape[0] != len(self.variables) or masks.dtype != np.uint8:
            raise InferenceError(
                f"evidence must be bytes of shape ({len(self.variables)}, cases), not {masks.dtype} {masks.shape}"
            )
        for i, variable in enumerate(self.variables):
            row = masks[i]
            least = 0 if i in self.recorded_rows else 1
            if row.size and (row.min() < least or row.max() > variable.full_mask):
                raise InferenceError(f"{variable.name}: an evidence mask allows no state, or one that it does not have")
        if self.setting_row >= 0:
            row = masks[self.setting_row]
            if np.any(row & (row - 1)):
                raise InferenceError("setting: evidence must be exactly one setting")

    def _check_soft(self, soft: Mapping[int, Array], count: int) -> None:
        rows = {row for group in self.groups for row in group.rows}
        rows |= {*self.context_rows, *self.condition_rows}
        for row, values in soft.items():
            if row not in rows:
                raise InferenceError(f"row {row} is not of a variable that can have likelihoods")
            variable = self.variables[row]
            if values.shape != (count, len(variable.states)):
                raise InferenceError(
                    f"{variable.name}: likelihoods must have shape ({count}, {len(variable.states)}), "
                    f"not {values.shape}"
                )
            if not np.all(np.isfinite(values)) or np.any(values < 0):
                raise InferenceError(f"{variable.name}: likelihoods must be finite and 0 or more")

    def _block(self, masks: Masks, soft: Mapping[int, Array]) -> Posterior:
        """Some cases; the parts of the sum as the folder's docstring names them."""
        setting = self.settings(masks)
        inner = np.zeros((masks.shape[1], self.inner_static.shape[2]))
        tables = [self._table(group, masks, setting, soft) for group in self.inner]
        for a, states in enumerate(self.context_states):
            product = self.inner_static[_pick(setting, self.inner_static), a]
            for table in tables:
                product = product * table(a)
            inner += product * self._context_weight(masks, states, soft)[:, None]
        joint = inner  # an inner joint state stands for all whose lowest bits are its own
        for group in self.outer:
            joint = _widen(joint, group.width) * self._table(group, masks, setting, soft)(None)
        joint = _widen(joint, self.joint_states) * self.outer_static[_pick(setting, self.outer_static)]
        if self.hidden:
            joint = joint * self._hidden(masks, setting, soft)
        findings = tree_sum(joint)  # before known conditions leave some joint states only
        for c, row in enumerate(self.condition_rows):
            joint = joint * self._state_weights(row, 2, masks, soft)[:, self.presence[c]]
        probability = np.empty((len(self.output_names), masks.shape[1]))
        folded = joint
        for o, members in enumerate(self.composites, start=len(self.conditions)):
            probability[o] = _any_of(joint, members)
        for output in self.bits:
            half = folded.shape[1] // 2  # from here on the condition of the highest bit is present
            if output >= 0:
                probability[output] = tree_sum(folded[:, half:])
            folded = folded[:, :half] + folded[:, half:]
        evidence = np.ascontiguousarray(folded[:, 0])
        with np.errstate(invalid="ignore", divide="ignore"):
            probability /= evidence
        return Posterior(probability, evidence, findings)

    def _hidden(self, masks: Masks, setting: States, soft: Mapping[int, Array]) -> Array:
        """P(what a disease may hide | joint state): manifestation nodes summed over within their conditions' bits."""
        product = np.ones((masks.shape[1], 1))
        for group in self.hidden:
            product = _widen(product, group.width) * self._table(group, masks, setting, soft)(None)
        product = _widen(product, self.joint_states)
        for bit, (occult, manifest) in zip(self.node_bits, self.occult, strict=True):
            pairs = product.reshape(len(product), 1 << bit, 2, -1)
            pairs[:, :, 1] = occult * pairs[:, :, 0] + manifest * pairs[:, :, 1]
        return product

    def settings(self, masks: Masks) -> States:
        """Each case's setting, an index into its states, (cases,); 0 where the network has none."""
        if self.setting_row < 0:
            return np.zeros(masks.shape[1], dtype=np.int64)
        index_of = np.zeros(256, dtype=np.int64)
        for s in range(8):
            index_of[1 << s] = s
        return np.asarray(index_of[masks[self.setting_row]])

    def written_in(self, row: int, setting: States) -> Array:
        """P(written down | state) of a variable whose blanks are read, at each case's setting: (cases, states)."""
        table = self.written[self.recorded_rows.index(row)]
        return np.asarray(table[_pick(setting, table)])

    def _context_weight(self, masks: Masks, states: States, soft: Mapping[int, Array]) -> Array:
        weight = np.ones(masks.shape[1])
        for row, state in zip(self.context_rows, states, strict=True):
            weight = weight * ((masks[row] >> state) & 1)
            if row in soft:
                weight = weight * soft[row][:, state]
        return weight

    def _state_weights(self, row: int, size: int, masks: Masks, soft: Mapping[int, Array]) -> Array:
        possible = np.where(masks[row] == 0, self.variables[row].full_mask, masks[row])
        weights: Array = ((possible[:, None] >> np.arange(size)) & 1).astype(float)
        return np.asarray(weights * soft[row] if row in soft else weights)

    def _written_weights(self, row: int, mask: Masks, setting: States) -> Array:
        """P(written down or not, as the cell is | state) of each case, (cases, states); 1 where nothing is known."""
        written = self.written_in(row, setting)
        weights = np.where(mask[:, None] == 0, 1.0 - written, written)
        return np.where(mask[:, None] == self.variables[row].full_mask, 1.0, weights)

    def _table(self, group: Group, masks: Masks, setting: States, soft: Mapping[int, Array]) -> _Lookup:
        if not any(row in soft for row in group.rows):
            return _Lookup(group.table, _pick(setting, group.table), group.pattern(masks))
        weights = np.ones((masks.shape[1], 1))
        for row, size in zip(group.rows, group.sizes, strict=True):
            by_state = self._state_weights(row, size, masks, soft)
            if row in self.recorded_rows:
                by_state = by_state * self._written_weights(row, masks[row], setting)
            weights = (weights[:, :, None] * by_state[:, None, :]).reshape(len(weights), -1)
        chosen = group.states[_pick(setting, group.states)]
        total = np.zeros((masks.shape[1], *chosen.shape[2:]))
        for state in range(chosen.shape[1]):
            total = total + weights[:, state].reshape(-1, *(1,) * (chosen.ndim - 2)) * chosen[:, state]
        return _Lookup(total, np.arange(masks.shape[1]), None)


def tree_sum(values: Array) -> Array:
    """Sum over the last axis (a power of two long) by adding the upper half to the lower, again and again."""
    while values.shape[1] > 1:
        half = values.shape[1] // 2
        values = values[:, :half] + values[:, half:]
    return np.ascontiguousarray(values[:, 0])


def _any_of(values: Array, members: Bools) -> Array:
    """The sum of those of values (cases, joint states) in which any member is present, given by bit.

    Where a member is present the others may be anything: its half is summed, and the other half goes on.
    """
    total = np.zeros(len(values))
    for is_member in members:
        half = values.shape[1] // 2
        if is_member:
            total = total + tree_sum(values[:, half:])
            values = values[:, :half]
        else:
            values = values[:, :half] + values[:, half:]
    return total


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A group's factor for each case, at a context combination if it has any."""

    table: Array
    first: States
    second: States | None

    def __call__(self, context: int | None) -> Array:
        at = (self.first,) if self.second is None else (self.first, self.second)
        return np.asarray(self.table[at if context is None else (*at, context)])


def _widen(values: Array, width: int) -> Array:
    """(cases, joint states of the lowest bits), repeated for those of more bits."""
    return np.tile(values, (1, width // values.shape[1]))


def _pick(setting: States, table: Array) -> States:
    """The setting's index, or 0 in a table that is the same in every setting."""
    return setting if table.shape[0] > 1 else np.zeros_like(setting)
