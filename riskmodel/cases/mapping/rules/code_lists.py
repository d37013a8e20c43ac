"""Codes of a column, or several in one cell, as words of another: what a code says, and what it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Ints
from riskmodel.cases.cells import excerpt, fold
from riskmodel.cases.columns import NOT_ASSESSED
from riskmodel.cases.mapping.rules.outcome import Outcome
from riskmodel.cases.mapping.source_cells import BLANK, NO, UNKNOWN, CodedCells, Refusal, SourceColumn
from riskmodel.cases.preparation import CellFault

MOST_CODES = 200  # different codes that a batch names one by one
MORE_CODES = "others"


@dataclass(frozen=True, slots=True)
class CodeList:
    """The codes that stand for a word, without regard to upper and lower case.

    ``M46.*`` is M46 itself and every code that begins with ``M46.``; ``M46*`` is every code that begins with M46.

    >>> codes = CodeList.of(["spondylodiscitis", "M46.*"])
    >>> [code in codes for code in ("Spondylodiscitis", "m46", "M46.4", "M464")]
    [True, True, True, False]
    """

    exact: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def of(cls, codes: Sequence[str]) -> CodeList:
        exact, prefixes = set(), []
        for code in map(fold, codes):
            if not code.endswith("*"):
                exact.add(code)
                continue
            prefixes.append(code[:-1])
            if code.endswith(".*"):
                exact.add(code[:-2])
        return cls(frozenset(exact), tuple(prefixes))

    def __contains__(self, code: str) -> bool:
        folded = fold(code)
        return folded in self.exact or folded.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class CodesIn:
    """Words by codes; a code that is listed under none is ``otherwise``, which is nothing unless the mapping says so.

    Codes of several columns, or of one cell with a ``separator``, are taken together: a positive word counts whatever
    stands beside it, two different ones contradict each other, and a negative word (``negatives``) holds only where
    every code that is there says so. A row without any code is ``blank``.
    """

    columns: tuple[SourceColumn, ...]
    lists: Mapping[str, CodeList]
    otherwise: str = BLANK
    blank: str = BLANK
    separator: str = ""
    negatives: frozenset[str] = frozenset({NO})

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        return self.columns

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(filter(None, dict.fromkeys([*self.lists, self.otherwise, self.blank])))

    def __str__(self) -> str:
        other = f", any other code {self.otherwise}" if self.otherwise else ""
        return f"{', '.join(self.lists)} by codes in {', '.join(column.name for column in self.columns)}{other}"

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        words = list(dict.fromkeys([BLANK, UNKNOWN, *self.words]))
        bits = np.zeros(len(columns[0].codes), np.int64)
        for source, cells in zip(self.columns, columns, strict=True):
            says = [{self._word(code) for code in self.codes(source.read(text))} for text in cells.texts]
            bits |= cells.look_up([sum(1 << words.index(word) for word in together) for together in says])
        sets, numbers = np.unique(bits, return_inverse=True)
        together = [
            self._together([word for at, word in enumerate(words) if entry >> at & 1]) for entry in sets.tolist()
        ]
        texts = tuple(BLANK if isinstance(word, Refusal) else word for word in together)
        codes_of_rows = numbers.astype(np.int64)
        return Outcome((*texts, BLANK), codes_of_rows, self._contradictions(columns, together, codes_of_rows))

    def codes(self, text: str) -> list[str]:
        """The codes in a text of a column, as the column reads it."""
        if not self.separator or text in (BLANK, UNKNOWN):
            return [text] if text else []
        codes = (code for part in text.split(self.separator) if (code := part.strip()))
        return [UNKNOWN if fold(code) in NOT_ASSESSED else code for code in codes]

    def _word(self, code: str) -> str:
        """What a code says; nothing where it is not listed and the mapping says nothing of such codes."""
        if code == UNKNOWN:
            return code
        return next((word for word, listed in self.lists.items() if code in listed), self.otherwise)

    def _together(self, words: Sequence[str]) -> str | Refusal:
        """What the words of all codes of a row come to."""
        if not words:
            return self.blank
        positive = [word for word in words if word not in (BLANK, UNKNOWN, *self.negatives)]
        if len(positive) > 1:
            return Refusal(f"codes that say {' and '.join(positive)}; allowed: codes of one of these")
        if positive:
            return positive[0]
        return next((word for word in (UNKNOWN, BLANK) if word in words), words[0])

    def _contradictions(
        self, columns: Sequence[CodedCells], together: Sequence[str | Refusal], codes: Ints
    ) -> tuple[CellFault, ...]:
        faults = []
        for code, word in enumerate(together):
            if not isinstance(word, Refusal):
                continue
            for row in np.flatnonzero(codes == code).tolist():
                texts = [text for cells in columns if (text := cells.texts[cells.codes[row]])]
                faults.append(CellFault(row, self.columns[0].name, excerpt("; ".join(texts)), word.problem))
        return tuple(faults)


def unlisted(rules: Sequence[CodesIn], name: str, cells: CodedCells) -> dict[str, int]:
    """The codes of a column that none of its rules lists, with the number of cells, the commonest first.

    At most 200 of them are named; the cells of the others are counted together.
    """
    counts: Counter[str] = Counter()
    rows = np.bincount(cells.codes, minlength=len(cells.texts)).tolist()
    readers = [(rule, source) for rule in rules for source in rule.columns if source.name == name]
    rule, source = readers[0]
    for text, count in zip(cells.texts, rows, strict=True):
        for code in rule.codes(source.read(text)) if count else ():
            if code != UNKNOWN and not any(code in listed for rule, _ in readers for listed in rule.lists.values()):
                counts[excerpt(code)] += count
    named = dict(counts.most_common(MOST_CODES))
    further = counts.total() - sum(named.values())
    return {**named, **({MORE_CODES: further} if further else {})}


def overlaps(lists: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, str, str]]:
    """Codes that stand for two words: the words, and the code of each.

    >>> list(overlaps({"yes": ["M46.*"], "no": ["M46.1", "M54"]}))
    [('yes', 'no', 'M46.*', 'M46.1')]
    """
    pairs = [(word, code) for word, codes in lists.items() for code in codes]
    for number, (word, code) in enumerate(pairs):
        for other, twin in pairs[number + 1 :]:
            if other != word and _share(code, twin):
                yield word, other, code, twin


def _share(code: str, other: str) -> bool:
    """Whether a code of a file could be under both."""
    first, second = CodeList.of([code]), CodeList.of([other])
    if any(text in second for text in first.exact) or any(text in first for text in second.exact):
        return True
    return any(a.startswith(b) or b.startswith(a) for a in first.prefixes for b in second.prefixes)
