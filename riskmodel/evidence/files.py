"""Which files a prior set is made of, their bytes, and a digest over them. Parses sets only."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskmodel.errors import PriorsError, Problem, nearest

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
            return tomllib.loads(self.data.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = self.data[: error.start].count(b"\n") + 1
            received = f"byte 0x{self.data[error.start]:02x} is not UTF-8"
            raise PriorsError(
                [Problem(self.name, f"line {line}", received, "save the file as UTF-8")]
            ) from None
        except tomllib.TOMLDecodeError as error:
            found = LINE.search(str(error))
            where = f"line {found[1]}, column {found[2]}" if found else "end of file"
            received = LINE.sub("", str(error)).replace("(at end of document)", "").strip()
            raise PriorsError([Problem(self.name, where, f"not TOML: {received}", "")]) from None


@dataclass(frozen=True, slots=True)
class PriorFiles:
    """All files behind one prior set; ``sets`` begins with the set asked for and ends with what it builds on."""

    network: PriorFile
    sources: PriorFile | None
    excluded: PriorFile | None
    evidence: tuple[PriorFile, ...]
    sets: tuple[PriorFile, ...]
    policies: tuple[PriorFile, ...] = ()

    @property
    def digest(self) -> str:
        """A SHA-256 over names and bytes of all files but the policies, which hash themselves."""
        files = [self.network, self.sources, self.excluded, *self.evidence]
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
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "priors", package.parent / "priors"):
        if (folder / "network.toml").is_file():
            return folder
    raise PriorsError(
        [Problem("network.toml", "", "the shipped priors are missing", "install the package again")]
    )


def read_files(priors: str | Path, root: Path) -> PriorFiles:
    """Read every file behind a prior set, given by name or by path.

    Raises
    ------
    PriorsError
        If the network or the set cannot be read, or ``extends`` leads in a circle or nowhere.
    """
    problems: list[Problem] = []
    network = _read(root / "network.toml", "network.toml", problems)
    if not (root / "evidence").is_dir():
        problems.append(Problem("evidence", "", "no such folder", f"a folder of statement files in {root}"))
    evidence = [
        _read(path, f"evidence/{path.name}", problems) for path in sorted((root / "evidence").glob("*.toml"))
    ]
    try:
        sets = _set_chain(priors, root)
    except PriorsError as error:
        problems.extend(error.problems)
    if problems:
        raise PriorsError(problems)
    policies = [
        _read(path, f"policies/{path.name}", problems) for path in sorted((root / "policies").glob("*.toml"))
    ]
    optional = [
        _read(root / name, name, problems) if (root / name).is_file() else None
        for name in ("sources.toml", "excluded.toml")
    ]
    if problems:
        raise PriorsError(problems)
    return PriorFiles(network, optional[0], optional[1], tuple(evidence), tuple(sets), tuple(policies))


def _read(path: Path, name: str, problems: list[Problem]) -> PriorFile:
    try:
        return PriorFile(name, path.read_bytes())
    except OSError as error:
        problems.append(Problem(name, "", f"cannot be read: {error.strerror}", f"a readable file {path}"))
        return PriorFile(name, b"")


def _set_chain(priors: str | Path, root: Path) -> list[PriorFile]:
    """The set that was asked for, then what it extends, and so on."""
    folder = root / "sets"
    path = _set_path(priors, folder, Path(), "the prior set that was asked for", "")
    chain: list[PriorFile] = []
    seen: list[Path] = []
    while True:
        inside = path.resolve().parent == folder.resolve()
        problems: list[Problem] = []
        file = _read(path, f"sets/{path.name}" if inside else str(path), problems)
        if problems:
            raise PriorsError(problems)
        chain.append(file)
        seen.append(path.resolve())
        extends = file.parse().get("extends")
        if not isinstance(extends, str):  # absent, or a wrong type that the schema reports
            return chain
        path = _set_path(extends, folder, path.parent, file.name, "key 'extends'")
        if path.resolve() in seen:
            circle = " → ".join(step.name for step in [*seen, path.resolve()])
            raise PriorsError([Problem(file.name, "key 'extends'", f"leads in a circle: {circle}", "")])


def _set_path(priors: str | Path, folder: Path, beside: Path, file: str, where: str) -> Path:
    """The file of a set: a path (relative to the file that names it), else a name in ``sets``."""
    text = str(priors)
    if isinstance(priors, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        path = beside / Path(priors).expanduser()
        if path.is_file():
            return path
        raise PriorsError([Problem(file, where, f"no file {text!r}", "the path of a set's TOML file")])
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if text in known:
        return folder / f"{text}.toml"
    allowed = f"one of {', '.join(known) or '(none)'}, or the path of a TOML file{nearest(text, known)}"
    raise PriorsError([Problem(file, where, f"unknown prior set {text!r}", allowed)])
