"""The proofs that adding a red flag never takes a safety rule away, and that a higher posterior takes nothing away.

An expression rises when every part of it that reads a flag does so upwards: raising a state, or finding
present what was absent or not assessed, then never turns it from true to anything else. The proof walks
the tree with the polarity of each part; it is sufficient, not necessary: a rule that it refuses can be
written in the positive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.decision.language.nodes import AnyFlag, Enough, Holds, Node, PosteriorComparison, Raised, polarities
from riskmodel.decision.language.tokens import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskmodel.evidence.records import Variable


def violations(node: Node, variables: Sequence[Variable], *, rising: bool = True) -> Iterator[Fault]:
    """The places where an expression reads a red flag or a test result against its order.

    Parameters
    ----------
    node
        The expression; one that reads posteriors is never monotone, and not asked about.
    variables
        All variables, in the order of the rows of the masks.
    rising
        Whether flags must be used upwards (as in safety rules) or downwards (as under ``not``).

    Examples
    --------
    >>> from riskmodel.decision.language.expression import parse
    >>> from riskmodel.decision.language.vocabulary import Vocabulary
    >>> from riskmodel.evidence.records import Variable
    >>> weakness = Variable("leg_weakness", "finding", ("absent", "stable", "progressive"), "")
    >>> node, _ = parse("leg_weakness == stable", Vocabulary((weakness,)))
    >>> [fault.received for fault in violations(node, [weakness])]
    ['leg_weakness holds for stable, but not for progressive']
    """
    for leaf, upwards in polarities(node, rising=rising):
        match leaf:
            case Holds(row, mask, at):
                yield from _against(variables[row], mask, at, rising=upwards)
            case AnyFlag(_, at) if not upwards:
                yield Fault(at, "reads that there are no red flags", "")
            case Enough(_, _, at) if not upwards:
                yield Fault(at, "reads that something was not assessed", "")


def falls_with_posterior(node: Node) -> Iterator[Fault]:
    """The places where an expression reads a posterior against its order, so that a higher one could end it.

    A rule without such places fires at least where it fired before when posteriors rise and findings and setting stay.
    As requests and their times are united over the rules, nothing then becomes less or later.

    >>> from riskmodel.decision.language.nodes import Not, Raised
    >>> [fault.received for fault in falls_with_posterior(Not(Raised("infection")))]
    ['raised(infection) is read in the negative']
    """
    for leaf, upwards in polarities(node):
        match leaf:
            case PosteriorComparison(name, comparison, _, at) if (comparison in (">=", ">")) != upwards:
                yield Fault(at, f"p({name}) is read downwards", "")
            case Raised(name, _, at) if not upwards:
                yield Fault(at, f"raised({name}) is read in the negative", "")


def is_upward(mask: int, variable: Variable) -> bool:
    """Whether a set of states holds every state above each of its own."""
    lowest = mask & -mask
    return mask == variable.full_mask & ~(lowest - 1)


def _against(variable: Variable, mask: int, at: int, *, rising: bool) -> Iterator[Fault]:
    accepted = mask if rising else variable.full_mask & ~mask
    if not (variable.is_flag or variable.role == "test") or is_upward(accepted, variable):
        return
    lowest = (accepted & -accepted).bit_length() - 1
    held = [state for state in variable.states if accepted >> variable.index(state) & 1]
    lost = [state for state in variable.states[lowest:] if state not in held]
    received = f"{variable.name} holds for {' and '.join(held)}, but not for {' and '.join(lost)}"
    yield Fault(at, received, "")
