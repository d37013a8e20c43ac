"""What a policy is made of: thresholds, rules, and what holds where no rule fires."""

from __future__ import annotations

from dataclasses import dataclass

from riskmodel.decision.language.nodes import Holds, Node, leaves, reads_posterior


@dataclass(frozen=True, slots=True)
class Threshold:
    """A probability from which acting pays: harm of acting in vain against benefit of acting in time."""

    harm: float
    benefit: float
    note: str = ""
    source: str = ""

    @property
    def value(self) -> float:
        """The probability at which expected harm and benefit are equal.

        >>> Threshold(harm=1, benefit=3).value
        0.25
        """
        return self.harm / (self.harm + self.benefit)


@dataclass(frozen=True, slots=True)
class Rule:
    """What to ask for when a condition is true, who says so and why.

    ``urgency`` is an index into the policy's urgencies, and so are the times by which imaging, tests and referral
    are to be done. A rule with ``instead_of`` swaps: where another rule asks for one of those tokens, it asks for
    its own in their place, by the same time.
    """

    id: str
    when: str
    condition: Node
    urgency: int
    reason: str
    source: str
    locator: str = ""
    imaging: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    referral: tuple[str, ...] = ()
    advice: str = ""
    cleared_by: tuple[Holds, ...] = ()
    instead_of: tuple[str, ...] = ()
    safety: bool = True
    imaging_within: int = 0
    tests_within: int = 0
    referral_within: int = 0

    @property
    def reads_posterior(self) -> bool:
        return reads_posterior(self.condition)

    @property
    def reads_rows(self) -> frozenset[int]:
        """The rows of the variables that the condition reads."""
        return frozenset(leaf.row for leaf in leaves(self.condition) if isinstance(leaf, Holds))

    @property
    def asks(self) -> tuple[str, ...]:
        """Every imaging, test and referral token of the rule."""
        return self.imaging + self.tests + self.referral

    @property
    def asks_within(self) -> tuple[tuple[str, int], ...]:
        """Every token of the rule and by when it is to be done."""
        kinds = ((self.imaging, self.imaging_within), (self.tests, self.tests_within))
        return tuple(
            (token, within) for names, within in (*kinds, (self.referral, self.referral_within)) for token in names
        )


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Urgency, advice and referral where no rule fires; ``condition`` is ``None`` for the last, which always holds."""

    urgency: int
    reason: str
    source: str
    locator: str = ""
    advice: str = ""
    when: str = ""
    condition: Node | None = None
    referral: tuple[str, ...] = ()
