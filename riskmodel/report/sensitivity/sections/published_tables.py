"""Does the network say what studies saw? Published tables that it may fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.figures import published_tables
from riskmodel.figures.rows import height
from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.pages.svg import WIDTH, canvas
from riskmodel.report.sensitivity.labels import published_label
from riskmodel.report.validation import validation_count
from riskmodel.validation import validate

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study

DRAWS = 300  # for the model's intervals
ORDER = ("too low", "too high", "inside")


def published_tables_section(study: Study) -> Section | None:
    """Nothing where no validation.toml stands beside the priors."""
    validation = validate(study.model, draws=min(DRAWS, study.spec.draws), seed=study.spec.seed)
    frame = validation.frame()
    if frame.empty:
        return None
    frame["label"] = [published_label(answered.row) for answered in validation.answers]
    frame["test"] = ["no" if used else "yes" for used in frame["used"]]
    by_verdict = pd.Categorical(frame["verdict"], ORDER, ordered=True)
    frame = frame.assign(order=by_verdict).sort_values(["used", "order"], kind="stable")
    sentences = (
        (
            f"{validation_count(validation)}. A table lies inside if a study of its size would see such a share in 95 "
            "of 100 cases, were the model right: the uncertainty of the statements and of the study both count. "
            "The base rate is that of the study's own people where it is known."
        ),
        (
            "A miss names the statement that, at an end of its 95 % interval, brings the model nearest to the study. "
            "No statement was changed for the sake of this table."
        ),
    )
    return Section("published", "Published tables", sentences, (_table(frame),), (_forest(frame),))


def _table(frame: pd.DataFrame) -> Table:
    columns = (
        Column("label", "Share of"),
        Column("source", "Study", "name"),
        Column("setting", "Setting", "name"),
        Column("published", "Observed", "percent", interval=("published_low", "published_high")),
        Column("model", "Model", "percent", interval=("low", "high")),
        Column("prior", "Study's base rate", "percent"),
        Column("verdict", "The model is"),
        Column("nearest", "Nearest statement", "statement"),
        Column("test", "A test"),
    )
    note = "No test: a table of the network rests on the same study. Intervals are 95 % intervals."
    return Table("published_tables", "Published tables and the model's answers", frame, columns, note, shown=25)


def _forest(frame: pd.DataFrame) -> Figure:
    tests = frame[~frame["used"]]

    def draw() -> Canvas:
        picture = canvas(WIDTH, 1.0 + 0.9 * height(list(tests["label"])))
        published_tables(tests, picture.subplots())
        return picture

    missed = int((tests["verdict"] != "inside").sum())
    return Figure(
        "published_forest", "What studies saw, and what the model says",
        f"For each of {len(tests)} published tables the study's share and the model's, with their 95 % intervals; "
        f"{missed} are missed.", draw,
    )  # fmt: skip
