"""A zoo of bad priors: each file of bad_priors/ spoils the tiny network and says what is reported."""

from __future__ import annotations

import contextlib
import random
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from riskmodel.errors import PriorsError
from riskmodel.evidence.load import load_priors
from tests.support.paths import DATA

ZOO = sorted((DATA / "bad_priors").glob("*.toml"))


def spoil(root: Path, entry: dict[str, Any]) -> None:
    """Apply an entry: `change` replaces the first `find` after `at`, `add` appends to a file or makes one."""
    for change in entry.get("change", []):
        path = root / change["file"]
        text = path.read_text(encoding="utf-8")
        start = text.index(change.get("at", ""))
        position = text.index(change["find"], start)
        text = text[:position] + change["replace"] + text[position + len(change["find"]) :]
        path.write_text(text, encoding="utf-8")
    for added in entry.get("add", []):
        path = root / added["file"]
        before = path.read_bytes() + b"\n" if path.exists() else b""
        path.write_bytes(before + added["text"].encode(added.get("encoding", "utf-8")))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "tiny", tmp_path / "tiny"))


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_bad_priors(path: Path, root: Path) -> None:
    entry = tomllib.loads(path.read_text(encoding="utf-8"))
    spoil(root, entry)
    with pytest.raises(PriorsError) as caught:
        load_priors(entry.get("priors", "seeds"), root)
    message = str(caught.value)
    for fragment in entry["expect"]:
        assert fragment in message
    assert len(caught.value.problems) == entry.get("problems", 1), message


def test_zoo_is_not_empty() -> None:
    assert len(ZOO) >= 45


@pytest.mark.parametrize("name", ["seeds", "studies"])
def test_unspoilt(name: str, root: Path) -> None:
    assert load_priors(name, root).variables


VALUES = [
    "[]",
    "{}",
    "-1",
    "nan",
    "[[0]]",
    "true",
    '""',
    '"none; none"',
    '"age=any vs any"',
    '["age", "fever"]',
]
LINES = [
    "",
    "= 1",
    "[",
    '"',
    "[override]",
    "value = true",
    "name = []",
    "id = 7",
    "override = [1]",
    "pin = 3",
]


@pytest.mark.parametrize("seed", range(150))
def test_damage_ends_in_a_message(seed: int, root: Path) -> None:
    """A file with random lines spoilt either loads or is reported, never a bug's traceback."""
    chance = random.Random(seed)  # noqa: S311  (no secret)
    for _ in range(2):
        path = chance.choice(sorted(root.rglob("*.toml")))
        lines = path.read_text(encoding="utf-8").splitlines()
        at = chance.randrange(len(lines))
        key, equals, _ = lines[at].partition(" = ")
        lines[at] = key + equals + chance.choice(VALUES) if equals else chance.choice(LINES)
        path.write_text("\n".join(lines), encoding="utf-8")
    with contextlib.suppress(PriorsError):
        load_priors("seeds", root)
