"""The reference report of the shipped priors is what the program gives."""

from __future__ import annotations

import difflib
import io

import pandas as pd
import pytest

from riskmodel.pages.render import markdown
from riskmodel.pages.section import Report
from tests.whole.regenerate_report import REFERENCE, reference

pytestmark = pytest.mark.slow

RENEW = "it is out of date; renew it with make docs"


@pytest.fixture(scope="module")
def fresh() -> Report:
    return reference()


def kept() -> dict[str, str]:
    return {
        path.relative_to(REFERENCE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(REFERENCE.rglob("*"))
        if path.is_file()
    }


def test_has_the_same_files(fresh):
    names = {f"tables/{table.id}.csv" for table in fresh.tables()} | {
        f"figures/{one.id}.svg" for one in fresh.figures()
    }
    assert set(kept()) == names | {"report.md"}, RENEW


def test_tables_hold_the_same_numbers(fresh):
    """To six digits: the last ones depend on the processor."""
    shown = kept()
    for table in fresh.tables():
        then, now = (pd.read_csv(io.StringIO(one)) for one in (shown[f"tables/{table.id}.csv"], table.csv()))
        pd.testing.assert_frame_equal(then, now, rtol=1e-6, atol=1e-9, obj=f"{table.id}: {RENEW}")


def test_text_is_the_same(fresh):
    shown, now = kept()["report.md"].splitlines(), markdown(fresh).splitlines()
    assert shown == now, RENEW + "\n" + "\n".join(difflib.unified_diff(shown, now, "shown", "now", lineterm=""))
