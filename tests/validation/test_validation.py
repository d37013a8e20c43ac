"""Published tables asked of the network: exact answers, a verdict that chance alone seldom spoils, strict loading."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.errors import PriorsError
from riskmodel.evidence.records import Event
from riskmodel.network.ask import conditional, probability
from riskmodel.synthesis.jointly.tables import sort_tables
from riskmodel.validation import validate
from riskmodel.validation.ask import answer
from riskmodel.validation.compare import nearest_statements, study_interval, verdict
from riskmodel.validation.load import FILE, load_published
from riskmodel.validation.records import Combination, PublishedRow

SETTING = {"setting": ("primary_care",)}
CONDITIONS = ("infection", "malignancy", "fracture", "cauda_equina")


def row(of, given=(), *, people=(), others=(), of_least=None, given_least=None, **figures) -> PublishedRow:
    figures = {"published": 0.5, "events": None, "n": None, "low": None, "high": None, "prior": None} | figures
    return PublishedRow(
        "row", "source", "", "primary_care", tuple(people),
        Combination(tuple(of), len(of) if of_least is None else of_least),
        Combination(tuple(given), len(given) if given_least is None else given_least),
        tuple(others), read="abstract", figures="printed", same_data=(), note="", **figures,
    )  # fmt: skip


FEVER, NUMB = Event("fever", ("present",)), Event("leg_numbness", ("present",))
OLD, WEAK = Event("age", ("from_70",)), Event("leg_weakness", ("stable", "progressive"))
INFECTION = Event("infection", ("present",))
SERIOUS, NOT_SERIOUS = Event("any_serious", ("present",)), Event("any_serious", ("absent",))


def test_a_single_event_is_what_the_network_says(seeds):
    expected = conditional(seeds.tables, INFECTION, {**SETTING, "fever": ("present",)})
    assert answer(seeds.tables, row([INFECTION], [FEVER])) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("least", [1, 2, 3, 4])
def test_at_least_so_many_is_the_sum_over_all_combinations(seeds, least):
    events = [FEVER, NUMB, OLD, WEAK]
    network, with_infection, total = seeds.tables, 0.0, 0.0
    for holds in product([True, False], repeat=4):
        if sum(holds) < least:
            continue
        allowed = dict(SETTING)
        for event, true in zip(events, holds, strict=True):
            states = network.variable(event.variable).states
            allowed[event.variable] = tuple(s for s in states if (s in event.states) == true)
        total += probability(network, allowed)
        with_infection += probability(network, {**allowed, "infection": ("present",)})
    asked = row([INFECTION], events, given_least=least)
    assert answer(network, asked) == pytest.approx(with_infection / total, rel=1e-10)
    as_share = row(events, [], of_least=least)
    assert answer(network, as_share) == pytest.approx(total / probability(network, SETTING), rel=1e-10)


def test_composites_are_asked_as_the_scorer_answers(seeds):
    import pandas as pd

    scored = seeds.score(pd.DataFrame({"fever": ["present"]}), setting="primary_care")
    assert answer(seeds.tables, row([SERIOUS], [FEVER]))[0] == pytest.approx(scored["p_any_serious"][0], rel=1e-9)
    of_serious = conditional(seeds.tables, FEVER, SETTING)
    joint = answer(seeds.tables, row([FEVER], [SERIOUS])) * answer(seeds.tables, row([SERIOUS]))
    joint += answer(seeds.tables, row([FEVER], [NOT_SERIOUS])) * answer(seeds.tables, row([NOT_SERIOUS]))
    assert joint == pytest.approx(of_serious, rel=1e-10)


def test_the_setting_s_own_base_rate_as_a_prior_changes_nothing(seeds):
    base = float(answer(seeds.tables, row([INFECTION], people=[OLD]))[0])
    asked = row([INFECTION], [FEVER], people=[OLD], prior=base)
    assert answer(seeds.tables, asked, at_prior=True) == pytest.approx(answer(seeds.tables, asked), rel=1e-10)


def test_a_prior_enters_by_bayes_theorem(seeds):
    asked = row([INFECTION], [FEVER], prior=0.3)
    ratio = answer(seeds.tables, row([FEVER], [INFECTION]))
    ratio = ratio / answer(seeds.tables, row([FEVER], [Event("infection", ("absent",))]))
    odds = ratio * 0.3 / 0.7
    assert answer(seeds.tables, asked, at_prior=True) == pytest.approx(odds / (1 + odds), rel=1e-10)


def test_others_are_whom_the_study_compared_with(seeds):
    mimic = Event("cauda_equina_mimic", ("present",))
    saddle, condition = Event("saddle_anaesthesia", ("present",)), Event("cauda_equina", ("present",))
    plain = row([condition], [saddle], prior=0.2)
    suspected = replace(plain, others=(mimic,))
    at = {"at_prior": True}
    assert answer(seeds.tables, suspected, **at) < answer(seeds.tables, plain, **at)


def test_the_verdict_is_seldom_against_a_right_model():
    """Studies drawn from the model itself are inside in 95 % or a little more, whatever their size."""
    rng = np.random.default_rng(1)
    answers = rng.beta(8, 20, 400)
    for n in (10, 60, 500):
        truths = rng.choice(answers, 400)
        events = rng.binomial(n, truths)
        verdicts = [verdict(row([FEVER], published=int(e) / n, events=int(e), n=n), answers) for e in events]
        inside = verdicts.count("inside") / len(verdicts)
        assert 0.93 <= inside <= 0.995
        assert min(verdicts.count("too low"), verdicts.count("too high")) <= 0.04 * len(verdicts)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"events": 39, "n": 40}, "too low"),
        ({"events": 0, "n": 40}, "too high"),
        ({"events": 12, "n": 40}, "inside"),
        ({"low": 0.7, "high": 0.9}, "too low"),
        ({"low": 0.05, "high": 0.95}, "inside"),
        ({}, "too low"),
    ],
)
def test_verdicts(figures, expected):
    answers = np.linspace(0.25, 0.35, 101)
    shares = {"published": figures["events"] / figures["n"] if "events" in figures else 0.8}
    assert verdict(row([FEVER], **shares, **figures), answers) == expected


def test_an_interval_of_a_count_is_exact():
    low, high = study_interval(row([FEVER], published=0.25, events=5, n=20))
    assert (low, high) == pytest.approx((0.0866, 0.4910), abs=1e-4)  # Clopper and Pearson, published tables
    assert study_interval(row([FEVER], low=0.1, high=0.7)) == (0.1, 0.7)


@pytest.mark.slow
def test_the_nearest_statement_is_the_one_that_states_the_share(seeds):
    high = row([FEVER], [INFECTION], published=0.99)
    best = nearest_statements(seeds.priors, [replace(high, given=Combination((INFECTION,), 1))])
    assert best["row"]["nearest"] == "find.fever.infection"
    assert 0.67 < best["row"]["at_nearest"] < 0.99


def test_the_shipped_tables(seeds):
    tables = load_published(seeds.priors, seeds.root)
    assert len(tables.rows) >= 30
    assert {e.variable for r in tables.rows for e in (*r.of.events, *r.given.events)} >= {*CONDITIONS, "any_serious"}
    assert any(r.given.least < len(r.given.events) for r in tables.rows)  # several flags together
    assert all(r.locator for r in tables.rows)


@pytest.mark.slow
def test_rows_whose_study_drives_a_table_are_no_test(seeds):
    validation = validate(seeds, draws=20)
    used = {c.row.id: c.used for c in validation.answers}
    assert used["tenderness.infection.nvo"]
    assert used["fracture.steroids"]  # by the people it shares with other reviews
    assert not used["infection.injecting.emergency"]
    assert sum(validation.count()) > 0
    assert validation.count()[1] + validation.count(used=True)[1] == len(validation.answers)


@pytest.mark.slow
def test_rows_of_a_study_behind_a_synthesised_number_are_no_test(literature):
    """Its source is the synthesis; the people are those of its studies."""
    rows = [("A", "chelsom_1998", "abstract", 33, 40), ("B", "curry_2005", "abstract", 30, 48)]
    table = pd.DataFrame(rows, columns=["study", "source", "locator", "events", "n"])
    table = table.assign(of="spinal_tenderness=present", given="infection=present")
    stated = rm.synthesise(table, literature).stated
    edited = literature.with_statements(stated.statements, stated.sources)
    used = [{c.row.id: c.used for c in validate(model, draws=20).answers} for model in (literature, edited)]
    assert not used[0]["tenderness.infection"]
    assert used[1]["tenderness.infection"]
    assert used[1]["fever.infection.abscess.curry"]
    aside = sort_tables(edited.priors, load_published(edited.priors, edited.root).rows).aside
    assert aside["tenderness.infection"].startswith("its study drives synthesis_spinal_tenderness")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_answers(seeds):
    first, second = (validate(seeds, draws=20, seed=3).frame() for _ in range(2))
    assert first.equals(second)
    assert "PublishedValidation" not in repr(validate(seeds, draws=20))


@pytest.mark.slow
def test_a_finer_prior_set_changes_the_verdict(seeds):
    informed = seeds.with_statement("find.night_pain.none", value=0.442, low=0.40, high=0.49)
    answers = {c.row.id: c for c in validate(informed, draws=50).answers}
    assert answers["night_pain.not_serious"].model == pytest.approx(0.442, abs=0.01)


GOOD = """
[sources.a_study]
title = "A study"
kind = "study"

[[row]]
id = "one"
source = "a_study"
locator = "table 1"
setting = "primary_care"
of = ["fever=present"]
given = ["infection=present"]
events = 3
n = 10
read = "abstract"
"""


def load(seeds, tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    return load_published(seeds.priors, tmp_path)


def test_a_row_is_read(seeds, tmp_path):
    tables = load(seeds, tmp_path, GOOD)
    assert tables.rows[0].published == 0.3
    assert tables.rows[0].question == "P(fever=present | infection=present)"
    assert tables.sources["a_study"].title == "A study"
    assert load_published(seeds.priors, tmp_path / "nowhere").rows == ()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("fever=present", "fevr=present", "unknown variable 'fevr'.*fever"),
        ("fever=present", "fever=yes", "unknown state 'yes' of fever"),
        ("primary_care", "primary", "unknown setting 'primary'.*primary_care"),
        ('source = "a_study"', 'source = "a_studi"', "unknown source 'a_studi'.*a_study"),
        ("events = 3\n", "", "neither events nor published"),
        ("events = 3\n", "events = 3\npublished = 0.3\n", "both events and published"),
        ("n = 10\n", "", "None beside events = 3"),
        ("n = 10\n", "n = 2\n", "2 beside events = 3"),
        ("events = 3", "published = 0.3\nlow = 0.4\nhigh = 0.5", "low below published below high"),
        ("events = 3", "published = 0.3\nlow = 0.1", "one of low and high"),
        ("events = 3", "published = 30", "30"),
        ("n = 10\n", 'n = 10\nsame_data = ["nobody"]\n', "unknown source 'nobody'"),
        ("n = 10\n", "n = 10\ngiven_at_least = 2\n", "at most 1"),
        ("n = 10\n", "n = 10\nof_at_least = 0\n", "of_at_least"),
        ('given = ["infection=present"]', "given = []\nprior = 0.1", "only where `of` is one event"),
        ("n = 10\n", "n = 10\nwhy = 1\n", "unknown key 'why'"),
        ('read = "abstract"', 'read = "memory"', "memory"),
        ('of = ["fever=present"]', "of = []", "'of'"),
        ("[[row]]", "[[rows]]", "rows"),
        ("[[row]]", "[[row", "not TOML"),
        ('read = "abstract"\n', 'read = "abstract"\n' + GOOD[GOOD.index("[[row]]") :], "duplicate id 'one'"),
    ],
)
def test_bad_rows_are_refused_with_their_place(seeds, tmp_path, before, after, message):
    assert before in GOOD
    with pytest.raises(PriorsError, match=f"(?s)validation.toml.*{message}"):
        load(seeds, tmp_path, GOOD.replace(before, after, 1))


@pytest.mark.slow
def test_the_command(tmp_path):
    done = CliRunner().invoke(commands, ["validate", "--draws", "20"])
    assert done.exit_code == 0, done.output
    assert "lie inside what a study of their size would see" in done.output
    assert "No test: a table of the network rests on the same study" in done.output
    written = tmp_path / "rows.csv"
    done = CliRunner().invoke(commands, ["validate", "--draws", "20", "--format", "csv", "-o", str(written)])
    assert done.exit_code == 0
    assert written.read_text(encoding="utf-8").startswith("id,question,setting,published,")
