"""The words, numbers and symbols that an expression is cut into, and what can be wrong with them."""

from __future__ import annotations

import re
from typing import NamedTuple


class Fault(NamedTuple):
    """A problem in an expression: where (an offset in its text), what was received, what is allowed."""

    at: int
    received: str
    allowed: str

    def position(self, text: str) -> str:
        """Line and column of the fault, both from 1; the line is left out of a text of one line."""
        line = text.count("\n", 0, self.at) + 1
        column = self.at - text.rfind("\n", 0, self.at)
        return f"line {line}, column {column}" if "\n" in text else f"column {column}"


class Token(NamedTuple):
    """A word, number or symbol of an expression; ``kind`` is ``name``, ``number``, ``symbol`` or ``end``."""

    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text)


class SyntaxFaultError(Exception):
    """Stops the parser at the first text that no expression can continue with."""

    def __init__(self, at: int, received: str, allowed: str) -> None:
        super().__init__(received)
        self.fault = Fault(at, received, allowed)


_TOKEN = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<name>[A-Za-z]\w*)|(?P<symbol>[=!<>]=|[<>(){},])", re.ASCII)
_SPACE = re.compile(r"\s*")
_INSTEAD = {"=": "==", "&": "and", "|": "or", "!": "not", "≥": ">=", "≤": "<=", "%": "a number from 0 to 1"}


def tokens(text: str) -> list[Token]:
    """Cut a text into tokens, the last of kind ``end``.

    >>> [token.text for token in tokens("age >= from_70 and fever")]
    ['age', '>=', 'from_70', 'and', 'fever', '']
    """
    stream: list[Token] = []
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at == len(text):
            return [*stream, Token("end", "", at)]
        match = _TOKEN.match(text, at)
        if match is None:
            hint = f"write {_INSTEAD[text[at]]}" if text[at] in _INSTEAD else "no expression contains it"
            raise SyntaxFaultError(at, f"unexpected {text[at]!r}", hint)
        stream.append(Token(match.lastgroup or "", match.group(), at))
        at = match.end()
