"""`python -m benchmarks.synthesis`: how often the interval of the next setting holds it, by how many studies there are.

Reviews are simulated with known sensitivity and false-positive rate, spreads and correlation: 2 to 5 studies and a
next setting. Once with small studies as red flags have them, zero cells included, once with larger ones.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from riskmodel.synthesis.next_setting import drawn_effects, root_of

REVIEWS, DRAWS = 1000, 1000
STUDIES = (2, 3, 4, 5)


@dataclass(frozen=True)
class World:
    """What reviews are simulated with: ranges of spreads, and of people with and without the condition."""

    name: str
    spreads: tuple[float, float]
    ill: tuple[int, int]
    well: tuple[int, int]


WORLDS = (
    World("spread .3 to 1.2, 10 to 120 ill", (0.3, 1.2), (10, 120), (50, 600)),
    World("no spread, 10 to 120 ill", (0.0, 0.0), (10, 120), (50, 600)),
    World("spread .3 to 1.2, 3 to 15 ill", (0.3, 1.2), (3, 15), (20, 200)),
    World("spread 1.2 to 2, 10 to 120 ill", (1.2, 2.0), (10, 120), (50, 600)),
)


@dataclass(frozen=True)
class Held:
    """Shares of the reviews whose interval of 95 % held the next setting, and the mean; both of (reviews, 2)."""

    following: np.ndarray
    mean: np.ndarray
    seconds: float
    failed: int


def simulated(world: World, studies: int, reviews: int) -> Held:
    """Reviews of one world, each synthesised; one that raises or is not finite has failed."""
    rng = np.random.default_rng([studies, WORLDS.index(world)])
    following, middle, failed, began = [], [], 0, time.process_time()
    for review in range(reviews):
        mean = logit([rng.uniform(0.1, 0.95), rng.uniform(0.02, 0.5)])
        root = root_of(rng.uniform(*world.spreads, (1, 2)), rng.uniform(-0.3, 0.7, 1))[0]
        true = expit(mean + rng.standard_normal((studies + 1, 2)) @ root.T)
        totals = np.stack([rng.integers(*world.ill, studies), rng.integers(*world.well, studies)], axis=1)
        events = rng.binomial(totals, true[:studies]).astype(float)
        try:
            drawn = drawn_effects(events, totals.astype(float), seed=review, draws=DRAWS)
            ends = drawn.next_setting()[:, 1:], drawn.average()[:, 1:]
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            failed += 1
            continue
        failed += not np.isfinite(ends).all()
        following.append((ends[0][:, 0] <= true[-1]) & (true[-1] <= ends[0][:, 1]))
        middle.append((ends[1][:, 0] <= expit(mean)) & (expit(mean) <= ends[1][:, 1]))
    return Held(np.array(following), np.array(middle), time.process_time() - began, failed)


def main(reviews: int) -> None:
    print(f"{reviews} reviews each; held: sensitivity and false-positive rate, in per cent")
    print("| world | studies | next setting held | mean held | failed | ms a review |\n|---|---|---|---|---|---|")
    for world in WORLDS:
        for studies in STUDIES:
            held = simulated(world, studies, reviews)
            shares = [" ".join(f"{100 * x:.1f}" for x in part.mean(axis=0)) for part in (held.following, held.mean)]
            pace = 1000 * held.seconds / reviews
            print(f"| {world.name} | {studies} | {' | '.join(shares)} | {held.failed} | {pace:.0f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REVIEWS)
