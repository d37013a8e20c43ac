"""A fit by sums: how many rounds it takes, how large the messages are, and how near it comes to the pooled fit.

``python -m benchmarks.sums [LEARN [PARTS [ROWS]]]``: people of an emergency department, 30 % of cells not assessed,
outcomes known of half, in 8 parts of 5,000 rows; base rates, or what is named. All messages go through their text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

import riskmodel as rm
from benchmarks.calibration import MISSING, VERIFIED, people
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.sums.messages import Answer, Request, read_answer, read_request
from riskmodel.calibration.sums.piece import CohortPiece


def main(arguments: Sequence[str]) -> None:
    learn, parts, rows = (*arguments, *("base_rates", "8", "5000")[len(arguments) :])
    count, size = int(parts), int(rows)
    model = rm.load()
    masks = people(model, count * size, np.random.default_rng(1), "emergency", MISSING, VERIFIED)
    pieces = [
        CohortPiece(model, range(size), masks[:, i * size : (i + 1) * size], f"site {i}") for i in range(count)
    ]  # fmt: skip
    asked, answered = [], []

    def ask(request: Request) -> list[Answer]:
        asked.append(request.text())
        texts = [piece.answer(read_request(asked[-1])).text() for piece in pieces]
        answered.extend(len(text.encode()) for text in texts)
        return [read_answer(text) for text in texts]

    started = time.process_time()
    sums = rm.calibrate_sums(model, ask, learn)
    spent = time.process_time() - started
    started = time.process_time()
    whole = fit_coded(model, range(count * size), masks, learn)
    pooled = time.process_time() - started
    columns = ["posterior", "low", "high"]
    away = float(np.abs(sums.table[columns].to_numpy() - whole.table[columns].to_numpy()).max())
    print(f"{learn}: {count} parts of {size:,} rows, {len(whole.table)} statements, {whole.steps} steps")
    received, sent = sum(map(len, asked)) / 1000, sum(answered) / count / 1000
    largest = max(map(len, asked)) / 1000, max(answered) / 1000
    print(f"  {len(asked)} rounds; largest request {largest[0]:.0f} kB, answer {largest[1]:.0f} kB")
    print(f"  one site receives {received:.0f} kB and sends {sent:.0f} kB in all")
    print(f"  {spent:.0f} s of processor time for all parts, the pooled fit {pooled:.0f} s")
    print(f"  farthest from the pooled fit (values and interval ends): {away:.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])
