"""What the options of `score` ask for: what scores, and how files are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from riskmodel.cli.reading import asked_redcap, tables_asked

if TYPE_CHECKING:
    from riskmodel.answers.column_types import Score
    from riskmodel.answers.scoring import Scoring
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.casefiles.run import Progress


def scorers(asked: Mapping[str, Any], progress: Progress | None) -> tuple[Scoring, Score, Score]:
    """What is scored with, and how: small files and large ones."""
    from riskmodel.answers.output_columns import LazyCompiled, asker, asking_score, small_score, uncertain_score
    from riskmodel.decision.costs import find_pathways
    from riskmodel.model import load, load_scoring

    if asked["draws"]:
        model = load(asked["priors"], asked["policy"], recording=asked["recording"])
        uncertain = model.uncertain(asked["draws"], asked["seed"], asked["level"])
        uncertain.scorer.progress = progress
        ask = asker(uncertain.scoring, find_pathways()) if asked["ask_next"] else None
        score = uncertain_score(uncertain, ask)
        return uncertain.scoring, score, score
    scoring = load_scoring(asked["priors"], asked["policy"], recording=asked["recording"])
    if asked["ask_next"]:
        score = asking_score(scoring, find_pathways())
        return scoring, score, score
    return scoring, small_score(scoring), LazyCompiled(scoring)


def run_options(scoring: Scoring, asked: Mapping[str, Any]) -> RunOptions:
    """How a file is to be read and scored."""
    from riskmodel.answers.settings import checked_setting
    from riskmodel.casefiles.options import RunOptions

    return RunOptions(
        default_setting=checked_setting(scoring.variables, asked["setting"]),
        mapping=asked["mapping"],
        redcap=asked_redcap(),
        **tables_asked(),
        keep=tuple(filter(None, (asked["keep"] or "").split(","))),
        known_outcomes=asked["known_outcomes"],
        allow_repeats=asked["allow_repeats"],
        rejects=asked["rejects"],
        threads=1 if asked["draws"] else asked["threads"],  # draws use the processors themselves
    )
