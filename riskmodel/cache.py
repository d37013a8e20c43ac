"""A checked cache of compiled networks, so that scoring a small file does not read all priors again.

An entry is found by a digest of every prior file and the package version, and carries a checksum of itself:
a stale or damaged entry is never used. Where the folder cannot be written nothing is cached and nothing fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np

from riskmodel._version import __version__
from riskmodel.evidence.records import Variable
from riskmodel.network.tables import Network

FORMAT = 2
CHECKSUM = 32  # bytes of SHA-256 before the content


Entry = tuple[Network, tuple[Variable, ...], str]  # the stated values, all variables, digest of the inputs


def folder() -> Path:
    """Where entries live: RISKMODEL_CACHE, or riskmodel in the user's cache folder."""
    own = os.environ.get("RISKMODEL_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "riskmodel"


def fetch(digest: str) -> Entry | None:
    """What is kept under a digest, or None."""
    try:
        content = _path(digest).read_bytes()
    except (OSError, RuntimeError):
        return None
    checksum, body = content[:CHECKSUM], content[CHECKSUM:]
    if hashlib.sha256(body).digest() != checksum:
        return None
    head, _, raw = body.partition(b"\n")
    return _unpack(json.loads(head), raw)


def keep(digest: str, network: Network, variables: tuple[Variable, ...], inputs: str) -> None:
    """Keep a network; silently does nothing where it cannot."""
    body = _pack(network, variables, inputs)
    with contextlib.suppress(OSError, RuntimeError):
        path = _path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def _path(digest: str) -> Path:
    key = hashlib.sha256(f"{FORMAT} {__version__} {digest}".encode()).hexdigest()
    return folder() / f"{key}.network"


def _pack(network: Network, variables: tuple[Variable, ...], inputs: str) -> bytes:
    one = network.one_draw(0)
    shapes = {name: list(table.shape) for name, table in one.tables.items()}
    head = {
        "variables": [_fields(variable) for variable in variables],
        "composites": {name: list(members) for name, members in network.composites.items()},
        "network": [_fields(variable) for variable in network.variables],
        "shapes": shapes,
        "inputs": inputs,
    }
    raw = b"".join(np.ascontiguousarray(one.tables[name]).tobytes() for name in shapes)
    return json.dumps(head).encode() + b"\n" + raw


def _unpack(head: dict[str, object], raw: bytes) -> Entry:
    variables = tuple(_variable(fields) for fields in head["variables"])  # type: ignore[attr-defined]
    flat = np.frombuffer(raw, dtype=float)
    tables, start = {}, 0
    for name, shape in head["shapes"].items():  # type: ignore[attr-defined]
        size = int(np.prod(shape))
        tables[name] = flat[start : start + size].reshape(shape)
        start += size
    composites = {name: tuple(members) for name, members in head["composites"].items()}  # type: ignore[attr-defined]
    inside = tuple(_variable(fields) for fields in head["network"])  # type: ignore[attr-defined]
    return Network(inside, tables, composites), variables, str(head["inputs"])


def _fields(variable: Variable) -> dict[str, object]:
    values = {field.name: getattr(variable, field.name) for field in fields(Variable)}
    return values | {"aliases": dict(variable.aliases)}


def _variable(values: dict[str, object]) -> Variable:
    tuples = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return Variable(**{**values, **tuples})  # type: ignore[arg-type]
