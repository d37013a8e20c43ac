"""The folder of a report takes the place of the one before, or leaves it as it was."""

from pathlib import Path

import pytest

from riskmodel.errors import OutputError
from riskmodel.outputs.folder import write_folder


def test_a_report_takes_the_place_of_the_one_before(tmp_path):
    folder = tmp_path / "out"
    write_folder(folder, {"report.md": "old", "tables/gone.csv": "old"})
    write_folder(folder, {"report.md": "new"})
    assert [path.name for path in folder.iterdir()] == ["report.md"]
    assert (folder / "report.md").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch):
    folder = tmp_path / "out"
    write_folder(folder, {"report.md": "old"})

    def fails(self, *_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(OutputError, match="No space left"):
        write_folder(folder, {"report.md": "new"})
    assert (folder / "report.md").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
