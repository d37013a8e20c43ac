"""A checked cache of compiled scorers, so that scoring a small file does not read and compile all priors again.

An entry is found by a digest of every prior file, the package version and the state of the code, and carries a checksum
of itself: a stale or damaged entry is never used. Where the folder cannot be written nothing is cached and nothing
fails. Beside the scorers lie the last draws of statements.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from riskmodel._version import __version__
from riskmodel.arrays import Array
from riskmodel.evidence import distributions
from riskmodel.evidence.digests import digest_of_priors
from riskmodel.evidence.recording import BlankReading
from riskmodel.evidence.records import Priors, Variable
from riskmodel.inference.scorer import Group, Scorer
from riskmodel.inference.weights import Weights
from riskmodel.outputs.files import write_files

FORMAT = 8
CHECKSUM = 32  # bytes of SHA-256 before the content
KEPT = 16  # entries of a kind; 1,000 draws are 2 MB
PACKAGE = Path(__file__).parents[1]
CODE = ("evidence", "network", "inference", "answers")  # rooms whose code makes what is kept


@dataclass(frozen=True, slots=True)
class Entry:
    """What scoring needs of a prior set.

    ``inputs`` is the digest of its selected statements and network; ``fitted`` says to which cohorts these were fitted;
    ``blanks`` how blanks are read; ``sources`` are the keys that a policy may cite.
    """

    scorer: Scorer
    weights: Weights
    inputs: str
    fitted: tuple[str, ...]
    blanks: BlankReading
    sources: tuple[str, ...]


KINDS = {kind.__name__: kind for kind in (Entry, Scorer, Group, Weights, Variable, BlankReading)}


def folder() -> Path:
    """Where entries live: RISKMODEL_CACHE, or riskmodel in the user's cache folder."""
    chosen = os.environ.get("RISKMODEL_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "riskmodel"


def fetch(digest: str) -> Entry | None:
    """What is kept under a digest, or None."""
    try:
        body = _checked(_path(digest))
    except (OSError, RuntimeError):
        return None
    if body is None:
        return None
    end = bytes(body).index(b"\n")
    entry = _decode(json.loads(bytes(body[:end])), body[end + 1 :])
    return entry if isinstance(entry, Entry) else None


def keep(digest: str, entry: Entry) -> None:
    """Keep an entry; silently does nothing where it cannot."""
    arrays: list[bytes] = []
    head = json.dumps(_encode(entry, arrays)).encode()
    body = b"".join([head, b"\n", *arrays])
    with contextlib.suppress(OSError, RuntimeError):  # there may be no home to find the folder by
        _write(_path(digest), body)


def drawn_values(priors: Priors, draws: int, seed: int) -> Array:
    """:func:`riskmodel.evidence.distributions.draw_values` for a seed, kept on disk.

    An entry is found by the statements, the number of draws and the seed.
    """
    digest = _draws_digest(priors, draws, seed)
    count = len(priors.selected)
    with contextlib.suppress(OSError, RuntimeError):
        body = _checked(_path(digest, "draws"))
        if body is not None and len(body) == 8 * draws * count:
            return np.frombuffer(body).reshape(draws, count).copy()
    values = distributions.draw_values(priors, draws, np.random.default_rng(seed))
    with contextlib.suppress(OSError, RuntimeError):
        _write(_path(digest, "draws"), values.tobytes())
    return values


def _draws_digest(priors: Priors, draws: int, seed: int) -> str:
    return hashlib.sha256(f"{digest_of_priors(priors)} {draws} {seed}".encode()).hexdigest()


def _path(digest: str, kind: str = "scorer") -> Path:
    key = hashlib.sha256(f"{FORMAT} {__version__} {code_of(PACKAGE)} {digest}".encode()).hexdigest()
    return folder() / f"{key}.{kind}"


@cache
def code_of(package: Path) -> str:
    """Sizes and times of change of the files that make what is kept: edited code finds no entry of before.

    Looked up once a process, which goes on with the code that it began with.
    """
    files = sorted(file for room in CODE for file in (package / room).rglob("*.py"))
    return " ".join(f"{file.name} {stat.st_size} {stat.st_mtime_ns}" for file in files for stat in [file.stat()])


def _checked(path: Path) -> memoryview | None:
    """The content of a file, or None where it is not what was written."""
    content = memoryview(path.read_bytes())
    body = content[CHECKSUM:]
    return body if hashlib.sha256(body).digest() == content[:CHECKSUM] else None


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_files({path: hashlib.sha256(body).digest() + body})
    entries = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda entry: entry.stat().st_mtime)
    for entry in entries[:-KEPT]:
        entry.unlink(missing_ok=True)


def _encode(value: Any, arrays: list[bytes]) -> Any:
    """A value of the kinds above as JSON; the bytes of arrays are put aside."""
    if isinstance(value, np.ndarray):
        start = sum(map(len, arrays))
        arrays.append(np.ascontiguousarray(value).tobytes())
        return {"array": value.dtype.str, "shape": list(value.shape), "start": start}
    if is_dataclass(value):
        encoded = {field.name: _encode(getattr(value, field.name), arrays) for field in fields(value)}
        return {"kind": type(value).__name__, "fields": encoded}
    if isinstance(value, Mapping):
        return {"map": dict(value)}
    if isinstance(value, tuple | list):
        return [_encode(item, arrays) for item in value]
    return value


def _decode(value: Any, raw: memoryview) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item, raw) for item in value)
    if not isinstance(value, dict):
        return value
    if "map" in value:
        return value["map"]
    if "kind" in value:
        return KINDS[value["kind"]](**{name: _decode(item, raw) for name, item in value["fields"].items()})
    count = int(np.prod(value["shape"], dtype=np.int64))
    flat = np.frombuffer(raw, value["array"], count, value["start"])
    return flat.reshape(value["shape"]).copy()  # writable, as compiled functions know it
