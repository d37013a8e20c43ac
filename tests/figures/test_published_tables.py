"""The forest of published tables: a square a study, a dot an answer, misses in another colour."""

import matplotlib.pyplot as plt
import pytest

from riskmodel import figures
from riskmodel.validation import validate


@pytest.fixture(scope="module")
def frame(seeds):
    return validate(seeds, draws=20).frame()


def test_every_row_has_its_two_marks_where_they_belong(frame):
    ax = figures.published_tables(frame)
    marks = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert set(marks) == {"study", "model", "model, missed"}
    assert list(marks["study"].get_xdata()) == pytest.approx(100 * frame["published"])
    inside = frame["verdict"] == "inside"
    assert list(marks["model"].get_xdata()) == pytest.approx(100 * frame["model"][inside])
    assert list(marks["model, missed"].get_xdata()) == pytest.approx(100 * frame["model"][~inside])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(frame["id"])
    plt.close(ax.figure)


def test_without_misses_there_is_no_colour_for_them(frame):
    ax = figures.published_tables(frame[frame["verdict"] == "inside"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["study", "model"]
    plt.close(ax.figure)
