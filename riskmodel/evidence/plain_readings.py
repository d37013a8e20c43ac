"""Plain readings of scans: tests of the form ``any_of``, abnormal whenever a part of what they show is present.

A scan has a plain reading (normal or abnormal) and parts (fracture, tumour, …), which are tests of their own and
parents of the plain reading. What is known of either settles some of the other: a normal scan has no part, and a
scan that shows a part is abnormal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from riskmodel.arrays import Bools, Masks
from riskmodel.evidence.recording import heard
from riskmodel.evidence.records import Variable

ANY_OF = "any_of"


def plain_readings(variables: Sequence[Variable]) -> dict[str, tuple[str, ...]]:
    """Every plain reading and its parts: the tests among its parents.

    >>> tumour = Variable("mri_tumour", "test", ("absent", "present"), "")
    >>> mri = Variable("mri", "test", ("normal", "abnormal"), "", parents=("mri_tumour",), form="any_of")
    >>> plain_readings([tumour, mri])
    {'mri': ('mri_tumour',)}
    """
    tests = {variable.name for variable in variables if variable.role == "test"}
    return {
        variable.name: tuple(name for name in variable.parents if name in tests)
        for variable in variables
        if variable.form == ANY_OF
    }


def reading_of(variables: Sequence[Variable]) -> Mapping[str, str]:
    """The plain reading that each part belongs to, by the part's name."""
    return {part: reading for reading, parts in plain_readings(variables).items() for part in parts}


def settled_masks(variables: Sequence[Variable], masks: Masks) -> Masks:
    """Evidence with all that plain readings and parts say of each other, (variables, cases); never changed in place.

    Of a normal scan every part is absent; a scan of which a part is present is abnormal. Where both are observed and
    contradict each other, both stay as they are. Posteriors are the same with and without it: the network's table of
    the plain reading says it too.
    """
    rows = {variable.name: row for row, variable in enumerate(variables)}
    settled = masks
    for reading, parts in plain_readings(variables).items():
        row, part_rows = rows[reading], [rows[part] for part in parts]
        normal = masks[row] == 1
        shown = np.any([(masks[part] & 1) == 0 for part in part_rows], axis=0)
        if not (normal | shown).any():
            continue
        settled = masks.copy() if settled is masks else settled
        for part in part_rows:
            unknown = masks[part] == variables[part].full_mask
            np.copyto(settled[part], 1, where=normal & unknown)
        np.copyto(settled[row], 2, where=shown & (masks[row] == variables[row].full_mask))
    return settled


def is_reported(variables: Sequence[Variable], masks: Masks) -> Bools:
    """Which variables are assessed, or are results of a scan of which any result is, (variables, cases)."""
    full = np.array([variable.full_mask for variable in variables], np.uint8)[:, None]
    reported = np.asarray(heard(variables, masks) != full)
    rows = {variable.name: row for row, variable in enumerate(variables)}
    for reading, parts in plain_readings(variables).items():
        results = [rows[reading], *(rows[part] for part in parts)]
        reported[results] = reported[results].any(axis=0)
    return reported


def is_open(variables: Sequence[Variable], masks: Masks) -> Bools:
    """What can still be told of each case, (variables, cases): what is neither assessed nor settled by a scan.

    A part is open only once its scan is done: it stands in the report. Before that the scan is what is asked for.
    """
    full = np.array([variable.full_mask for variable in variables], np.uint8)[:, None]
    is_part = np.array([variable.name in reading_of(variables) for variable in variables])[:, None]
    assessed = heard(variables, masks)
    return np.asarray((settled_masks(variables, assessed) == full) & (~is_part | is_reported(variables, assessed)))
