"""What is chosen and typed on the page: in its address, from an address, and as a row of a case file."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote

import numpy as np
import pytest

from riskmodel.casefiles.write.plain import cell
from riskmodel.explorer.content import MOST_CASES, ShownCases, content
from tests.support.explorer_script import NODE, in_node
from tests.support.masks import case

needs_node = pytest.mark.skipif(NODE is None, reason="there is no node on this machine")
READ = """
given.map((address) => {
  const state = new CaseState(explorer);
  state.readAddress(address);
  const { unknown, caseId } = state;
  return { address: state.address(), unknown, masks: state.masks(), caseId, csv: state.csv() };
})
"""
START = "set=seeds&setting=primary_care&policy=consensus&recording=ignorable"
GOOD = (
    "fever=present",
    "age=63&crp=85.5&leg_weakness=stable%7Cprogressive",
    "recording=chart&fever=not_assessed&night_sweats=absent",
    "rate.infection=0.01&stake.mri_for_infection=1%2F20&about=malignancy&beside=seeds",
    "case=Mrs.+X&weight_loss=present",
)
BAD = (
    "fevr=present", "fever=maybe", "age=-1", "age=121", "age=1.2.3", "setting=mars", "policy=none", "case=nobody",
    "rate.infection=0", "rate.infection=1", "rate.nothing=0.5", "stake.mri_for_infection=0/1", "stake.toString=1/2",
    "stake.__proto__=1/2", "rate.__proto__=0.5", "__proto__=present", "infection=present", "mri_for_infection=1",
    f"x={'y' * 10_000}", "</script>=1", "\u202efever=present",
)  # fmt: skip
TEXTS = (
    "=1+1", "+1", "+1+1", "-5", "-5e", "-", "@sum", "\tx", "\rx", "a,b", 'say "x"', "'", "", "1", "plain", "a\nb",
    "=\"x\",1", "</script>", "\u2028", "\u202eabc", "x" * 10_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def data(seeds):
    masks = case("emergency", fever="present", age="from_70")
    return content([seeds], setting="primary_care", cases=ShownCases(("first", "=1+1"), np.repeat(masks, 2, axis=1)))


@pytest.mark.slow
@needs_node
def test_an_address_comes_back(data, tmp_path):
    read = in_node(data, READ, [f"{START}&{text}" for text in GOOD], tmp_path)
    again = in_node(data, READ, [each["address"] for each in read], tmp_path)
    for text, each, second in zip(GOOD, read, again, strict=True):
        assert each["unknown"] == []
        assert dict(parse_qsl(each["address"])).items() >= dict(parse_qsl(text)).items()
        assert second == each


@pytest.mark.slow
@needs_node
def test_what_an_address_asks_for_in_vain_is_named(data, tmp_path):
    blank = in_node(data, READ, [START], tmp_path)[0]
    read = in_node(
        data, READ, [f"{START}&{'='.join(quote(part) for part in text.split('=', 1))}" for text in BAD], tmp_path
    )
    for text, each in zip(BAD, read, strict=True):
        assert each["unknown"] == [text]
        assert each["masks"] == blank["masks"]
        assert each["address"] == blank["address"]


@pytest.mark.slow
@needs_node
def test_a_case_of_the_file_by_its_name(data, tmp_path):
    alone, moved, named = in_node(
        data, READ, ["case=first", "case=first&setting=primary_care", "case=%3D1%2B1&fever=absent"], tmp_path
    )
    assert "setting=emergency" in alone["address"]
    assert "fever=present" in alone["address"]
    assert "age=from_70" in alone["address"]
    assert "setting=primary_care" in moved["address"]
    assert "fever=present" in moved["address"]
    assert named["caseId"] == "=1+1"
    assert named["csv"] == "case_id,setting,fever\n'=1+1,primary_care,absent\n"


@pytest.mark.slow
@needs_node
def test_cells_are_those_that_python_writes(data, tmp_path):
    assert in_node(data, "given.map(csvCell)", TEXTS, tmp_path) == [cell(text) for text in TEXTS]


def test_more_cases_than_can_be_listed_are_refused(seeds):
    from riskmodel.errors import UsageError

    names = tuple(map(str, range(MOST_CASES + 1)))
    with pytest.raises(UsageError, match="lists at most 10,000 cases, not 10,001"):
        content([seeds], cases=ShownCases(names, seeds.scoring.scorer.blank(len(names))))
