"""Goal seeking against a scan that is five times as fine: no flip may be missed, none may lie elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.cohort import simulate
from riskmodel.decision.actions import differs
from riskmodel.evidence.records import Statement
from riskmodel.evidence.scale import scale_of
from riskmodel.sensitivity import flips
from riskmodel.sensitivity.flip_search import IMPOSSIBLE, TOLERANCE, Search, TriedValue
from riskmodel.sensitivity.ranges import Varying
from riskmodel.sensitivity.what_if import what_ifs

STEP, REACH, SOME = 0.1, 5.0, 9


def moves_many(statement: Statement) -> bool:
    """Base rates of the setting, and findings of people without disease: most cases depend on these."""
    setting = statement.given.event("setting")
    return statement.given.none or (setting is not None and setting.states == ("emergency",))


def scanned(model: rm.Model, masks: np.ndarray, name: str, moves: np.ndarray) -> dict[str, np.ndarray]:
    """Where urgency, and where imaging, are other than as stated: (moves, cases) each."""
    statement = model.priors.statement(name)
    values = scale_of(statement).back(scale_of(statement).to(np.array([statement.value])) + moves)
    stated = model.scoring.score(masks).decision
    other = {kind: np.zeros((len(moves), masks.shape[1]), dtype=bool) for kind in ("urgency", "imaging")}
    for piece in what_ifs(model, Varying(model.priors).rows(name, values), masks):
        at = np.ix_(piece.rows, piece.cases)
        other["urgency"][at] = piece.urgency != stated.urgency[piece.cases]
        other["imaging"][at] = (piece.imaging != stated.imaging[:, None, piece.cases]).any(axis=0)
    return other


def near_a_border(model: rm.Model, other: rm.Model, count: int) -> np.ndarray:
    """Simulated cases for whom two prior sets ask for different actions: (variables, cases)."""
    masks = simulate(model, count, np.random.default_rng(77), setting="emergency", missing=0.7).masks
    decisions = [each.scoring.score(masks).decision for each in (model, other)]
    return masks[:, differs(*decisions)]


@pytest.mark.slow
def test_a_finer_scan_finds_the_same_flips():
    model = rm.load("literature")
    masks = near_a_border(model, rm.load("seeds"), 600)
    probabilities = [s for s in model.priors.selected_statements if s.quantity == "probability"]
    of_everybody = [s.id for s in probabilities if moves_many(s)]
    names = [str(name) for name in np.random.default_rng(5).choice(of_everybody, SOME, replace=False)]
    found = flips(model, masks, statements=names).table
    by_place = {(row.case, row.statement, row.kind, row.side): row.flip for row in found.itertuples()}
    moves = np.round(np.arange(-REACH, REACH + STEP / 2, STEP), 9)
    sides = {"below": moves < 0, "above": moves > 0}
    compared = 0
    for name in names:
        statement = model.priors.statement(name)
        home = float(scale_of(statement).to(statement.value))
        for kind, other in scanned(model, masks, name, moves).items():
            for case in range(masks.shape[1]):
                for side, mine in sides.items():
                    where = np.abs(moves[mine][other[mine, case]])
                    flip = by_place.get((str(case), name, kind, side))
                    moved = np.inf if flip is None else abs(float(scale_of(statement).to(flip)) - home)
                    if not where.size:
                        assert moved > REACH - STEP
                    else:
                        assert where.min() - STEP - 1e-6 <= moved <= where.min() + 1e-6
                        compared += 1
    assert compared >= 8, compared


def searched(now, steps, start, end):
    """A search from start to end where each of the ``steps`` is a comparison that changes, and what it asks there."""
    order = sorted(steps)

    def point(at):
        crossed = [step for step in order if abs(at) >= step]
        return TriedValue(at, steps[crossed[-1]] if crossed else now, (1 << len(crossed)) - 1)

    search = Search(0, "any", "urgency", "above", now, [(point(start), point(end))])
    tried = 0
    while (at := search.wanted()) is not None:
        search.take(point(at))
        tried += 1
    return search.flip, tried


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("steps", "nearest"),
    [
        ({3.2: 5}, 3.2),
        ({3.2: 5, 3.2001: 7}, 3.2),
        ({1.0: 7, 3.2: 5, 3.2001: 7, 6.0: 4}, 3.2),
        ({1.0: 7, 3.2: 4, 3.5: 7, 3.7: 5, 9.0: 7}, 3.2),
        ({1.0: 7, 3.2: 7, 5.0: 7}, None),
        ({3.2: 5, 3.2 + 1e-9: 7}, None),  # narrower than it looks for
    ],
)
def test_a_search_ends_at_the_nearest_change(steps, nearest, sign):
    found, tried = searched(7, steps, 0.0, 10.0 * sign)
    if nearest is None:
        assert found is None
    else:
        assert nearest <= abs(found.at) <= nearest + TOLERANCE
        assert found.action == steps[nearest]
    assert tried < 120


def test_a_value_that_rules_the_case_out_is_no_flip():
    possible, impossible = TriedValue(0.0, 2, 0b1), TriedValue(1.0, IMPOSSIBLE, 0b0)
    search = Search(0, "any", "imaging", "above", 2, [(possible, impossible)])
    assert search.wanted() is None
    assert search.flip is None
