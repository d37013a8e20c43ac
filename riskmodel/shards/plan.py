"""The plan of a sharded run: which file is cut where, and what it is scored with. All shards of a folder share it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from riskmodel.casefiles.options import Part
from riskmodel.errors import OutputError, UsageError
from riskmodel.outputs.files import write_files

PLAN = "plan.json"
_NAMES = {
    "riskmodel": "version of riskmodel",
    "model": "model",
    "mapping": "mapping file",
    "shards": "number of shards",
    "cases_sha256": "content of the case file",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """A case file cut into parts.

    ``sha256`` is of the file; ``size`` and ``changed`` (nanoseconds) tell quickly that a file is still the same.
    """

    sha256: str
    size: int
    changed: int
    engine: Literal["small", "compiled"]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same for all shards of a folder.

    ``source`` is the case file as it was named first; ``asked`` are the options of the command; ``scored_with`` hashes
    what the results depend on beside them. ``layout`` is that of the file's header; ``warns_of_blanks`` says that no
    recording profile was named.
    """

    source: str
    cut: Cut
    scored_with: Mapping[str, str]
    asked: Mapping[str, Any]
    layout: Mapping[str, Any] = field(default_factory=dict)
    warns_of_blanks: bool = True

    @property
    def shards(self) -> int:
        return len(self.cut.parts)

    @property
    def digest(self) -> str:
        """A hash of everything but where the file lies and when it was changed."""
        content = asdict(self)
        del content["source"], content["cut"]["changed"], content["layout"]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        write_files({folder / PLAN: json.dumps({**asdict(self), "digest": self.digest}, indent=2) + "\n"})


def read_plan(folder: Path) -> Plan | None:
    """The plan of a folder, or None where there is none.

    Raises
    ------
    UsageError
        where the file is not what was written.
    """
    path = folder / PLAN
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        digest, cut = content.pop("digest"), content.pop("cut")
        parts = tuple(Part(**part) for part in cut.pop("parts"))
        plan = Plan(cut=Cut(**cut, parts=parts), **content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a plan of this program, or damaged: {error}") from None
    if plan.digest != digest:
        raise UsageError(f"{path}: damaged: its content does not have the hash that it states")
    return plan


def differences(before: Plan, now: Plan) -> list[str]:
    """What differs between two plans, in words; empty where their shards can stand in one folder."""
    old, new = _facts(before), _facts(now)
    return [
        f"{_NAMES.get(key, f'--{key}'.replace('_', '-'))}: {_shown(old.get(key))} there, {_shown(new.get(key))} now"
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _facts(plan: Plan) -> dict[str, Any]:
    return {"shards": plan.shards, "cases_sha256": plan.cut.sha256, **plan.scored_with, **plan.asked}


def _shown(value: Any) -> str:
    text = "nothing" if value in (None, "") else str(value)
    return text if len(text) <= 80 else f"{text[:16]}…"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process of a machine at a time; where a file system has no locks several, which do the same."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def agreed_plan(folder: Path, make: Callable[[Cut | None], Plan]) -> Plan:
    """The plan of a folder: that of its first shard, with which this one must agree.

    Parameters
    ----------
    make
        the plan of this shard; it is given the cut that the folder has, if it still holds for the file.

    Raises
    ------
    UsageError
        naming everything that differs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{folder}: shards are written into a folder, and this is a file") from None
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made: {error.strerror}") from None
    with alone(folder):
        before = read_plan(folder)
        now = make(before.cut if before else None)
        if before is None:
            now.write(folder)
            return now
    if different := differences(before, now):
        listed = "".join(f"\n  {line}" for line in different)
        raise UsageError(
            f"{folder}: its shards were scored with something else:{listed}\n"
            "take another folder, or remove this one to begin anew"
        )
    return before
