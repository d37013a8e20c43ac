"""The table of a plain reading (form ``any_of``): abnormal whenever a part is present, otherwise as stated.

P(abnormal | parts, others) = 1 where any part is present, and otherwise a leaky noisy-OR of the other parents, from
statements that all hold where no part is present: ``none`` (nor any condition), ``X=present alone``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskmodel.network.forms.building import Building, BuiltTable
from riskmodel.network.forms.noisy_max import finding_table


def any_of_table(building: Building) -> BuiltTable:
    """P(state | parents) of a test whose parts are the tests among its parents."""
    parts = tuple(parent for parent in building.parents if parent.role == "test")
    others = tuple(parent for parent in building.parents if parent.role != "test")
    variable = replace(building.variable, parents=tuple(parent.name for parent in others))
    otherwise = finding_table(replace(building, variable=variable, parents=others, parts=parts))
    sizes = [len(part.states) for part in parts]
    table = np.zeros((len(otherwise.table), *sizes, *otherwise.table.shape[1:]))
    table[..., 1] = 1.0
    no_part: tuple[slice | int, ...] = (slice(None), *(0 for _ in parts))
    table[no_part] = otherwise.table
    order = [parent.name for parent in (*parts, *others)]
    return replace(otherwise, table=building.in_order_of_parents(table, order))
