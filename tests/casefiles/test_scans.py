"""Scans in case files: words that say "done" are refused, and cells that contradict each other reject the row."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskmodel.answers.output_columns import compiled_score, small_score
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.block import Coder
from riskmodel.casefiles.run import run
from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.errors import RiskModelError, UsageError
from riskmodel.evidence.records import Variable
from tests.support.models import shipped

MODEL = shipped()
CONTRACT = ColumnContract(MODEL.variables)
VARIABLE = {variable.name: variable for variable in MODEL.variables}
ROWS = [
    ("a", "normal", "", "", ""),
    ("b", "abnormal", "yes", "", "0"),
    ("c", "normal", "yes", "", ""),
    ("d", "", "1", "", "True"),
    ("e", "yes", "", "", ""),
    ("f", "", "", "0", ""),
    ("g", "abnormal", "no", "abnormal", ""),
    ("h", "", "", "normal", "present"),
    ("i", "POSITIVE", "", "negative", ""),
    ("j", "done", "", "", ""),
]
NAMES = ("case_id", "mri", "mri_tumour", "xray", "xray_fracture")


def table() -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([NAMES, *ROWS])
    return text.getvalue()


@pytest.mark.parametrize("scan", ["xray", "ct", "mri"])
def test_words_of_a_scan(scan):
    decoder = CellDecoder(VARIABLE[scan], parts=CONTRACT.parts[scan])
    assert {decoder.decode(text) for text in ("normal", "NORMAL", "negative")} == {1}
    assert {decoder.decode(text) for text in ("abnormal", "Positive")} == {2}
    assert {decoder.decode(text) for text in ("", "unknown", "normal|abnormal")} == {3}
    for text in ("yes", "no", "Y", "n", "true", "False", "1", "0", "1.0", "0.0", "present", "absent", "done"):
        found = decoder.decode(text)
        assert isinstance(found, CellProblem), text
        assert "mostly says whether the scan was done, not what was read" in found.problem
        assert f"goes into {scan}_" in found.problem
        assert "allowed: normal or abnormal" in found.problem
        assert isinstance(CellDecoder(VARIABLE[f"{scan}_fracture"]).decode(text), int) == (text != "done")


def test_the_refusal_names_the_parts_that_the_network_knows_whatever_they_are_called():
    tumour = Variable("growth", "test", ("absent", "present"), "", parents=("malignancy",))
    other = Variable("mri_price", "finding", ("absent", "present"), "")
    mri = Variable("mri", "test", ("normal", "abnormal"), "", parents=("growth", "mri_price"), form="any_of")
    coder = Coder.of(["case_id", "mri"], (tumour, other, mri), RunOptions(), "cases.csv")
    problem = coder.decoders[2].decode("yes")
    assert isinstance(problem, CellProblem)
    assert "; what it shows goes into growth;" in problem.problem


def test_a_mapping_may_say_what_yes_means():
    with pytest.raises(UsageError, match=r"values\.mri\.1: 'yes'.*whether the scan was done"):
        load_mapping({"values": {"mri": {"1": "yes"}}}, CONTRACT)
    mapping = load_mapping({"values": {"mri": {"1": "abnormal", "0": ""}, "*": {"ja": "yes"}}}, CONTRACT)
    decoder = mapping.decoder(VARIABLE["mri"])
    assert (decoder.decode("1"), decoder.decode("0")) == (2, 3)
    assert isinstance(decoder.decode("ja"), CellProblem)
    assert mapping.decoder(VARIABLE["mri_tumour"]).decode("ja") == 2


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_rows_of_a_file(tmp_path, kind, engine):
    path = tmp_path / f"cases.{kind}"
    if kind == "csv":
        path.write_text(table())
    else:
        columns = zip(NAMES, zip(*ROWS, strict=True), strict=True)
        pq.write_table(pa.table({name: list(cells) for name, cells in columns}), path)
    options, score = RunOptions("emergency", engine=engine), small_score(MODEL.scoring)
    target, compiled = tmp_path / "scored.csv", compiled_score(MODEL.scoring)
    result = run(path, target, MODEL.variables, score, options, compiled_score=compiled)
    assert (result.counts.read, result.counts.rejected) == (10, 5)
    rejects = (tmp_path / "scored.rejects.csv").read_text()
    assert "mri=normal and mri_tumour=present together have probability zero" in rejects
    assert "xray=normal and xray_fracture=present together have probability zero" in rejects
    assert rejects.count("mostly says whether the scan was done") == 3
    scored = pd.read_csv(tmp_path / "scored.csv", dtype=str, keep_default_na=False)
    assert scored["case_id"].tolist() == ["a", "b", "d", "g", "i"]


def test_a_frame_says_the_same():
    frame = pd.DataFrame([{"case_id": "a", "mri": True}])
    with pytest.raises(RiskModelError, match="'true' mostly says whether the scan was done"):
        MODEL.score(frame, setting="emergency")
    with pytest.raises(RiskModelError, match="mri=normal and mri_tumour=present together have probability zero"):
        MODEL.score(pd.DataFrame([{"mri": "normal", "mri_tumour": True}]), setting="emergency")
    one = MODEL.posterior(pd.DataFrame([{"mri_tumour": True}]), setting="emergency")
    other = MODEL.posterior(pd.DataFrame([{"mri": "abnormal", "mri_tumour": "present"}]), setting="emergency")
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)
