"""A prior set of one's own."""

from __future__ import annotations

from pathlib import Path


def own_set(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
