"""Predictions whose metrics another program computed, and how to read a metric off a table."""

import json

import pandas as pd

from tests.support.paths import DATA

STORED = DATA / "stored"
RESULTS = json.loads((STORED / "results.json").read_text())
PEOPLE = pd.read_csv(STORED / "predictions.csv")
Y, P, ACTED = (PEOPLE[name].to_numpy(float) for name in ("y", "p", "acted"))


def value(table, metric):
    return table.set_index("metric").loc[metric, "value"]
