"""What a blank is taken for: observed over predicted disease, and what is done, by record and by profile.

``python -m benchmarks.recording [PEOPLE]`` simulates people of each setting, writes down of them what a recording
profile says, and scores each record as if each of several profiles held. It prints one table a setting, and what a
profile costs in time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pandas as pd

import riskmodel as rm
from riskmodel.arrays import Masks
from riskmodel.cases.recorded import as_read
from riskmodel.cohort import HISTORY, simulate
from riskmodel.evidence.recording import heard
from riskmodel.evidence.records import ANY_SERIOUS

PEOPLE, SEED = 40_000, 17
SETTINGS = ("primary_care", "emergency")
SHIPPED = ("ignorable", "positives_only", "chart", "form")
RECORDS = {  # P(written down | present), P(written down | absent)
    "everything": (0.9999, 0.9999),
    "only positives": (0.9999, 0.0001),
    "positives 80 %, negatives 20 %": (0.8, 0.2),
}
RIGHT, AS_ABSENT = "the right one", "none; blanks turned into absent"
STATEMENT = """
[[statement]]
id = "recorded.{name}.{group}.{state}"
quantity = "recorded"
of = "{group}={state}"
given = "{name}"
value = {rate}
basis = "assumption"
source = "assumption"
read = "no"
"""


def profile_file(folder: Path, name: str, present: float, absent: float) -> Path:
    """A profile with the same two rates for all findings and risk factors, as a file."""
    stated = [
        STATEMENT.format(name=name, group=group, state=state, rate=rate)
        for group in ("findings", "risk_factors")
        for state, rate in (("present", present), ("absent", absent))
    ]
    path = folder / f"{name}.toml"
    path.write_text(f'title = "{name}"\n' + "".join(stated), encoding="utf-8")
    return path


def measured(model: rm.Model, masks: Masks, ill: np.ndarray) -> dict[str, float]:
    """Observed over predicted, share imaged and log loss of any serious condition."""
    scored = model.scoring.compiled()(masks)
    p = scored.posterior.probability[model.scoring.scorer.output_names.index(ANY_SERIOUS)]
    return {
        "O/E": ill.mean() / p.mean(),
        "imaged": scored.decision.imaging.any(axis=0).mean(),
        "log loss": -np.log(np.where(ill, p, 1 - p)).mean(),
    }


def by_record(setting: str, people: int, priors: str = "seeds") -> Iterator[dict[str, object]]:
    """One row a record and a profile under which it is scored."""
    model, serious = rm.load(priors), [v.name for v in rm.load(priors).variables if v.serious]
    with TemporaryDirectory() as name:
        for number, (record, rates) in enumerate(RECORDS.items()):
            right = model.with_recording(profile_file(Path(name), f"record_{number}", *rates))
            cohort = simulate(right, people, np.random.default_rng(SEED), setting=setting, roles=HISTORY)
            ill = np.any([cohort.outcome(condition) for condition in serious], axis=0)
            readers = {RIGHT: right, **{profile: model.with_recording(profile) for profile in SHIPPED}}
            for profile, reader in readers.items():
                yield {
                    "record": record,
                    "read as": profile,
                    **measured(reader, as_read(reader.variables, cohort.masks), ill),
                }
            absent = np.where(cohort.masks == 0, np.uint8(1), cohort.masks)
            yield {"record": record, "read as": AS_ABSENT, **measured(model, absent, ill)}


def cost(people: int) -> float:
    """Seconds of scoring under a profile over seconds without, on one record of charts: the least of six in turn."""
    usual, charts = rm.load(), rm.load().with_recording("chart")
    cohort = simulate(charts, people, np.random.default_rng(SEED), setting="emergency", roles=HISTORY)
    records = [(charts, cohort.masks), (usual, heard(usual.variables, cohort.masks))]
    scores = [(model.scoring.compiled(), masks) for model, masks in records]
    seconds = [float("inf")] * len(scores)
    for _ in range(6):  # the first compiles
        for place, (score, masks) in enumerate(scores):
            begun = process_time()
            score(masks)
            seconds[place] = min(seconds[place], process_time() - begun)
    return seconds[0] / seconds[1]


def main(people: int) -> None:
    for setting in SETTINGS:
        shown = pd.DataFrame(by_record(setting, people)).to_string(index=False, float_format="{:.3f}".format)
        sys.stdout.write(f"{setting}, {people:,} people\n{shown}\n\n")
    sys.stdout.write(f"scoring under a profile takes {cost(people):.2f} times as long\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
