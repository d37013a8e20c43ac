"""Files that appear whole or not at all, and pipes, which nothing replaces."""

import subprocess
import sys

import pytest

from riskmodel.errors import OutputError
from riskmodel.outputs import files
from riskmodel.outputs.files import write_files


def test_files_are_whole_or_absent(tmp_path, monkeypatch):
    path, other = tmp_path / "text.txt", tmp_path / "other.txt"
    write_files({path: "one"})
    monkeypatch.setattr(files.StagedFile, "prepare", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_files({path: "two", other: b"two"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"text.txt": "one"}


def test_no_file_is_written_where_one_cannot_be(tmp_path):
    with pytest.raises(OutputError, match=r"nowhere/b\.txt: cannot be written: No such file or directory"):
        write_files({tmp_path / "a.txt": "a", tmp_path / "nowhere" / "b.txt": "b"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["/dev/stdout", "-"])
def test_a_text_goes_into_a_pipe(output):
    command = [sys.executable, "-m", "riskmodel", "codebook", "--template", "-o", output]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("case_id,setting,age,")
