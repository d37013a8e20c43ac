"""What the priors are made of: frozen records that check themselves on construction."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from riskmodel.evidence.origin import CitedSource, DrawnPair, Informed, Pooled, StudyBehind

Role = Literal["context", "risk_factor", "condition", "manifestation", "finding", "test", "circumstance", "recording"]
Form = Literal["logistic", "noisy_or", "any_of"]
QuantityKind = Literal[
    "probability",
    "risk_ratio",
    "odds_ratio",
    "likelihood_ratio_positive",
    "adjusted_odds_ratio",
    "share",
    "relative_weight",
    "dependence",
    "recorded",
]
StatedBasis = Literal["seed", "study", "assumption"]

ROLES: tuple[str, ...] = get_args(Role)
BASES: tuple[str, ...] = get_args(StatedBasis)
SETTING, ANY_SERIOUS = (
    "setting",
    "any_serious",
)  # names that the program knows
COHORT, SYNTHESIS = "cohort", "synthesis"  # fitted to the people of a cohort, or to published tables
IGNORABLE = "ignorable"  # the recording profile under which a blank says nothing
Read = Literal["full_text", "abstract", "second_hand", "no"]
HOW_READ = MappingProxyType({  # how the figure was read at its source, the best first
    "full_text": "read in full text",
    "abstract": "read as an abstract",
    "second_hand": "read second hand",
    "no": "not read",
})  # fmt: skip
WORKED_BACK = "worked_back"
REPLACED = MappingProxyType({  # keys of former versions: the key instead, and what it says
    "verified": ("read", 'read = "full_text", "abstract", "second_hand" or "no": how the figure was read'),
})  # fmt: skip
ALL_BASES: tuple[str, ...] = (*BASES, COHORT, SYNTHESIS)
QUANTITIES: tuple[str, ...] = get_args(QuantityKind)
RATIOS = frozenset({"risk_ratio", "odds_ratio", "likelihood_ratio_positive", "adjusted_odds_ratio", "relative_weight"})
CRUDE_RATIOS = frozenset({"risk_ratio", "odds_ratio", "likelihood_ratio_positive"})
AUDIT = "audit"
DEFAULT_N = MappingProxyType({"seed": 50, "study": 100, "assumption": 10})  # size of a bare value, by basis
OCCULT, MANIFEST = "occult", "manifest"  # the states of a manifestation node
MAX_STATES = 8  # a cell is coded as a bitmask of states in one byte


def acting_node(condition: str, parents: Collection[str]) -> str:
    """Through which of these parents a condition acts: its manifestation where that is one, else itself; "" if none."""
    return next((name for name in (f"{condition}_manifest", condition) if name in parents), "")


def recording_node(variable: str) -> str:
    """The node that says whether a variable is written down."""
    return f"recorded_{variable}"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the network, or a circumstance that only policies read.

    A manifestation node says whether a condition shows its usual signs; nobody observes it. A recording node says
    whether its parent is written down; a blank observes it where ``blank_tells``, which the recording profile decides.
    ``states[0]`` is the base state. ``lower_edges`` (one a state, in ``unit``) and ``maximum`` make the
    states bands of a number; a band includes its lower edge. ``parents`` are the arcs into it. ``imaging`` marks the
    tests that policies ask for as imaging.
    """

    name: str
    role: Role
    states: tuple[str, ...]
    definition: str
    column: str = ""
    parents: tuple[str, ...] = ()
    unit: str = ""
    lower_edges: tuple[float, ...] = ()
    maximum: float = math.inf
    aliases: Mapping[str, str] = field(default_factory=dict)
    form: Form = "logistic"
    serious: bool = False
    imaging: bool = False
    blank_tells: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.name[0].isalpha():
            raise ValueError(f"variable name {self.name!r} is not an identifier that begins with a letter")
        if self.role not in ROLES:
            raise ValueError(f"{self.name}: role {self.role!r} is not one of {', '.join(ROLES)}")
        if not 2 <= len(self.states) <= MAX_STATES or len(set(self.states)) != len(self.states):
            raise ValueError(f"{self.name}: states must be 2 to {MAX_STATES} different names")
        for state in self.states:
            if not state.isidentifier() or not state[0].isalpha():
                raise ValueError(f"{self.name}: state {state!r} is not an identifier that begins with a letter")
        if self.lower_edges:
            if len(self.lower_edges) != len(self.states):
                raise ValueError(f"{self.name}: lower_edges needs one edge for each state")
            if list(self.lower_edges) != sorted(set(self.lower_edges)) or self.lower_edges[-1] > self.maximum:
                raise ValueError(f"{self.name}: lower_edges must rise, the last at most to the maximum")
        for word, state in self.aliases.items():
            if state not in self.states:
                raise ValueError(f"{self.name}: alias {word!r} names {state!r}, which is not a state")
        if not self.column:
            object.__setattr__(self, "column", self.name)
        object.__setattr__(self, "aliases", MappingProxyType(dict(self.aliases)))

    def __reduce__(self) -> tuple[type[Variable], tuple[object, ...]]:
        """For copies and other processes, which cannot take a read-only mapping as it is."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Variable, tuple({**values, "aliases": dict(self.aliases)}.values())

    @property
    def base(self) -> str:
        """The state that means nothing noteworthy: absent, none, normal, the lowest band."""
        return self.states[0]

    @property
    def full_mask(self) -> int:
        """The bitmask of all states: not assessed."""
        return (1 << len(self.states)) - 1

    @property
    def blank_mask(self) -> int:
        """The code of a blank: 0 (not written down) where the recording profile reads it, else not assessed."""
        return 0 if self.blank_tells else self.full_mask

    @property
    def is_flag(self) -> bool:
        """Whether the states beyond the base are red flags."""
        return self.role in ("risk_factor", "finding")

    @property
    def in_network(self) -> bool:
        return self.role != "circumstance"

    @property
    def in_cases(self) -> bool:
        """Whether a case can say anything of it."""
        return self.role not in ("manifestation", "recording")

    def index(self, state: str) -> int:
        return self.states.index(state)

    def mask(self, *states: str) -> int:
        """The bitmask of the named states."""
        return sum(1 << self.index(state) for state in states)


@dataclass(frozen=True, slots=True)
class Event:
    """A variable (or composite) being in one of a set of states.

    ``alone`` says that, of the conditions, only this one is present.
    """

    variable: str
    states: tuple[str, ...]
    alone: bool = False

    def __str__(self) -> str:
        return f"{self.variable}={' or '.join(self.states)}{' alone' if self.alone else ''}"


@dataclass(frozen=True, slots=True)
class Given:
    """The condition of a statement, parsed.

    ``events`` hold together; ``none`` means all conditions absent; ``no_listed_cause`` means every
    listed cause absent; in ratios ``versus`` is the comparison (same variable as ``events[0]``).
    """

    events: tuple[Event, ...] = ()
    versus: Event | None = None
    none: bool = False
    no_listed_cause: bool = False

    def event(self, variable: str) -> Event | None:
        return next((event for event in self.events if event.variable == variable), None)


@dataclass(frozen=True, slots=True, repr=False)
class Statement(Shown):
    """One number from one source about one quantity, as its source states it.

    ``read`` says how the figure was read at its source (a key of ``HOW_READ``); ``counts`` is ``WORKED_BACK`` where
    events were worked back from a rounded share, and empty where they are as printed. ``informed`` are the fits, to
    cohorts or published tables, that the number has been through, the first first; its basis, source and reading stay
    what they were. ``studies`` are those behind a number that was synthesised.
    """

    id: str
    quantity: QuantityKind
    of: Event
    given: Given
    given_text: str
    value: float
    basis: StatedBasis
    source: str
    read: Read
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    events: int | None = None
    n: int | None = None
    counts: str = ""
    locator: str = ""
    note: str = ""
    drives: str = ""
    file: str = ""
    informed: tuple[Informed, ...] = ()
    studies: tuple[StudyBehind, ...] = ()

    def __post_init__(self) -> None:
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        for name, number in numbers.items():
            if number is None:
                continue
            if not math.isfinite(number):
                raise ValueError(f"{self.id}: {name} is {number}, not a finite number")
            if self.quantity in RATIOS:
                if number <= 0:
                    raise ValueError(f"{self.id}: {name} is {number}; a ratio lies above 0")
            elif not 0 <= number <= 1:
                raise ValueError(f"{self.id}: {name} is {number}; a probability lies in [0, 1]")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.id}: low and high come together")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"{self.id}: the range {self.low} to {self.high} excludes its value {self.value}")

    def sheet(self) -> Sheet:
        interval = f" ({self.low:g} to {self.high:g})" if self.low is not None and self.high is not None else ""
        facts = {
            "value": f"{self.value:g}{interval}",
            "people": self.n,
            "quantity": f"{self.quantity.replace('_', ' ')} of {self.of}",
            "given": self.given_text,
            "basis": self.basis,
            "source": f"{self.source} {self.locator}".strip(),
            "read": self.read.replace("_", " "),
            "informed by": "; ".join(map(str, self.informed)),
            "studies": "; ".join(map(str, self.studies)),
            "note": self.note,
        }
        return Sheet(f"Statement {self.id}", {name: fact for name, fact in facts.items() if fact not in ("", None)})

    @property
    def is_audit(self) -> bool:
        """Whether it is compared with the network only, and drives no table."""
        return self.drives == AUDIT

    @property
    def rests_on(self) -> frozenset[str]:
        """The keys of its source, of the studies behind it and of fitted tables: whose people are in the number."""
        tables = (name for fit in self.informed for name, _ in fit.tables)
        return frozenset((self.source, *(study.source for study in self.studies), *tables))

    @property
    def subject(self) -> str:
        """The variable whose table it drives: of a likelihood ratio, the condition it is given."""
        if self.quantity == "recorded":  # of a group: those of its members
            return recording_node(self.of.variable)
        return self.given.events[0].variable if self.quantity == "likelihood_ratio_positive" else self.of.variable

    @property
    def arcs(self) -> frozenset[tuple[str, str]]:
        """The arcs (parent, child) that it speaks of."""
        if self.quantity == "likelihood_ratio_positive":
            return frozenset({(self.of.variable, self.subject)})
        return frozenset((event.variable, self.subject) for event in self.given.events)


@dataclass(frozen=True, slots=True)
class PriorSet:
    """An order of preference over statements, with pins, omissions and overrides; ``file`` is where it stands."""

    name: str
    prefer: tuple[str, ...]
    reference_setting: str
    pins: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    default_n: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_N))
    title: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A recording profile: how often each state is written down, so that a blank says something.

    ``extends`` is the profile whose rates hold where it states none of its own; ``statements`` the ids of its own;
    ``groups`` the variables of each group that its statements, or those of what it extends, may name.
    """

    name: str
    title: str = ""
    extends: str = ""
    statements: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Priors(Shown):
    """Everything loaded from a priors folder, with one prior set applied.

    ``statements`` is the whole register (overrides applied); ``selected`` the ids of those that drive a
    table; ``digest`` a hash of all that was read; ``groups`` the findings that may go together, by group;
    ``pooled`` what stands behind the numbers that were pooled; ``profiles`` the recording profiles, of which
    ``recording`` is in use; ``drawn_pairs`` the statements whose draws go together.
    """

    variables: tuple[Variable, ...]
    composites: Mapping[str, tuple[str, ...]]
    statements: tuple[Statement, ...]
    selected: tuple[str, ...]
    sources: Mapping[str, CitedSource]
    prior_set: PriorSet
    digest: str
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pooled: Mapping[str, Pooled] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    recording: str = IGNORABLE
    drawn_pairs: tuple[DrawnPair, ...] = ()

    def sheet(self) -> Sheet:
        counts = Counter[str](statement.basis for statement in self.selected_statements)
        return Sheet(
            f"Priors {self.prior_set.name}",
            {
                "statements": f"{len(self.statements)}, {len(self.selected)} drive tables",
                "of these": ", ".join(f"{counts[basis]} {basis}" for basis in ALL_BASES if counts[basis]),
                "sources": len(self.sources),
                "variables": len(self.network_variables),
                "digest": self.digest[:16],
            },
        )

    @property
    def selected_statements(self) -> tuple[Statement, ...]:
        """The statements that drive a table, in the order of ``selected``, which is that of the register."""
        selected = set(self.selected)
        return tuple(statement for statement in self.statements if statement.id in selected)

    def variable(self, name: str) -> Variable:
        return next(variable for variable in self.variables if variable.name == name)

    def statement(self, identifier: str) -> Statement:
        return next(statement for statement in self.statements if statement.id == identifier)

    def origin(self, identifier: str) -> str:
        """How the set came by a statement's number, where that is not simply as its source states it.

        Any of "pinned", "overridden" and "pooled of …", joined by "; "; else an empty text.
        """
        marks = []
        if identifier in self.pooled:
            marks.append(str(self.pooled[identifier]))
        elif identifier in self.prior_set.pins:
            marks.append("pinned")
        if identifier in self.prior_set.overrides:
            marks.append("overridden")
        return "; ".join(marks)

    @property
    def network_variables(self) -> tuple[Variable, ...]:
        return tuple(variable for variable in self.variables if variable.in_network)

    @property
    def case_variables(self) -> tuple[Variable, ...]:
        """What a case can say anything of: the rows of evidence arrays, in file order."""
        return tuple(variable for variable in self.variables if variable.in_cases)

    @property
    def conditions(self) -> tuple[Variable, ...]:
        return tuple(variable for variable in self.variables if variable.role == "condition")

    @property
    def profile(self) -> Profile:
        """The recording profile in use."""
        return self.profiles.get(self.recording) or Profile(IGNORABLE)
