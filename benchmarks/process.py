"""Runs a command and reports its wall time and peak memory: a small process, whose own memory does not count."""

from __future__ import annotations

import json
import os
import sys
import time

if __name__ == "__main__":
    start = time.perf_counter()
    child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
    _, status, usage = os.wait4(child, 0)
    report = {
        "seconds": time.perf_counter() - start,
        "peak_mb": usage.ru_maxrss / 1024,
        "status": os.waitstatus_to_exitcode(status),
    }
    sys.stderr.write("\n" + json.dumps(report) + "\n")
