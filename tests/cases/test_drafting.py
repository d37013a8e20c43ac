"""A draft of a mapping: it loads whatever the file holds, it runs, and it gives no code a meaning."""

from __future__ import annotations

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.casefiles.collect import read_cases
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.sample import sample_of
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.drafting.propose import draft_mapping
from riskmodel.cases.drafting.sampled import SampledColumn
from riskmodel.cases.drafting.vocabulary import vocabulary
from riskmodel.cases.header import match_header
from riskmodel.cases.mapping import load_mapping
from riskmodel.model import Model
from tests.support.registry_export import registry_export

# What a person adds to the draft of the registry: it takes lines that are commented out, and says what codes mean.
EDITS = (
    '# infection = {', '# malignancy = {', '# fracture = {', '# cauda_equina = {',
    '# Tumoranamnese =', '# [values.cancer_history]', '# "1" = ""', '# "2" = ""', '# "3" = ""',
)  # fmt: skip
CODES = {'"1" = ""': '"1" = "none"', '"2" = ""': '"2" = "other_primary"', '"3" = ""': '"3" = "spine_seeking_primary"'}


def edited(draft: str) -> str:
    lines = []
    for line in draft.splitlines():
        if line.startswith(EDITS):
            line = line.removeprefix("# ")  # noqa: PLW2901
            for before, after in CODES.items():
                line = line.replace(before, after)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("registry") / "export.csv"
    path.write_text(registry_export(120)[0], encoding="utf-8")
    return path


def drafted(path: Path, model: Model) -> str:
    columns = sample_of(path)
    return draft_mapping(columns, ColumnContract(model.variables), path.name, columns[0].rows)


def test_a_registry_goes_from_draft_to_coded_cases_with_nine_edits(export, literature):
    mapping = export.with_name("mapping.toml")
    draft = drafted(export, literature)
    assert sum(line.startswith(EDITS) for line in draft.splitlines()) == 9
    mapping.write_text(edited(draft), encoding="utf-8")
    options = RunOptions(default_setting="emergency", mapping=mapping, known_outcomes=True)
    rows = read_cases(export, literature.variables, options)
    assert rows.result.counts.rejected == 0
    truth = pd.DataFrame(registry_export(120)[1])
    assert np.array_equal(rows.masks, literature.code(truth, setting="emergency", known_outcomes=True))
    assert rows.result.prepared["age: a number"] == 120
    assert rows.result.prepared["Hauptdiagnose, code not listed: M54.5"] > 0


def test_the_draft_itself_runs_and_reads_no_code(export, literature):
    mapping = export.with_name("draft.toml")
    mapping.write_text(drafted(export, literature), encoding="utf-8")
    rows = read_cases(export, literature.variables, RunOptions(default_setting="emergency", mapping=mapping))
    assert rows.result.counts.rejected == 0
    names = [variable.name for variable in literature.variables]
    for name in ("cancer_history", "infection"):
        assert set(rows.masks[names.index(name)]) == {literature.variables[names.index(name)].full_mask}


def test_a_draft_of_a_draft_is_the_same_for_parquet(export, literature):
    table = export.with_suffix(".parquet")
    pd.read_csv(export, dtype=str).to_parquet(table)
    assert drafted(table, literature).replace(table.name, export.name) == drafted(export, literature)


def one_column(name: str, cells: list[str], model: Model) -> str:
    columns = [
        SampledColumn("case_id", Counter(map(str, range(len(cells)))), len(cells)),
        SampledColumn(name, Counter(cell for cell in cells if cell), len(cells)),
    ]
    return draft_mapping(columns, ColumnContract(model.variables), "file.csv", len(cells))


@pytest.mark.parametrize(
    ("name", "cells", "line"),
    [
        ("Fieber", ["1", "2"] * 20, '# Fieber = "fever"'),  # 1 and 2 are codes: which is yes?
        ("fever", ["1", "2"] * 20, 'ignore = ["fever"]'),
        ("Fieber", ["0", "1", "9"] * 20, 'fever = ["9"]'),
        ("Fieber", ["ja", "nein", "x y z"] * 20, '# "x y z" = ""'),
        ("Temp", ["98.6", "101.2"] * 20, 'fever = { number = "Temp", at_least = "38 °C", unit = "°F" }'),
        ("Temp", ["1", "2"] * 20, "but not with these numbers"),
        ("pain duration (days)", ["10", "400"] * 20, 'pain_duration_weeks = "days"'),
        ("DOB", ["01.02.60", "13.04.71"] * 20, "years of two digits are refused"),
        ("Fevre", ["oui", "non"] * 20, 'Fevre = "fever"'),
        ("Feverr", ["yes", "no"] * 20, '"fever"'),
        ("zzz", ["a", "b"] * 20, '#   "zzz": \'a\' 20, \'b\' 20'),
    ],
)  # fmt: skip
def test_what_is_proposed(name, cells, line, literature):
    assert line in one_column(name, cells, literature)


def test_a_column_of_codes_is_not_read_under_its_known_name(literature):
    frame = pd.DataFrame({"case_id": ["a", "b"], "fever": ["1", "2"], "Fieber": ["no", "yes"]})
    mapping = tomllib.loads(one_column("fever", ["1", "2"] * 20, literature))
    masks = literature.code(frame[["case_id", "fever"]], setting="emergency", mapping=mapping)
    assert np.array_equal(masks, literature.code(frame[["case_id"]], setting="emergency"))
    renamed = {**mapping, "columns": {"Fieber": "fever"}}
    ours = pd.DataFrame({"case_id": ["a", "b"], "fever": ["no", "yes"]})
    masks = literature.code(frame, setting="emergency", mapping=renamed)
    assert np.array_equal(masks, literature.code(ours, setting="emergency"))


def test_days_and_months_that_cannot_be_told_apart_stay_open(literature):
    cells = {"dob": ["01/02/1960", "03/04/1971"] * 5, "visit date": ["05/06/2020", "07/08/2021"] * 5}
    columns = [SampledColumn("case_id", Counter(map(str, range(10))), 10)]
    columns += [SampledColumn(name, Counter(texts), 10) for name, texts in cells.items()]
    draft = draft_mapping(columns, ColumnContract(literature.variables), "file.csv", 10)
    assert '# dates = "DD/MM/YYYY"' in draft
    assert "could as well be MM/DD/YYYY" in draft
    assert "# age = {" in draft


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
CELLS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=6)
KNOWN_NAMES = st.sampled_from(
    ["Fieber", "crp", "dob", "visit date", "temp", "fever", 'a"b', "final_dx", "s___1", "hiv"]
)
SOME_CELLS = st.sampled_from(["ja", "1", "9", "38,5", "01.02.2003", "M46.4", "k.A.", "-9", "", 'x"\n'])


def test_any_draft_loads_and_takes_its_header(literature):
    contract = ColumnContract(literature.variables)

    @settings(max_examples=30, deadline=None)
    @given(st.dictionaries(NAMES | KNOWN_NAMES, CELLS | st.lists(SOME_CELLS, min_size=3, max_size=20), max_size=5))
    def loads(table: dict[str, list[str]]) -> None:
        columns = [
            SampledColumn(name, Counter(filter(None, cells)), max(len(cells), 3)) for name, cells in table.items()
        ]
        if "case_id" not in table:
            columns.append(SampledColumn("case_id", Counter("abc"), 3))
        draft = draft_mapping(columns, contract, "file.csv", 3)
        mapping = load_mapping(tomllib.loads(draft, parse_float=Decimal), contract)
        if mapping.preparation is None:
            match_header([column.name for column in columns], contract, mapping)

    loads()


def test_the_vocabulary_speaks_of_columns_that_there_are(literature):
    contract = ColumnContract(literature.variables)
    tables = vocabulary().tables
    named = [*tables["columns"], *tables["thresholds"], *tables["parts"], *tables["icd"]]
    assert [name for name in named if name not in contract.headers] == []
    for column, states in tables["states"].items():
        for state in states if column != "scan" else ():
            assert state in contract.variables[contract.by_column[column]].states
