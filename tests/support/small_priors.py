"""Changed copies of the small priors folders of tests/data."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.paths import DATA

ASSUMED = {"quantity": "probability", "basis": "assumption", "source": "assumption", "read": "no"}
NOTHING: Mapping[str, str] = {}


def variant(tmp_path: Path, root: str, changes: Mapping[str, str] = NOTHING, more: Sequence[Mapping] = ()) -> Path:
    """A copy of a small priors folder with texts replaced and statements added."""
    folder = Path(shutil.copytree(DATA / root, tmp_path / root))
    files = {file: file.read_text(encoding="utf-8") for file in folder.rglob("*.toml")}
    for old, new in changes.items():
        assert any(old in text for text in files.values()), old
        files = {file: text.replace(old, new) for file, text in files.items()}
    lines = []
    for statement in more:
        lines.append("[[statement]]")
        lines += [f"{key} = {json.dumps(content)}" for key, content in {**ASSUMED, **statement}.items()]
    files[folder / "evidence" / "more.toml"] = "\n".join(lines)
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    return folder
