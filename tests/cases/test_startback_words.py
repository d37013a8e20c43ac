"""The answers to STarT Back are taken in the words that stand on the sheet."""

import pandas as pd

from riskmodel.model import Model


def test_words_of_the_sheet_are_points(seeds: Model) -> None:
    items = {f"startback_{i}": "agree" if i in (1, 5, 6, 7) else "disagree" for i in range(1, 9)}
    words = ("not at all", "slightly", "moderately", "very much", "extremely")
    sheets = pd.DataFrame([{**items, "startback_9": word} for word in words])
    points = {name: "yes" if word == "agree" else "no" for name, word in items.items()}
    plain = pd.DataFrame([{**points, "startback_9": last} for last in ("no", "no", "no", "yes", "yes")])
    risks = seeds.score(sheets, setting="primary_care")["startback_risk"].tolist()
    assert risks == seeds.score(plain, setting="primary_care")["startback_risk"].tolist()
    assert risks == ["medium", "medium", "medium", "high", "high"]
