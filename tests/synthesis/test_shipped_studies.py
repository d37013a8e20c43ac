"""The shipped tables of studies: names, sources, and what they yield."""

from pathlib import Path

import pytest

from riskmodel.errors import StudiesError
from riskmodel.evidence.load import priors_root
from riskmodel.evidence.reading.bibliography import KEY_IN_TEXT
from riskmodel.model import Model
from riskmodel.synthesis.studies import StudyCounts, read_studies
from riskmodel.synthesis.synthesise import synthesise
from riskmodel.validation.load import load_published

FILES = sorted((priors_root() / "studies").glob("*.csv"))
CONDITIONS = ("infection", "malignancy", "fracture", "cauda_equina")
READ = ("full_text", "abstract", "second_hand")


@pytest.fixture(scope="module")
def studies(literature: Model) -> dict[str, tuple[StudyCounts, ...]]:
    return {file.stem: read_studies(file, literature.priors) for file in FILES}


def test_enough_rows_over_the_four_conditions(studies):
    assert {name.removesuffix("_cases") for name in studies} == set(CONDITIONS)
    assert sum(map(len, studies.values())) >= 25
    assert sum(row.is_two_by_two for rows in studies.values() for row in rows) >= 15
    for name, rows in studies.items():
        condition = name.removesuffix("_cases")
        assert all(condition in f"{row.of} {row.given}".replace("=", " ").split() for row in rows), name
        if name.endswith("_cases"):
            assert all(row.given == f"{condition}=present" and not row.is_two_by_two for row in rows)


def test_every_row_says_where_it_was_read(studies, literature: Model):
    settings = next(v for v in literature.priors.variables if v.name == "setting").states
    for row in (row for rows in studies.values() for row in rows):
        assert row.source in literature.priors.sources, row
        assert row.read in READ, row
        assert row.setting in ("", *settings), row
        assert set(KEY_IN_TEXT.findall(row.details.get("note", ""))) <= set(literature.priors.sources)


def test_counts_agree_with_the_published_tables(studies, literature: Model):
    """A share that is asked of the network too has the same counts in both."""
    rows = {(row.source, row.of, row.given): row for every in studies.values() for row in every}
    published = load_published(literature.priors, priors_root()).rows
    compared = 0
    for table in published:
        if len(table.of.events) == 1 == len(table.given.events) and table.events is not None:
            row = rows.get((table.source, *(str(side.events[0]) for side in (table.of, table.given))))
            if row is not None:
                events = row.counts.get("tp", row.counts.get("events"))
                people = row.counts["tp"] + row.counts["fn"] if row.is_two_by_two else row.counts["n"]
                assert (events, people) == (table.events, table.n), table.id
                compared += 1
    assert compared >= 12


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_is_synthesised(file: Path, literature: Model):
    stated = synthesise(file, literature).stated
    assert all(0 < s["low"] < s["value"] < s["high"] < 1 for s in stated.statements)
    literature.with_statements(stated.statements, stated.sources)


def test_a_wrong_name_in_a_shipped_table_is_told(literature: Model, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text(FILES[0].read_text(encoding="utf-8").replace("saddle_anaesthesia", "saddle_anesthesia"))
    with pytest.raises(StudiesError, match="saddle_anaesthesia"):
        read_studies(bad, literature.priors)
