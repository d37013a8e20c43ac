"""What the glossary and the files of the priors say of each other is so."""

import re
import tomllib

import pytest

from riskmodel.evidence.records import QUANTITIES
from tests.support.paths import ROOT

PRIORS = ROOT / "priors"
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")
STATEMENT = re.compile(r"\b(?:find|base|risk|test|cost|hours|wait|window|unaided|share)\.[a-z0-9_.]*[a-z0-9_]")


def toml(path: str) -> dict:
    return tomllib.loads((PRIORS / path).read_text(encoding="utf-8"))


EXCLUDED = toml("excluded.toml")["excluded"]
BESIDE = {statement["id"]: statement for statement in toml("pathways.toml")["statement"]}


def words_on(entry: dict) -> str:
    return f"{entry.get('reason', '')} {entry.get('used_in', '')}"


def test_the_glossary_counts_the_dependence_groups_that_ship(seeds):
    text = " ".join((ROOT / "GLOSSARY.md").read_text(encoding="utf-8").split())
    entry = text.split("**dependence**:")[1].split("##")[0]
    assert f"{NUMBERS[len(seeds.priors.groups)]} groups are declared" in entry


def test_the_page_on_priors_names_every_file_and_every_quantity():
    page = (PRIORS / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in PRIORS.glob("*.toml") if f"| `{path.name}` |" not in page]
    assert not missing
    first_cells = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    assert not [quantity for quantity in QUANTITIES if quantity not in first_cells.replace("likelihood_ratio`", "")]


@pytest.mark.parametrize("entry", EXCLUDED, ids=lambda entry: entry["id"])
def test_what_a_left_out_claim_names_is_there(seeds, entry):
    text, known = words_on(entry), {statement.id: statement for statement in seeds.priors.statements}
    for name in STATEMENT.findall(text):
        assert name in known or name in BESIDE
        if "as an assumption" in text or "as assumptions" in text:
            assert (known[name].basis if name in known else BESIDE[name]["basis"]) == "assumption"
    for policy in re.findall(r"policy (\w+)", text):
        rules = (PRIORS / "policies" / f"{policy}.toml").read_text(encoding="utf-8")
        for circumstance in re.findall(r"circumstance (\w+)", text):
            assert circumstance in rules
    for state, variable in re.findall(r"\bstate (\w+) of (\w+)", text):
        assert state in seeds.priors.variable(variable).states


def test_no_left_out_claim_says_that_costs_are_outside():
    """pathways.toml holds costs with their sources, some of them from the five documents."""
    assert BESIDE["cost.visit"]["source"] == "general_medicine_2025"
    assert not [entry["id"] for entry in EXCLUDED if "costs are outside" in words_on(entry).lower()]
    told = " ".join(words_on(entry) for entry in EXCLUDED if entry["source"] != "assumption")
    stated = {name for name, statement in BESIDE.items() if statement["basis"] == "seed"}
    assert stated <= set(STATEMENT.findall(told)), "a figure of a document that pathways.toml uses is listed as unused"


def test_nothing_says_that_start_back_is_shown_while_no_output_shows_it():
    package = ROOT / "riskmodel"
    users = [
        path
        for path in package.rglob("*.py")
        if "startback" in path.read_text(encoding="utf-8") and path.name != "startback.py"
    ]
    shown = [entry["id"] for entry in EXCLUDED if "shown beside the result" in words_on(entry)]
    assert bool(users) or not shown
