"""The errors a user can meet, each printed without a traceback and with its exit status."""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


class RiskModelError(Exception):
    """Base of all errors that are about the user's input, not about a bug."""

    exit_status = 2


class UsageError(RiskModelError):
    """A command or a call was given arguments that cannot be used."""


class CasesError(RiskModelError):
    """A case file is unreadable or structurally broken: nothing was scored."""


class NoSettingError(CasesError):
    """Nobody said where the people present, and the base rates hang on it."""


class OutputError(RiskModelError):
    """The result could not be written; no partial file is left."""


class InferenceError(RiskModelError):
    """A network or evidence that the scorer cannot take."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault found in a file: where it is, what was received, what is allowed."""

    file: str
    where: str
    received: str
    allowed: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.where}" if self.where else self.file
        return f"{where}: {self.received}; {self.allowed}" if self.allowed else f"{where}: {self.received}"


@dataclass(frozen=True, slots=True)
class Problems:
    """The problems of some files, listed; each is noted with the file, and the entry of it, that are being read."""

    listed: list[Problem] = field(default_factory=list)
    file: str = ""
    entry: str = ""

    def of(self, file: str) -> Problems:
        """The same list, for a file."""
        return Problems(self.listed, file)

    def at(self, entry: str) -> Problems:
        """The same list, for an entry of the file, such as ``statement 'find.fever.none'``."""
        return Problems(self.listed, self.file, entry)

    def note(self, key: str, received: str, allowed: str) -> None:
        """List a problem at a key of the entry; where ``key`` is empty, of the entry as a whole."""
        where = ", ".join(filter(None, [self.entry, f"key {key!r}" if key else ""]))
        self.listed.append(Problem(self.file, where, received, allowed))

    def refuse(self) -> None:
        """Raise a PriorsError with every problem, each once, if there is any."""
        if self.listed:
            raise PriorsError(dict.fromkeys(self.listed))


class PriorsError(RiskModelError):
    """Prior files that cannot be loaded: all problems of all files together."""

    subject = "priors"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        super().__init__("\n".join([f"{head} in the {self.subject}:", *(f"  {problem}" for problem in self.problems)]))


class PolicyError(PriorsError):
    """A policy file that cannot be loaded."""

    subject = "policy"


class DictionaryError(PriorsError):
    """A data dictionary of REDCap that cannot be used: all problems together, each with row and field."""

    subject = "data dictionary"


class StudiesError(PriorsError):
    """Counts of studies that cannot be used: all problems together."""

    subject = "studies"


def import_extra(module: str, extra: str, need: str) -> Any:
    """An optional library; where it is not installed the error says what needs it, and how it is had.

    >>> import_extra("no_such_library", "excel", "cases.xlsx: Excel files need")
    Traceback (most recent call last):
    riskmodel.errors.UsageError: cases.xlsx: Excel files need no_such_library: pip install 'riskmodel[excel]'
    """
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(f"{need} {module}: pip install 'riskmodel[{extra}]'") from None


def as_list(name: str, value: object) -> None:
    """Refuse a text where a list of texts is wanted: Python would take it letter by letter.

    >>> as_list("by", ["age"])
    >>> as_list("by", "age")
    Traceback (most recent call last):
    riskmodel.errors.UsageError: by is a list: write by=['age'], not by='age'
    """
    if isinstance(value, str):
        raise UsageError(f"{name} is a list: write {name}=[{value!r}], not {name}={value!r}")


def warn_caller(text: str) -> None:
    """A UserWarning that points at the code that called this package, however deep the call."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("riskmodel"):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, UserWarning, stacklevel=level)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint naming the nearest of the allowed names, or nothing.

    >>> nearest("feverr", ["fever", "esr"])
    " (did you mean 'fever'?)"
    >>> nearest("zzz", ["fever", "esr"])
    ''
    """
    matches = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f" (did you mean '{matches[0]}'?)" if matches else ""
