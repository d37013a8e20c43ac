"""The columns of a score: all are described, and a fifth serious condition has its own."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.answers.output_columns import asker, uncertain_score
from riskmodel.casefiles.summary import readable
from riskmodel.errors import InferenceError
from tests.support.models import shipped
from tests.support.paths import ROOT

FEVER = {"case_id": "a", "fever": "yes", "esr_mm_h": 85}


def test_every_column_stands_in_the_table_of_the_pages():
    model = shipped()
    score = uncertain_score(model.uncertain(4, 0), asker(model.scoring, None))
    names = [column.name for column in score(model.code(pd.DataFrame([FEVER]), setting="emergency")).columns]
    page = (ROOT / "docs" / "case_files.md").read_text(encoding="utf-8").partition("\n## Output\n")[2]
    table = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert not [name for name in names if name not in table and not name.startswith("p_")]


def test_impossible_evidence_is_the_error_that_the_method_promises():
    model = shipped().with_statement("find.fever.none", value=0.0)
    case = pd.DataFrame([{"fever": "yes", "infection": "no", "malignancy": "no", "nonspinal_serious": "no"}])
    with pytest.raises(InferenceError, match="probability zero"):
        model.score(case, setting="emergency", known_outcomes=True)
    assert "InferenceError" in (rm.Model.score.__doc__ or "")


def test_a_fifth_serious_condition_shows_itself():
    model = shipped()
    variables = tuple(replace(v, serious=v.serious or v.name == "inflammatory") for v in model.priors.variables)
    scoring = replace(model, priors=replace(model.priors, variables=variables)).scoring
    row = model.score(pd.DataFrame([FEVER]), setting="emergency").iloc[0].to_dict()
    shown = next(line for line in readable(SimpleNamespace(rows=[row], count=1), scoring) if line.startswith("case"))
    assert "inflammatory" in shown
    assert "cauda equina mimic" not in shown
