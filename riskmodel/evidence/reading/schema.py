"""The keys of the TOML files and their types. Imported only when files are parsed: pydantic loads slowly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from riskmodel.errors import Problems, nearest
from riskmodel.evidence.limits import MOST_PEOPLE
from riskmodel.evidence.origin import HASHED
from riskmodel.evidence.random_effects import Estimator
from riskmodel.evidence.records import REPLACED, Form, QuantityKind, Read, StatedBasis

StatedRole = Literal["context", "risk_factor", "condition", "manifestation", "finding", "test", "circumstance"]


class StrictTable(BaseModel):
    """A TOML table in which every key is known and has its own type: nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    former: ClassVar[Mapping[str, tuple[str, str]]] = REPLACED


TableT = TypeVar("TableT", bound=StrictTable)


def _with_one(table: TableT, keys: tuple[str, ...]) -> TableT:
    """The table, where it has exactly one of these keys."""
    if sum(getattr(table, key) is not None for key in keys) != 1:
        raise PydanticCustomError("one_of", "{keys}: one of them", {"keys": " or ".join(keys)})
    return table


class VariableTable(StrictTable):
    """``[[variable]]`` of network.toml."""

    name: str
    role: StatedRole
    states: list[str]
    definition: str
    column: str = ""
    parents: list[str] = Field(default_factory=list)
    unit: str = ""
    lower_edges: list[float] = Field(default_factory=list)
    maximum: float | None = None
    aliases: dict[str, str] = Field(default_factory=dict)
    form: Form = "logistic"
    serious: bool = False
    imaging: bool = False


class StudyBehindTable(StrictTable):
    """One of ``studies`` of a statement: a study behind a synthesised number."""

    study: str
    source: str
    locator: str
    events: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(gt=0)]
    read: Read = "no"
    setting: str = ""
    cutoff: str = ""

    @model_validator(mode="after")
    def _within(self) -> StudyBehindTable:
        if self.events > self.n:
            raise PydanticCustomError("events", "events up to n")
        return self


class StatementTable(StrictTable):
    """``[[statement]]`` of evidence/*.toml and of a user's set."""

    id: str
    quantity: QuantityKind
    of: str
    given: str = ""
    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    events: int | None = None
    n: int | None = None
    counts: Literal["worked_back"] | None = None
    basis: StatedBasis
    source: str
    locator: str = ""
    read: Read
    drives: str = ""
    note: str = ""
    studies: list[StudyBehindTable] = Field(default_factory=list)


SourceKind = Literal["seed", "study", "review", "guideline", "statistics", "data", "synthesis", "assumption"]


class FitTable(StrictTable):
    """``[sources.KEY.fit]``: how a cohort (``cohort_hash``) or published tables (``tables_hash``) were fitted."""

    date: str
    version: str
    cohort_hash: str | None = None
    tables_hash: str | None = None
    command: str

    @model_validator(mode="after")
    def _of_one_kind(self) -> FitTable:
        return _with_one(self, tuple(HASHED.values()))


class SourceTable(StrictTable):
    """``[sources.KEY]`` of sources.toml and of a user's set."""

    title: str
    kind: SourceKind
    year: int | None = None
    form: str = ""
    where: str = ""
    note: str = ""
    fit: FitTable | None = None


class ExcludedTable(StrictTable):
    """``[[excluded]]`` of excluded.toml: a claim that drives no table."""

    id: str
    source: str
    locator: str
    claim: str
    figure: str = ""
    reason: str = ""
    used_in: str = ""
    compare: list[str] = Field(default_factory=list)


Share = Annotated[float, Field(ge=0, le=1)]
ROUNDED = 0.01  # what rounding adds to shares at most


class InformedTable(StrictTable):
    """One of ``informed`` of an override: the key of the cohort or synthesis under [sources], and what it told."""

    cohort: str | None = None
    synthesis: str | None = None
    people: Annotated[float, Field(ge=0)]
    share: Share
    was: Annotated[list[float], Field(min_length=3, max_length=3)] | None = None
    tables: dict[str, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_one_kind(self) -> InformedTable:
        if self.tables and self.synthesis is None:
            raise PydanticCustomError("tables", "tables beside synthesis only: a cohort is people, not tables")
        if sum(self.tables.values()) > 1 + ROUNDED:
            raise PydanticCustomError("tables", "shares of the tables that sum to 1 at most")
        if self.was is not None and not self.was[1] <= self.was[0] <= self.was[2]:
            raise PydanticCustomError("was", "was = [value, low, high], the value within its range")
        return _with_one(self, tuple(HASHED))


class OverrideTable(StrictTable):
    """``[override."statement.id"]`` of a set; with ``informed``, a number of these fits, the first first."""

    former = MappingProxyType({
        "basis": ("informed", 'informed = [{ cohort = "key", people = 120, share = 0.4 }]: fit to the cohort again')
    })  # fmt: skip

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    informed: list[InformedTable] | None = None
    note: str | None = None


class PoolTable(StrictTable):
    """``[pool."statement.id"]`` of a set: the statement takes the pooled value of these."""

    of: list[str]
    method: Estimator = "paule_mandel"


class TogetherTable(StrictTable):
    """``[[drawn_together]]`` of a set: two statements whose draws go together."""

    statements: list[str]
    correlation: float


Size = Annotated[int, Field(gt=0, le=MOST_PEOPLE)]


class DefaultSizes(StrictTable):
    """``[default_n]`` of a set: the size of a bare value's Beta distribution, by basis."""

    seed: Size | None = None
    study: Size | None = None
    assumption: Size | None = None


class SetTable(StrictTable):
    """A set. Its own statements, sources, overrides, pools and pairs are read as tables of their own."""

    title: str = ""
    extends: str | None = None
    prefer: list[StatedBasis] | None = None
    reference_setting: str | None = None
    pin: list[str] = Field(default_factory=list)
    leave_out: list[str] = Field(default_factory=list)
    default_n: DefaultSizes = DefaultSizes()
    statement: Any = None
    sources: Any = None
    override: Any = None
    pool: Any = None
    drawn_together: Any = None


class ProfileTable(StrictTable):
    """``[profile.NAME]`` of evidence/recording.toml: a recording profile, without its statements."""

    title: str
    note: str = ""
    extends: str | None = None


class ProfileFileTable(StrictTable):
    """A recording profile in a file of its own. Its statements, sources and groups are read as tables of their own."""

    title: str
    note: str = ""
    extends: str | None = None
    statement: Any = None
    sources: Any = None
    group: Any = None


class RecordingGroupTable(StrictTable):
    """``[group.NAME]``: variables that are recorded alike."""

    members: list[str]


TYPES = {
    "missing": "this key is required",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}


def read_table(model: type[TableT], raw: object, problems: Problems) -> TableT | None:
    """A table as parsed from TOML, checked: as its model, or None with every problem of it noted."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        errors = error.errors()
        former = {model.former[key][0] for details in errors if (key := _former(model, details))}
        errors = [details for details in errors if details["type"] != "missing" or details["loc"][-1] not in former]
        for details in errors:
            _translate(model, details, problems)
        return None


def _former(model: type[StrictTable], error: Any) -> str:
    """The key of an error, where it is one of a former version."""
    key = str(error["loc"][-1]) if error["loc"] else ""
    return key if error["type"] == "extra_forbidden" and key in model.former else ""


def _translate(model: type[StrictTable], error: Any, problems: Problems) -> None:
    """One of pydantic's errors in our words."""
    keys = [str(part) for part in error["loc"]]
    key, kind, given = ".".join(keys), error["type"], error["input"]
    if kind == "missing":
        problems.note(key, "missing", TYPES[kind])
    elif former := _former(model, error):
        problems.note("", f"key {former!r} has been replaced", model.former[former][1])
    elif kind == "extra_forbidden":
        allowed = known_keys(model, keys[:-1])
        problems.note(key, f"unknown key {keys[-1]!r}", f"one of {', '.join(allowed)}{nearest(keys[-1], allowed)}")
    elif kind == "literal_error":
        problems.note(key, f"received {given!r}", f"one of {error['ctx']['expected']}")
    else:
        allowed_type = TYPES.get(kind) or error["msg"].removeprefix("Input should be ")
        problems.note(key, f"received {show(given)}", f"allowed: {allowed_type}")


def known_keys(model: type[StrictTable], path: Iterable[str]) -> list[str]:
    """The keys of a model, or of the table that lies at a path inside it; in a list, of each of its tables."""
    for key in path:
        if key.isdigit():
            continue
        inner = _tables_in(model.model_fields[key].annotation)
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _tables_in(annotation: Any) -> list[type[StrictTable]]:
    """The models that a type is of, also as items of a list or as an alternative."""
    if isinstance(annotation, type) and issubclass(annotation, StrictTable):
        return [annotation]
    return [model for part in get_args(annotation) for model in _tables_in(part)]


def show(value: object) -> str:
    """A value as it stands in the file, shortened."""
    text = repr(value)
    if isinstance(value, bool | date | time):
        text = str(value).lower()
    return text if len(text) <= 60 else text[:57] + "..."
