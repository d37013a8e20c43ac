"""The words by which registries are known: read from data, compared without accents, case and punctuation."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_CAMEL = re.compile(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "ı": "i", "æ": "a", "œ": "o"})
_LIKE = 0.86  # names of which so much agrees are called similar
_FURTHER = 4  # letters that similar names differ by at most in length
_SHORT = 5  # letters; shorter names are compared whole


@lru_cache(maxsize=1 << 14)
def plain_words(text: str) -> str:
    """A name in small letters, its words separated by spaces.

    >>> plain_words("GebDatum"), plain_words("Körper-Temp. (°C)"), plain_words("koerper_temp"), plain_words("DOB")
    ('geb datum', 'korper temp c', 'korper temp', 'dob')
    """
    small = _CAMEL.sub(" ", text).lower().translate(_UMLAUTS)
    for pair in ("ae", "oe", "ue"):
        small = small.replace(pair, pair[0])
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", small) if not unicodedata.combining(letter))
    return _NO_LETTER.sub(" ", bare).strip()


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well a name fits one that is known: 1 the same, and why."""

    score: float
    why: str


def likeness(name: str, names: Iterable[str]) -> Likeness:
    """How well a name fits the best of several.

    >>> likeness("Fieber", ["fever", "fieber"])
    Likeness(score=1.0, why="the name is 'fieber'")
    >>> likeness("temp_aufnahme", ["temp"]).why, likeness("ward", ["fever"]).score
    ("the name contains 'temp'", 0.0)
    """
    words = plain_words(name)
    best = Likeness(0.0, "")
    for other in names:
        theirs = plain_words(other)
        if words.replace(" ", "") == theirs.replace(" ", ""):
            return Likeness(1.0, f"the name is {other!r}")
        if f" {theirs} " in f" {words} " or (
            len(theirs) > _SHORT + 2 and theirs.replace(" ", "") in words.replace(" ", "")
        ):
            score = 0.8 + 0.1 * len(theirs) / len(words)
            best = max(best, Likeness(score, f"the name contains {other!r}"), key=lambda each: each.score)
        elif min(len(words), len(theirs)) >= _SHORT and abs(len(words) - len(theirs)) <= _FURTHER:
            matcher = SequenceMatcher(None, theirs, words)
            ratio = matcher.ratio() if matcher.quick_ratio() >= _LIKE else 0.0
            if ratio >= _LIKE:
                best = max(best, Likeness(ratio - 0.1, f"the name is like {other!r}"), key=lambda each: each.score)
    return best


@dataclass(frozen=True, slots=True)
class RegistryWords:
    """The tables of the data file ``vocabulary.toml``."""

    tables: Mapping[str, Any]

    def names(self, column: str) -> tuple[str, ...]:
        """What registries call a column of a case file, its own name first."""
        return (column, *self.tables["columns"].get(column, ()))

    def unit(self, header: str) -> str:
        """The unit that a header names in its last words, or nothing."""
        words = plain_words(header)
        for unit, names in self.tables["units"].items():
            if any(words.endswith(f" {plain_words(name)}") for name in names):
                return str(unit)
        return ""

    def says(self, kind: str, text: str) -> bool:
        """Whether a text is a word for ``yes``, ``no`` or ``missing``."""
        words = plain_words(text)
        return bool(words) and words in _words(kind)

    def state(self, column: str, text: str) -> str:
        """The state of a column that a text names, or nothing."""
        states = self.tables["states"]
        for state, names in states.get(column, states["scan"] if column in ("xray", "ct", "mri") else {}).items():
            if plain_words(text) in [plain_words(name) for name in names]:
                return str(state)
        return ""


@cache
def vocabulary() -> RegistryWords:
    """The vocabulary that comes with the program."""
    path = Path(__file__).with_name("vocabulary.toml")
    return RegistryWords(tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(map(plain_words, vocabulary().tables["words"][kind]))
