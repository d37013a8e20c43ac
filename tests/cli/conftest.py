"""The commands as a user runs them, with a cache of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from riskmodel.cli import commands


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("RISKMODEL_CACHE", str(tmp_path / "cache"))

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)

    return invoke
