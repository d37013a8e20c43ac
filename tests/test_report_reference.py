"""The reference report of the shipped priors is what the program gives."""

from __future__ import annotations

import difflib
import io

import pandas as pd
import pytest

from tests.regenerate_report import REFERENCE, reference

RENEW = "it is out of date; renew it with make docs"


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    return reference()


def kept() -> dict[str, str]:
    return {
        path.relative_to(REFERENCE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(REFERENCE.rglob("*"))
        if path.is_file()
    }


def test_has_the_same_files(fresh):
    assert sorted(kept()) == sorted(fresh), RENEW


def test_tables_hold_the_same_numbers(fresh):
    """To six digits: the last ones depend on the processor."""
    for name, text in kept().items():
        if name.endswith(".csv"):
            shown, now = (pd.read_csv(io.StringIO(one)) for one in (text, fresh[name]))
            pd.testing.assert_frame_equal(shown, now, rtol=1e-6, atol=1e-9, obj=f"{name}: {RENEW}")


def test_text_is_the_same(fresh):
    shown, now = kept()["report.md"].splitlines(), fresh["report.md"].splitlines()
    assert shown == now, RENEW + "\n" + "\n".join(difflib.unified_diff(shown, now, "shown", "now", lineterm=""))
