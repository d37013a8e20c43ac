"""REDCap's branching logic: from text to a tree. What is not read here is kept as a part that nobody can evaluate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

EVENT_COLUMN, THIS_EVENT = "redcap_event_name", "event-name"  # of an export, of a smart variable
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<reference>\[[^\[\]]*\])
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<number>\d+(?:\.\d*)?|\.\d+)
  | (?P<compare><=|>=|<>|!=|==?|<|>)
  | (?P<joined>&&|\|\|)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>[()!,+\-*/^%])
    """,
    re.VERBOSE,
)
_COMMENT = re.compile(r"(?m)^\s*(?:#|//).*$")
_FIELD = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(?:\(\s*([^()]+?)\s*\))?\s*")
_EVENT = re.compile(r"\s*([a-z0-9][a-z0-9_-]*)\s*")
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value of a field: ``code`` asks for one box of a checkbox, ``event`` for another event of the record."""

    field: str
    code: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A text or a number as it is written, with or without quotes."""

    text: str
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared: ``=``, ``<>``, ``<``, ``<=``, ``>`` or ``>=``."""

    sign: str
    first: Value
    second: Value


@dataclass(frozen=True, slots=True)
class EveryPart:
    """True where every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyPart:
    """True where any part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """True where its part is not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of which the truth cannot be told from an export; ``why`` in words."""

    why: str


Value: TypeAlias = FieldValue | Constant | Unreadable
Condition: TypeAlias = Compare | EveryPart | AnyPart | Negated | Unreadable


def parse_logic(text: str) -> Condition:
    """The tree of a branching logic; all of it :class:`Unreadable` where its grammar is not followed.

    Examples
    --------
    >>> parse_logic("[fever] = '1' and [sym(2)] <> '2'").parts[1].first
    FieldValue(field='sym', code='2', event='')
    >>> parse_logic("datediff([dob], 'today', 'y') > 18").first
    Unreadable(why='the function datediff')
    >>> parse_logic("[fever] = ")
    Unreadable(why='a value is missing at the end')
    """
    try:
        reader = _Reader(_tokens(_COMMENT.sub("", text)))
        condition = reader.any_of(0)
        reader.finish()
    except _LogicError as error:
        return Unreadable(str(error))
    return condition


def _negative(value: Value) -> Value:
    if isinstance(value, Constant) and not value.quoted:
        return Constant(f"-{value.text}", quoted=False)
    return Unreadable("a calculation")


class _LogicError(Exception):
    """What is wrong with the text of a branching logic."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _LogicError(f"{text[at]!r} at column {at + 1}")
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match[0], at + 1))
        at = match.end()
    return tokens


class _Reader:
    """Reads tokens from the first to the last: or binds least, then and, not, comparison, arithmetic."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def finish(self) -> None:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise _LogicError(f"{token.text!r} at column {token.column} is too much")

    def any_of(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise _LogicError("parentheses that are nested too deeply")
        parts = [self.all_of(depth)]
        while self.takes("or", "||"):
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else AnyPart(tuple(parts))

    def all_of(self, depth: int) -> Condition:
        parts = [self.negation(depth)]
        while self.takes("and", "&&"):
            parts.append(self.negation(depth))
        return parts[0] if len(parts) == 1 else EveryPart(tuple(parts))

    def negation(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise _LogicError("negations that are nested too deeply")
        if self.takes("not", "!"):
            return Negated(self.negation(depth + 1))
        return self.comparison(depth)

    def comparison(self, depth: int) -> Condition:
        """A comparison, or a condition in parentheses: which of both is seen at its end."""
        start = self.at
        if self.takes("("):
            inner = self.any_of(depth + 1)
            self.closes()
            if not self.goes_on():
                return inner
            self.at = start  # the parentheses belong to a calculation
        first = self.sum(depth)
        if not self.sees("compare"):
            return first if isinstance(first, Unreadable) else Unreadable("a value without a comparison")
        sign = {"==": "=", "!=": "<>"}.get(self.next().text, self.tokens[self.at - 1].text)
        return Compare(sign, first, self.sum(depth))

    def goes_on(self) -> bool:
        """Whether a value that has ended is compared or calculated with."""
        return self.sees("compare") or (self.at < len(self.tokens) and self.tokens[self.at].text in "+-*/^%")

    def sum(self, depth: int) -> Value:
        """A value; of a calculation only that it is one."""
        value, calculated = self.value(depth), False
        while self.at < len(self.tokens) and self.tokens[self.at].text in "+-*/^%":
            self.at += 1
            self.value(depth)
            calculated = True
        return Unreadable("a calculation") if calculated else value

    def value(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _LogicError("parentheses that are nested too deeply")
        if self.takes("-"):
            return _negative(self.value(depth + 1))
        if self.takes("("):
            value = self.bracketed(depth) if self.is_condition() else self.sum(depth + 1)
            self.closes()
            return value
        token = self.next()
        if token.kind in ("text", "number"):
            quoted = token.kind == "text"
            return Constant(token.text[1:-1] if quoted else token.text, quoted)
        if token.kind == "reference":
            return self.reference(token)
        if token.kind == "word" and self.takes("("):
            self.arguments(depth)
            return Unreadable(f"the function {token.text.lower()}")
        raise _LogicError(f"{token.text!r} at column {token.column}")

    def is_condition(self) -> bool:
        """Whether what stands in the parentheses that were just opened is a condition rather than a number."""
        depth = 1
        for token in self.tokens[self.at :]:
            depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
            if depth == 0:
                return False
            if depth == 1 and (token.kind == "compare" or token.text.lower() in ("and", "or", "not")):
                return True
        return False

    def bracketed(self, depth: int) -> Value:
        """A condition that is calculated with."""
        self.any_of(depth + 1)
        return Unreadable("a calculation")

    def arguments(self, depth: int) -> None:
        """The arguments of a function, of which only the end matters."""
        if self.takes(")"):
            return
        self.any_of(depth + 1)
        while self.takes(","):
            self.any_of(depth + 1)
        self.closes()

    def reference(self, token: _Token) -> Value:
        """A field, perhaps of an event named before it; smart variables are not in an export."""
        event = ""
        name = token.text[1:-1]
        if self.sees("reference"):
            event, name = name.strip(), self.next().text[1:-1]
            event = "" if event == THIS_EVENT else event
            if self.sees("reference"):
                self.at += 1
                return Unreadable("an instance of a repeated form")
        if name.strip() == THIS_EVENT and not event:
            return FieldValue(EVENT_COLUMN)
        match = _FIELD.fullmatch(name)
        named = _EVENT.fullmatch(event) if event else None
        if match is None or (event and named is None):
            return Unreadable(f"[{event}][{name}]" if event else f"[{name}]")
        return FieldValue(match[1], match[2] or "", named[1] if named else "")

    def sees(self, kind: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].kind == kind

    def takes(self, *texts: str) -> bool:
        """Step over the next token if it is one of these."""
        if self.at == len(self.tokens) or self.tokens[self.at].kind in ("text", "reference"):
            return False
        taken = self.tokens[self.at].text.lower() in texts
        self.at += taken
        return taken

    def closes(self) -> None:
        if not self.takes(")"):
            raise _LogicError("a parenthesis that is not closed")

    def next(self) -> _Token:
        if self.at == len(self.tokens):
            raise _LogicError("a value is missing at the end")
        self.at += 1
        return self.tokens[self.at - 1]
