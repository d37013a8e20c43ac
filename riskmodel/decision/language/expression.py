"""The language of rules: a text such as ``fever and trauma >= minor`` becomes a tree of frozen nodes.

::

    expression  = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | primary
    primary     = "(" expression ")" | "any_flag" | "no_flags" | "enough" | test
                | "p" "(" OUTPUT ")" ( ">=" | ">" | "<=" | "<" ) ( NUMBER | "threshold" "(" NAME ")" )
                | "raised" "(" CONDITION [ "," NUMBER ] ")"
                | "count" "(" expression { "," expression } ")" comparison INTEGER
    test        = VARIABLE [ comparison STATE | "in" "{" STATE { "," STATE } "}" ]
    comparison  = "==" | "!=" | ">=" | ">" | "<=" | "<"

A variable by itself means any state but its base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.decision.language.nodes import (
    DOUBLED,
    OPERATORS,
    AllOf,
    AnyFlag,
    AnyOf,
    Comparison,
    Count,
    Enough,
    Holds,
    Node,
    Not,
    PosteriorComparison,
    Prognosis,
    Raised,
    is_comparison,
)
from riskmodel.decision.language.tokens import Fault, SyntaxFaultError, Token, tokens
from riskmodel.decision.language.vocabulary import PROGNOSIS

if TYPE_CHECKING:
    from riskmodel.decision.language.vocabulary import Vocabulary

MAX_DEPTH = 50  # of nested parentheses and negations: deeper is a mistake, and would exhaust the stack


def parse(text: str, vocabulary: Vocabulary) -> tuple[Node | None, list[Fault]]:
    """Read an expression and check its names.

    Returns the tree and no faults, or ``None`` and every fault found: all wrong names, or the names up to
    the first error of syntax and that error.
    """
    faults: list[Fault] = []
    try:
        node = _Parser(tokens(text), vocabulary, faults).whole()
    except SyntaxFaultError as error:
        faults.append(error.fault)
    return (None, faults) if faults else (node, [])


class _Parser:
    """Recursive descent, one method a line of the grammar; wrong names are noted and parsing goes on."""

    def __init__(self, stream: list[Token], vocabulary: Vocabulary, faults: list[Fault]) -> None:
        self._stream = stream
        self._next = 0
        self._depth = 0
        self._vocabulary = vocabulary
        self._faults = faults

    def whole(self) -> Node:
        node = self._expression()
        self._expect_kind("end", "'and', 'or' or the end of the expression is expected")
        return node

    def _expression(self) -> Node:
        operands = [self._conjunction()]
        while self._take("or"):
            operands.append(self._conjunction())
        return operands[0] if len(operands) == 1 else AnyOf(tuple(operands))

    def _conjunction(self) -> Node:
        operands = [self._negation()]
        while self._take("and"):
            operands.append(self._negation())
        return operands[0] if len(operands) == 1 else AllOf(tuple(operands))

    def _negation(self) -> Node:
        token = self._peek()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SyntaxFaultError(token.at, f"nested more than {MAX_DEPTH} deep", "write it flatter")
        node: Node = Not(self._negation()) if self._take("not") else self._primary()
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        token = self._peek()
        if self._take("("):
            node = self._expression()
            self._expect(")")
            return node
        if token.kind != "name" or token.text in ("and", "or", "in"):
            allowed = "a variable, p(…), raised(…), count(…), any_flag, no_flags, enough or '(' is expected"
            raise SyntaxFaultError(token.at, f"found {token}", allowed)
        self._next += 1
        if token.text in ("any_flag", "no_flags"):
            return self._flags(token)
        if token.text == "enough":
            return self._enough(token)
        if self._peek().text == "(":
            return self._function(token)
        return self._test(token)

    def _flags(self, token: Token) -> Node:
        if not self._vocabulary.flags:
            raise SyntaxFaultError(token.at, f"{token} cannot stand here", "there is no list of flags to read")
        flags = AnyFlag(self._vocabulary.flags, token.at)
        return flags if token.text == "any_flag" else Not(flags)

    def _enough(self, token: Token) -> Node:
        rows = self._vocabulary.enough
        if not rows:
            raise SyntaxFaultError(token.at, f"{token} cannot stand here", "the policy has no list enough = […]")
        return Enough(rows, tuple(self._vocabulary.variables[row].full_mask for row in rows), token.at)

    def _function(self, name: Token) -> Node:
        self._expect("(")
        if name.text == "count":
            return self._count(name)
        if name.text not in ("p", "raised"):
            allowed = "the functions are p, raised and count; threshold(…) stands to the right of p(…)"
            raise SyntaxFaultError(name.at, f"unknown function {name}", allowed)
        condition = self._expect_kind("name", "the name of a condition is expected")
        factor = self._factor() if name.text == "raised" else DOUBLED
        self._expect(")")
        composites = name.text == "p"
        self._note(self._vocabulary.condition_fault(condition, name.text, composites=composites))
        if name.text == "raised":
            return Raised(condition.text, factor, name.at)
        sign = self._comparison(f"p({condition.text}) is compared with a number, as in p({condition.text}) >= 0.02")
        if sign in ("==", "!="):
            self._faults.append(Fault(name.at, f"p(…) {sign}", "a probability is compared by >=, >, <= or <"))
        value, threshold = self._probability()
        return PosteriorComparison(condition.text, sign, value, name.at, threshold)

    def _factor(self) -> float:
        """By what the odds are raised: the number after a comma, or doubled."""
        if not self._take(","):
            return DOUBLED
        token = self._expect_kind("number", "how many times the odds is expected, as in raised(infection, 2)")
        factor = float(token.text)
        if factor < 1:
            self._faults.append(Fault(token.at, f"odds raised {token.text} times have not risen", "a number from 1"))
        return factor

    def _probability(self) -> tuple[float, str]:
        """A number from 0 to 1, and the name of the threshold that states it if any."""
        token = self._peek()
        if self._take("threshold"):
            self._expect("(")
            name = self._expect_kind("name", "the name of a threshold is expected")
            self._expect(")")
            self._note(self._vocabulary.threshold_fault(name))
            return self._vocabulary.thresholds.get(name.text, 0.0), name.text
        value = float(self._expect_kind("number", "a number from 0 to 1 or threshold(…) is expected").text)
        if value > 1:
            self._faults.append(Fault(token.at, f"{token.text} is not a probability", "a number from 0 to 1"))
        return value, ""

    def _count(self, name: Token) -> Node:
        operands = [self._expression()]
        while self._take(","):
            operands.append(self._expression())
        self._expect(")", "',' or ')' is expected")
        sign = self._comparison("count(…) is compared with a whole number, as in count(…) >= 2")
        token = self._expect_kind("number", "a whole number is expected")
        if not token.text.isdigit():
            self._faults.append(Fault(token.at, f"count(…) {sign} {token.text}", "a whole number"))
            return operands[0]
        bound = int(token.text)
        possible = {OPERATORS[sign](number, bound) for number in range(len(operands) + 1)}
        if len(possible) == 1:
            always = "always" if possible == {True} else "never"
            received = f"count of {len(operands)} {sign} {bound} {always} holds"
            self._faults.append(Fault(name.at, received, "a comparison that can go either way"))
        return Count(tuple(operands), sign, bound)

    def _test(self, name: Token) -> Node:
        sign = self._peek().text
        if self._take("in"):
            self._expect("{")
            states = [self._state()]
            while self._take(","):
                states.append(self._state())
            self._expect("}", "',' or '}' is expected")
        elif is_comparison(sign):
            self._next += 1
            states = [self._state()]
        else:
            sign, states = "", []
        row, mask, faults = self._vocabulary.test(name, sign, states)
        self._faults.extend(faults)
        if row == PROGNOSIS and self._vocabulary.prognosis:
            return Prognosis(self._vocabulary.prognosis, mask, name.at)
        return Holds(row, mask, name.at)

    def _state(self) -> Token:
        token = self._peek()
        if token.kind not in ("name", "number"):
            raise SyntaxFaultError(token.at, f"found {token}", "the name of a state is expected")
        self._next += 1
        return token

    def _comparison(self, allowed: str) -> Comparison:
        token = self._peek()
        if not is_comparison(token.text):
            raise SyntaxFaultError(token.at, f"found {token}", allowed)
        self._next += 1
        return token.text

    def _peek(self) -> Token:
        return self._stream[self._next]

    def _take(self, text: str) -> bool:
        matches = self._peek().text == text
        self._next += matches
        return matches

    def _expect(self, symbol: str, allowed: str = "") -> None:
        token = self._peek()
        if not self._take(symbol):
            raise SyntaxFaultError(token.at, f"found {token}", allowed or f"{symbol!r} is expected")

    def _expect_kind(self, kind: str, allowed: str) -> Token:
        token = self._peek()
        if token.kind != kind:
            raise SyntaxFaultError(token.at, f"found {token}", allowed)
        self._next += 1
        return token

    def _note(self, fault: Fault | None) -> None:
        if fault is not None:
            self._faults.append(fault)
