"""Tables of studies: what is read, and what is refused."""

import io

import pandas as pd
import pytest

from riskmodel.errors import StudiesError, UsageError
from riskmodel.model import Model
from riskmodel.synthesis.studies import read_studies

GOOD = """study,year,source,locator,read,setting,of,given,tp,fp,fn,tn,events,n,quadas_flow
Smith 2024,2024,smith_2024,table 2,full_text,emergency,fever=present,infection=present,20,30,20,330,,,low
Jones 2020,2020,jones_2020,p. 4,abstract,,fever=present,infection=present,0,3,9,88,,,
Green 2021,,green_2021,abstract,,emergency,infection=present,setting=emergency,,,,,7,1200,
"""


def written(tmp_path, text: str):
    file = tmp_path / "studies.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_is_read(tmp_path, seeds: Model):
    first, second, third = read_studies(written(tmp_path, GOOD), seeds.priors)
    assert first.counts == {"tp": 20, "fp": 30, "fn": 20, "tn": 330}
    assert (first.year, first.read, first.setting) == (2024, "full_text", "emergency")
    assert first.details == {"quadas_flow": "low"}
    assert second.counts["tp"] == 0
    assert (third.counts, third.read, third.year) == ({"events": 7, "n": 1200}, "no", None)


def test_a_frame_and_semicolons_give_the_same(tmp_path):
    file = written(tmp_path, GOOD)
    assert read_studies(pd.read_csv(file)) == read_studies(file)
    assert read_studies(written(tmp_path, "\ufeff" + GOOD.replace(",", ";"))) == read_studies(
        pd.read_csv(file, sep=";")
    )


def test_all_problems_at_once(tmp_path, seeds: Model):
    bad = (
        GOOD.replace("abstract,,fever=present", "abstrac,,feverr=present")
        .replace(",0,3,9,", ",0.5,3,-9,")
        .replace("7,1200", "1300,1200")
        .replace("Smith 2024,2024", ",24")
    )
    with pytest.raises(StudiesError) as error:
        read_studies(written(tmp_path, bad), seeds.priors)
    text = str(error.value)
    for part in (
        "line 2, column 'study': blank",
        "line 2, column 'year': received '24'",
        "line 3, column 'read': received 'abstrac'; allowed: full_text, abstract, second_hand, no (did you mean",
        "line 3, column 'tp': received '0.5'",
        "line 3, column 'fn': received '-9'",
        "(did you mean 'fever'?)",
        "line 4, column 'events': received 1300 of n = 1200",
    ):
        assert part in text
    assert len(error.value.problems) == 7


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("locator", "locatr", r"column 'locatr': unknown column .*did you mean 'locator'"),
        (
            "330,,,low",
            ",,,low",
            r"line 2, column 'tn': blank beside tp, fp, fn; all of tp, fp, fn, tn, or events and n",
        ),
        ("20,30,20,330,,", "20,30,20,330,5,9", r"line 2, column 'tp': counts in tp, .* events, n; .*, not both"),
        ("20,30,20,330", "0,30,0,330", "nobody with the condition"),
        (
            "Jones 2020,2020,jones_2020,p. 4,abstract,,",
            "Smith 2024,2020,j_2020,p. 4,abstract,emergency,",
            "again, first in line 2",
        ),
        ("fever=present,infection=present,20", "fever,infection=present,20", "column 'of': received 'fever'"),
    ],
)
def test_each_problem_is_named(tmp_path, old, new, message):
    with pytest.raises(StudiesError, match=message):
        read_studies(written(tmp_path, GOOD.replace(old, new, 1)))


def test_files_that_are_no_table(tmp_path):
    for text, message in (("", "the file is empty"), (GOOD.splitlines()[0] + "\n", "no rows")):
        with pytest.raises(StudiesError, match=message):
            read_studies(written(tmp_path, text))
    with pytest.raises(StudiesError, match="cannot be read"):
        read_studies(tmp_path / "nothing.csv")
    with pytest.raises(UsageError, match="the path of a CSV file or a pandas frame, not a list"):
        read_studies([{"study": "Smith 2024"}])
    with pytest.raises(StudiesError, match="as many cells"):
        read_studies(written(tmp_path, GOOD.replace("330,,,low", "330,,,low,more")))


SUSPECTED = """study,source,locator,of,given,others,tp,fp,fn,tn,events,n
Katz 2020,katz_2020,abstract,bladder_scan=retention,cauda_equina=present,cauda_equina_mimic=present,32,75,2,151,,
"""


def test_those_without_the_condition_may_have_another_one(tmp_path, seeds: Model):
    (row,) = read_studies(written(tmp_path, SUSPECTED), seeds.priors)
    assert row.others == "cauda_equina_mimic=present"


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (SUSPECTED.replace("_mimic=present", "_mimick=present"), "did you mean 'cauda_equina_mimic'"),
        (SUSPECTED.replace("_mimic=present", "_mimic=absent"), "'alone' follows a condition that is present"),
        (SUSPECTED.replace("_mimic=present", "_mimic"), "allowed: condition=present, which those without"),
        (SUSPECTED.replace("cauda_equina_mimic=present", "excluded"), "a blank, and given the condition alone"),
        (SUSPECTED.replace("cauda_equina=present,", "cauda_equina=present alone,"), "not alone"),
        (SUSPECTED.replace("32,75,2,151,,", ",,,,32,34"), "only with tp, fp, fn, tn"),
    ],
)
def test_what_others_cannot_be(tmp_path, seeds: Model, wrong, what):
    with pytest.raises(StudiesError, match="line 2, column 'others'") as error:
        read_studies(written(tmp_path, wrong), seeds.priors)
    assert what in str(error.value)


def test_a_setting_that_the_model_does_not_have_is_named_where_it_stands(tmp_path, seeds: Model):
    with pytest.raises(StudiesError, match=r"line 2, column 'setting': received 'emergencies'; .*mean 'emergency'"):
        read_studies(written(tmp_path, GOOD.replace("emergency", "emergencies", 1)), seeds.priors)


def test_faulty_counts_are_told_beside_blank_ones(tmp_path, seeds: Model):
    with pytest.raises(StudiesError) as error:
        read_studies(written(tmp_path, SUSPECTED.replace("32,75,2,151", "32,7.5,,many")), seeds.priors)
    assert [problem.where for problem in error.value.problems] == [
        "line 2, column 'fn'", "line 2, column 'fp'", "line 2, column 'tn'"
    ]  # fmt: skip


def test_a_test_named_alone_is_told_its_states(seeds: Model):
    table = pd.read_csv(io.StringIO(GOOD)).head(2)
    with pytest.raises(StudiesError, match=r"of esr: esr=from_20_to_50, .*or esr=any for all that are not under_20"):
        read_studies(table.assign(of="ESR"), seeds.priors)
    with pytest.raises(StudiesError, match=r"the conditions are infection=present, malignancy=present"):
        read_studies(table.assign(given="cancer"), seeds.priors)
