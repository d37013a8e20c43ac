"""One Spark session with two workers for all tests on Spark; without Java they are skipped."""

from __future__ import annotations

import os
import shutil
import signal
import sys

import pytest

QUIET = ("ignore::FutureWarning:pyspark", "ignore::ResourceWarning", "ignore::DeprecationWarning:pyspark")


@pytest.fixture(scope="session")
def session(tmp_path_factory):
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, which this machine does not have")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]").appName("riskmodel")
    for key, value in settings.items():
        builder = builder.config(key, value)
    interrupted = signal.getsignal(signal.SIGINT)
    before = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = sys.executable  # else workers are whatever python3 stands first in the path
    spark = builder.getOrCreate()
    signal.signal(signal.SIGINT, interrupted)  # Spark answers Ctrl-C for the whole process
    yield spark
    spark.stop()
    if before is None:
        del os.environ["PYSPARK_PYTHON"]
    else:
        os.environ["PYSPARK_PYTHON"] = before
