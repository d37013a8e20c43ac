"""The folder of a report: there whole, or as it was before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from riskmodel.errors import OutputError

OURS = {"report.html", "report.md", "explorer.html", "tables", "figures"}


def check_folder(folder: Path) -> None:
    """Refuse to replace what is not a report.

    Raises
    ------
    OutputError
        when the folder is a file, or holds anything but a report, which would be lost.
    """
    if not folder.exists():
        if not folder.absolute().parent.is_dir():
            raise OutputError(f"{folder}: there is no folder {folder.absolute().parent} to write it in")
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: is a file; a report is a folder")
    others = sorted(path.name for path in folder.iterdir() if path.name not in OURS)
    if others:
        few = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        raise OutputError(f"{folder}: holds what is no part of a report ({few}); name a new or empty folder")


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts into a folder that takes the place of an earlier report, all of them or none.

    Parameters
    ----------
    files
        names inside the folder (``tables/found.csv``) and their content.
    """
    check_folder(folder)
    target = folder.absolute()
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            for name, text in files.items():
                file = fresh / name
                file.parent.mkdir(exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            fresh.chmod(0o755)
            _swap(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from None


def _swap(fresh: Path, target: Path) -> None:
    """Give the new folder its name; put the old one back if that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        target.rename(old / "before")
        try:
            fresh.rename(target)
        except BaseException:
            (old / "before").rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
