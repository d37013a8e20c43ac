"""Shards and merges killed at random moments, 500 times: `python -m benchmarks.kills [KILLS [SEED]]`.

After each kill everything that has its name must be whole; at the end the merged file must have the bytes of one run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.support.mixed_cases import as_csv, mixed_cases
from tests.support.sharded import Killed, at_once

KILLS, SHARDS, ROWS = 500, 4, 200


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shards").mkdir()
        source, whole = folder / "cases.csv", folder / "whole.csv"
        source.write_bytes(as_csv(mixed_cases(ROWS)))
        at_once(source, whole)
        killed = Killed(source, folder / "shards", folder / "merged.csv", whole, SHARDS)
        killed.kill_often(kills, seed)
        killed.finish()
        stray = sum(path.name.startswith(".") for path in (folder / "shards").iterdir())
    print(
        f"{killed.kills} killed, {killed.finished} finished before, {stray} unfinished files under hidden names, "
        f"{time.monotonic() - begin:.0f} s: every record once, every byte that of one run"
    )


if __name__ == "__main__":
    main()
