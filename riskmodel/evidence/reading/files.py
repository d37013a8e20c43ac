"""Which files a prior set is made of, their bytes, and a digest over them. Parses sets only."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskmodel.errors import PriorsError, Problem, Problems, nearest

PATHWAYS = "pathways.toml"  # read beside the network, by what compares policies and chooses questions
LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class PriorFile:
    """One file of the priors: the name it has in messages and in the digest, and its bytes."""

    name: str
    data: bytes

    def parse(self) -> dict[str, Any]:
        """The TOML document.

        Raises
        ------
        PriorsError
            If the bytes are not UTF-8 or not TOML; the message names the line.
        """
        try:
            return tomllib.loads(self.data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = self.data[: error.start].count(b"\n") + 1
            received = f"byte 0x{self.data[error.start]:02x} is not UTF-8"
            raise PriorsError([Problem(self.name, f"line {line}", received, "save the file as UTF-8")]) from None
        except tomllib.TOMLDecodeError as error:
            match = LINE.search(str(error))
            where = f"line {match[1]}, column {match[2]}" if match else "end of file"
            received = LINE.sub("", str(error)).replace("(at end of document)", "").strip()
            raise PriorsError([Problem(self.name, where, f"not TOML: {received}", "")]) from None


@dataclass(frozen=True, slots=True)
class PriorFiles:
    """All files behind one prior set, and what is wrong with reading them.

    ``sets`` runs from the set that was asked for to what it builds on; it is empty if that is broken. ``studies`` are
    tables that drive nothing here: they only cite sources.
    """

    network: PriorFile | None
    sources: PriorFile | None
    excluded: PriorFile | None
    pathways: PriorFile | None
    evidence: tuple[PriorFile, ...]
    policies: tuple[PriorFile, ...]
    sets: tuple[PriorFile, ...]
    studies: tuple[PriorFile, ...]
    problems: tuple[Problem, ...]

    @property
    def digest(self) -> str:
        """A SHA-256 over names and bytes of all files but the studies, and the policies, which hash themselves.

        Raises
        ------
        PriorsError
            If a file cannot be read.
        """
        if self.problems:
            raise PriorsError(self.problems)
        files = [self.network, self.sources, self.excluded, self.pathways, *self.evidence]
        named = {file.name: file.data for file in files if file is not None}
        named |= {f"set {depth}": file.data for depth, file in enumerate(self.sets)}  # wherever they lie
        digest = hashlib.sha256()
        for name, data in sorted(named.items()):
            digest.update(f"{name}\0{len(data)}\0".encode())
            digest.update(data)
        return digest.hexdigest()


def priors_root() -> Path:
    """The folder of the shipped priors: inside an installed package, else beside it in a checkout.

    >>> (priors_root() / "network.toml").is_file()
    True
    """
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "priors", package.parent / "priors"):
        if (folder / "network.toml").is_file():
            return folder
    raise PriorsError([Problem("network.toml", "", "the shipped priors are missing", "install the package again")])


def read_files(priors: str | Path, root: Path) -> PriorFiles:
    """Read the bytes of every file behind a prior set, given by name or by path; parse only the sets."""
    problems = Problems()
    network = _read(root / "network.toml", "network.toml", problems)
    if not (root / "evidence").is_dir():
        problems.of("evidence").note("", "no such folder", f"a folder of statement files in {root}")
    sets: list[PriorFile] = []
    try:
        sets = _set_chain(priors, root)
    except PriorsError as error:
        problems.listed.extend(error.problems)
    return PriorFiles(
        network,
        _read(root / "sources.toml", "sources.toml", problems, required=False),
        _read(root / "excluded.toml", "excluded.toml", problems, required=False),
        _read(root / PATHWAYS, PATHWAYS, problems, required=False),
        _read_folder(root / "evidence", problems),
        _read_folder(root / "policies", problems),
        tuple(sets),
        _read_folder(root / "studies", problems, "*.csv"),
        tuple(problems.listed),
    )


def _read(path: Path, name: str, problems: Problems, *, required: bool = True) -> PriorFile | None:
    if not required and not path.exists():
        return None
    try:
        return PriorFile(name, path.read_bytes())
    except OSError as error:
        problems.of(name).note("", f"cannot be read: {error.strerror}", f"a readable file {path}")
        return None


def _read_folder(folder: Path, problems: Problems, pattern: str = "*.toml") -> tuple[PriorFile, ...]:
    files = (_read(path, f"{folder.name}/{path.name}", problems) for path in sorted(folder.glob(pattern)))
    return tuple(file for file in files if file is not None)


def _set_chain(priors: str | Path, root: Path) -> list[PriorFile]:
    """The set that was asked for, then what it extends, and so on."""
    folder = root / "sets"
    path = _set_path(priors, folder, Path(), "the prior set that was asked for", "")
    chain: list[PriorFile] = []
    seen: list[Path] = []
    while True:
        problems = Problems()
        inside = path.resolve().parent == folder.resolve()
        file = _read(path, f"sets/{path.name}" if inside else str(path), problems)
        if file is None:
            raise PriorsError(problems.listed)
        chain.append(file)
        seen.append(path.resolve())
        extends = file.parse().get("extends")
        if not isinstance(extends, str):  # absent, or a wrong type that the schema reports
            return chain
        path = _set_path(extends, folder, path.parent, file.name, "key 'extends'")
        if path.resolve() in seen:
            circle = " → ".join(step.stem for step in [*seen, path.resolve()])
            allowed = "a set that does not lead back to this one"
            raise PriorsError([Problem(file.name, "key 'extends'", f"a circle: {circle}", allowed)])


def _set_path(priors: str | Path, folder: Path, beside: Path, file: str, where: str) -> Path:
    """The file of a set: a path (relative to the file that names it), else a name in ``sets``."""
    text = str(priors)
    if isinstance(priors, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        path = beside / Path(priors).expanduser()
        if path.is_file():
            return path
        raise PriorsError([Problem(file, where, f"no file {text!r}", "the path of a set's TOML file")])
    names = sorted(path.stem for path in folder.glob("*.toml"))
    if text in names:
        return folder / f"{text}.toml"
    allowed = f"one of {', '.join(names) or '(none)'}, or the path of a TOML file{nearest(text, names)}"
    raise PriorsError([Problem(file, where, f"unknown prior set {text!r}", allowed)])
