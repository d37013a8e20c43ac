"""The report card's decisions before and after the fit, counted again from the case scores."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.metrics.predictors import restricted
from riskmodel.pages.render import files
from riskmodel.report.card.card import card
from riskmodel.report.card.decisions import reclassification
from tests.support.cards import MODEL, validation_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def validation():
    return validation_of(people=500, learn="base_rates")


@pytest.fixture(scope="module")
def pages(validation):
    return files(card(validation))


def table(pages, name):
    return pd.read_csv(pd.io.common.StringIO(pages[f"tables/{name}.csv"]))


def test_who_is_imaged_before_and_after_is_counted_person_by_person(validation, pages):
    shown = table(pages, "reclassification").set_index(["action", "whom"])
    assert {action for action, _ in shown.index} == {"any imaging", "MRI", "any test", "seen within 48 hours"}
    for action in validation.before.actions:
        was, now = validation.before.actions[action], validation.after.actions[action]
        pairs = list(zip(was, now, strict=True))
        name = "MRI" if action == "mri" else action
        row = shown.loc[(name, "everyone")]
        assert (row["newly"], row["no_longer"]) == (pairs.count((0, 1)), pairs.count((1, 0)))
        assert row["before"] * len(pairs) == pytest.approx(sum(was))
        assert row["after"] * len(pairs) == pytest.approx(sum(now))
        groups = shown.loc[name].loc[["with any serious disease", "without any serious disease"], "people"]
        assert groups.sum() == validation.after.outcomes["any_serious"].notna().sum()
    assert shown["newly"].sum() + shown["no_longer"].sum() > 0  # the fit changes what somebody is asked to do


def test_urgency_before_against_after_adds_up(validation, pages):
    shown = table(pages, "urgency").set_index("before")
    assert shown.to_numpy().sum() == len(validation.before.urgency)
    for name in shown.columns:
        assert shown[name].sum() == (validation.after.urgency == name).sum()
    same = np.trace(shown[[name.replace(" ", "_") for name in shown.index]].to_numpy())
    assert same == (validation.before.urgency == validation.after.urgency).sum()


def test_urgency_is_that_of_the_policy(validation):
    scored = MODEL.scoring.compiled()(restricted(MODEL, validation.masks))
    assert list(validation.before.urgency) == [MODEL.policy.urgencies[i] for i in scored.decision.urgency]


def test_decisions_stand_before_and_after(pages):
    shown = table(pages, "decisions")
    assert {"value_before", "low_before", "value_after", "high_after"} <= set(shown.columns)
    assert "Decisions before and after" in pages["report.html"]


def test_changes_that_are_made_are_named(validation):
    changed = reclassification(validation)
    assert np.allclose(changed["change"] * changed["people"], changed["newly"] - changed["no_longer"])
