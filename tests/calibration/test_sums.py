"""A cohort in parts gives by sums what its rows give together, and what does not fit together is refused."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.arrays import Masks
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.result import Calibration
from riskmodel.calibration.sums.fit import calibrate_sums
from riskmodel.calibration.sums.messages import Answer, Request, read_answer, read_request
from riskmodel.calibration.sums.piece import CohortPiece
from riskmodel.calibration.sums.wanted import AS_TEXT, MOST_BYTES, cut, wanted
from riskmodel.errors import CasesError, UsageError
from tests.support.tabular import simulate, tabular

FEW = ["s1", "s4", "s8"]
CUTS = [40, 41, 95, 200, 201, 330, 470]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> rm.Model:
    return tabular(tmp_path_factory.mktemp("tabular"))


@pytest.fixture(scope="module")
def masks(model) -> Masks:
    """600 people, sorted so that parts of them have one kind of outcome."""
    people = simulate(model.priors, 600, np.random.default_rng(5), missing=0.3, verified=0.7)
    row = next(row for row, variable in enumerate(model.variables) if variable.role == "condition")
    return people[:, np.argsort(people[row], kind="stable")]


def pieces(model: rm.Model, masks: Masks, cuts: Sequence[int], **rules: int) -> list[CohortPiece]:
    """Parts of a cohort at these places."""
    rules = {"least_people": 0, "least_count": 0, **rules}
    bounds = [0, *cuts, masks.shape[1]]
    return [
        CohortPiece(model, range(start, end), masks[:, start:end], f"site {i}", **rules)
        for i, (start, end) in enumerate(itertools.pairwise(bounds))
    ]


def by_mail(parts: Sequence[CohortPiece], request: Request) -> list[str]:
    """The answers of all parts, both ways as text."""
    return [part.answer(read_request(request.text())).text() for part in parts]


def assert_same(sums: Calibration, whole: Calibration) -> None:
    numbers = list(whole.table.select_dtypes("number").columns)
    assert np.abs(sums.table[numbers].to_numpy() - whole.table[numbers].to_numpy()).max() < 1e-9
    assert sums.table.drop(columns=numbers).equals(whole.table.drop(columns=numbers))
    assert sums.model.priors.statements == whole.model.priors.statements
    assert (sums.steps, sums.converged) == (whole.steps, whole.converged)
    assert sums.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-9)
    assert (sums.origin.people, sums.origin.verified) == (whole.origin.people, whole.origin.verified)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"learn": "all"}, marks=pytest.mark.slow),
        {"learn": ["s0", "s3"], "prior_weight": 0.0},
        {"learn": FEW, "outcomes": "complete"},
    ],
    ids=["all", "ids without priors", "verified alone"],
)
def test_eight_uneven_parts_give_the_pooled_fit(model, masks, asked):
    parts = pieces(model, masks, CUTS)
    sums = calibrate_sums(model, lambda request: by_mail(parts, request), **asked)
    assert_same(sums, fit_coded(model, range(600), masks, **asked))


@pytest.mark.parametrize("seed", range(4))
def test_any_split_in_any_order_gives_the_pooled_fit(model, masks, seed):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(np.arange(1, 600), rng.integers(1, 12), replace=False))
    parts = pieces(model, masks[:, rng.permutation(600)], [*cuts])

    def ask(request: Request) -> list[Answer]:
        return [parts[i].answer(request) for i in rng.permutation(len(parts))]

    assert_same(calibrate_sums(model, ask, FEW), fit_coded(model, range(600), masks, FEW))


def test_a_part_without_rows_adds_nothing(model, masks):
    parts = pieces(model, masks, [600])
    sums = calibrate_sums(model, lambda request: by_mail(parts, request), FEW)
    assert_same(sums, fit_coded(model, range(600), masks, FEW))


def test_what_sums_cannot_give_is_refused(model):
    def nobody(request: Request) -> list[Answer]:
        raise AssertionError(request)

    with pytest.raises(UsageError, match="'weighted' cannot be fitted by sums: its weights come of a model"):
        calibrate_sums(model, nobody, outcomes="weighted")
    with pytest.raises(UsageError, match="did you mean 'complete'"):
        calibrate_sums(model, nobody, outcomes="complet")
    for names in (["a", "a"], ["", "b"], ["../a"]):
        with pytest.raises(UsageError, match=r"each needs a name of its own, of letters.*received '"):
            calibrate_sums(model, nobody, sites=names)
    with pytest.raises(CasesError, match="nobody answers"):
        calibrate_sums(model, lambda _: [], FEW)


def spoilt(change: str, answers: list[Answer], request: Request) -> list[Answer]:
    """The answers of a round with a fault."""
    first, *rest = answers
    if change == "missing":
        return rest
    if change == "twice":
        return [first, *answers]
    faults = {
        "round": {"number": request.number + 1},
        "fit": {"fit": "other"},
        "request": {"request": "other"},
        "rows": {"cohort": "sha256:other"},
        "version": {"version": "0.0.1"},
        "site": {"site": "elsewhere"},
        "sums": {"sums": None},
    }
    return [replace(first, file="answer.json", **faults[change]), *rest]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", "round 2: no answer of north; there are those of south"),
        ("twice", "north answers round 2 twice; keep one"),
        ("round", r"answer\.json: answers round 3; expected round 2"),
        ("fit", r"answer\.json: is of the fit other; expected [0-9a-f]{16} \(cohort\)"),
        ("request", r"answer\.json: answers another request of round 2"),
        ("rows", r"answer\.json: the rows of north are not those of round 1"),
        ("version", r"answer\.json: is of riskmodel 0\.0\.1; expected"),
        ("site", r"answer\.json: is of the site 'elsewhere'; expected one of north, south"),
        ("sums", r"answer\.json: holds other sums than round 2 asks for"),
    ],
)
def test_answers_that_do_not_fit_are_refused(model, masks, change, message):
    parts = [CohortPiece(model, range(300), masks[:, start::2], name) for name, start in (("north", 0), ("south", 1))]

    def ask(request: Request) -> list[Answer]:
        answers = [part.answer(request) for part in parts]
        return spoilt(change, answers, request) if request.number == 2 else answers

    with pytest.raises(CasesError, match=message):
        calibrate_sums(model, ask, FEW, sites=["north", "south"])


def first_request(model: rm.Model, **asked: object) -> Request:
    """What a fit asks first."""
    requests = []

    def ask(request: Request) -> list[Answer]:
        requests.append(request)
        return []

    with pytest.raises(CasesError):
        calibrate_sums(model, ask, **asked)
    return requests[0]


def test_a_site_answers_for_enough_people_alone(model, masks):
    request = first_request(model)
    with pytest.raises(CasesError, match="site north has 49 people; sums are given of 50 or more"):
        CohortPiece(model, range(49), masks[:, :49], "north").answer(request)
    with pytest.raises(CasesError, match="this site has 0 people"):
        CohortPiece(model, [], masks[:, :0]).answer(request)
    assert CohortPiece(model, range(50), masks[:, :50], "north").answer(request).people == 50
    complete = first_request(model, outcomes="complete")
    with pytest.raises(CasesError, match=r"site north has \d+ people with a known outcome"):
        CohortPiece(model, range(60), masks[:, -60:], "north").answer(complete)


def test_a_setting_with_few_people_is_not_answered_for(seeds, people):
    mixed = people.head(120).copy()
    mixed.loc[:8, "setting"] = "emergency"
    request = first_request(seeds)
    with pytest.raises(CasesError, match=r"too few people of a setting \(9 emergency\).*leave these rows out"):
        rm.cohort_sums(seeds, mixed, request, site="north")


def test_small_counts_are_withheld(model, masks):
    row = next(row for row, variable in enumerate(model.variables) if variable.role == "condition")
    few = masks[:, masks[row] != 2]
    few[row, :3] = 2
    piece = CohortPiece(model, range(few.shape[1]), few, "north")
    answer = piece.answer(first_request(model))
    name = model.variables[row].name
    assert f'"outcomes.{name}.present": "1 to 4"' in answer.text()
    again = read_answer(answer.text())
    assert again == answer
    assert again.census.outcomes[name][1] == 1


def test_another_model_or_version_is_refused(model, masks, tmp_path):
    request = first_request(model)
    other = model.with_statement("s0", value=0.11)
    with pytest.raises(UsageError, match=r"the request of round 1: is of the model .*all sites need the same prior"):
        CohortPiece(other, range(600), masks, "north").answer(request)
    with pytest.raises(UsageError, match=r"is of riskmodel 0\.0\.1, here is"):
        CohortPiece(model, range(600), masks).answer(replace(request, version="0.0.1"))


def test_messages_that_riskmodel_did_not_write_are_refused():
    with pytest.raises(CasesError, match=r"a\.json: is no JSON"):
        read_request("round 2", "a.json")
    with pytest.raises(CasesError, match=r"a\.json: holds None; expected a 'request for sums'"):
        read_request("{}", "a.json")
    with pytest.raises(CasesError, match="format 2; this version reads format 1"):
        read_answer('{"riskmodel": "answer with sums", "format": 2}')
    with pytest.raises(CasesError, match=r"a\.json: an answer has the key 'fit', which is missing"):
        read_answer('{"riskmodel": "answer with sums", "format": 1}', "a.json")


@pytest.mark.parametrize(
    ("points", "values", "size"), [(0, 0, 300), (3, 0, 300), (80, 0, 40), (0, 2000, 40), (1, 5, 8)]
)
def test_what_is_asked_for_is_cut_to_small_messages(points, values, size):
    rng = np.random.default_rng(1)
    whole = wanted(size, rng.normal(size=(points, size)), rng.normal(size=(values, size)), rng.normal(size=size))
    parts = cut(whole)
    assert np.array_equal(np.concatenate([part.slopes_at for part in parts]), whole.slopes_at)
    assert np.array_equal(np.concatenate([part.values_at for part in parts]), whole.values_at)
    entries = [part.entries for part in parts if part.products_at.size]
    assert entries[0][0] == 0
    assert entries[-1][1] == size * (size + 1) // 2
    assert all(before[1] == after[0] for before, after in itertools.pairwise(entries))
    for part in parts:
        digits = AS_TEXT * (len(part.slopes_at) * (size + 1) + len(part.values_at))
        assert digits + 10.7 * (part.entries[1] - part.entries[0]) < MOST_BYTES
        assert len(part.slopes_at) * size * AS_TEXT < MOST_BYTES
        assert len(part.values_at) * size * AS_TEXT < MOST_BYTES
