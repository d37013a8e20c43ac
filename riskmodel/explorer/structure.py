"""What the page multiplies: the CPTs' shapes, and how the network falls into groups, as plain data.

The page carries finished tables and this plan, and multiplies as :mod:`riskmodel.inference` explains. How statements
become tables, which variables make a group and in which order the bits stand is decided here in Python alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from riskmodel.evidence.records import SETTING, Variable
from riskmodel.inference.compile import condition_composites
from riskmodel.inference.lookup import Lookup, Lookups
from riskmodel.network.network import Network


def structure(network: Network, variables: Sequence[Variable]) -> dict[str, Any]:
    """The tables' shapes and the plan of groups.

    Parameters
    ----------
    network
        without recording nodes: what a blank weighs is carried beside the tables.
    variables
        the rows of the evidence, in order.

    Returns
    -------
    ``tables``: of each CPT its name, axes and shape, in the order of their numbers; an axis is ``setting``, a context,
    a member of a group, or what a bit stands for. ``bits``: what each bit of a joint state stands for, the highest
    first. ``nodes``: the manifestation nodes that share a bit. ``groups``: kind, members and the CPTs that are
    multiplied. ``conditions`` and ``composites`` are what is asked for; the last name their members.
    """
    lookups = Lookups(network, variables)
    parts = lookups.parts
    static = [("inner", lookups.static_inner), ("outer", lookups.static_outer)]
    kinds = zip(("inner", "hidden", "outer"), lookups.kinds, strict=True)
    groups = [*static, *((kind, lookup) for kind, of_kind in kinds for lookup in of_kind)]
    names = [name for name in parts.scopes if not (parts.selector and name == SETTING)]
    composites = {name: list(network.composites[name]) for name in condition_composites(network)}
    return {
        "tables": [
            {"name": name, "axes": parts.axes(name), "shape": list(network.tables[name].shape[1:])} for name in names
        ],
        "contexts": [{"row": row, "name": variables[row].name} for row in lookups.context_rows],
        "bits": lookups.order,
        "nodes": [
            {"table": name, "bit": bit} for name, bit in zip(lookups.nodes, lookups.node_bits, strict=True)
        ],
        "groups": [_group(kind, lookup) for kind, lookup in groups if lookup.tables],
        "conditions": [
            {"row": row, "name": name} for row, name in zip(lookups.condition_rows, parts.conditions, strict=True)
        ],
        "composites": [{"name": name, "members": members} for name, members in composites.items()],
        "settingRow": lookups.setting_row,
    }  # fmt: skip


def _group(kind: str, lookup: Lookup) -> dict[str, Any]:
    return {
        "kind": kind,
        "members": list(lookup.members),
        "rows": list(lookup.rows),
        "sizes": list(lookup.sizes),
        "tables": list(lookup.tables),
        "barren": lookup.barren,
    }
