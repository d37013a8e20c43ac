"""What a policy is made of: thresholds, rules, and what holds where no rule fires."""

from __future__ import annotations

from dataclasses import dataclass

from riskmodel.decision.language.nodes import Holds, Node, reads_posterior


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

    ``urgency`` is an index into the policy's urgencies. A rule with ``instead_of`` swaps: where another
    rule asks for one of those tests, it asks for its own imaging in their place.
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

    @property
    def reads_posterior(self) -> bool:
        return reads_posterior(self.condition)

    @property
    def asks(self) -> tuple[str, ...]:
        """Every imaging, test and referral token of the rule."""
        return self.imaging + self.tests + self.referral


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Urgency and advice where no rule fires; ``condition`` is ``None`` for the last, which always holds."""

    urgency: int
    reason: str
    source: str
    locator: str = ""
    advice: str = ""
    when: str = ""
    condition: Node | None = None
