"""What a report is asked to look at: a TOML file, checked as a whole before anything is worked out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from riskmodel.decision.reading.load import policy_names
from riskmodel.errors import Problem, Problems, RiskModelError, nearest
from riskmodel.evidence.reading.files import priors_root
from riskmodel.evidence.reading.schema import StrictTable, read_table
from riskmodel.evidence.recording import is_file
from riskmodel.evidence.records import IGNORABLE
from riskmodel.model import DEFAULT_POLICY
from riskmodel.sensitivity.targets import checked_targets

if TYPE_CHECKING:
    from riskmodel.model import Model

DEFAULT = "default.toml"
MOST_DRAWS, MOST_PEOPLE = 100_000, 1_000_000

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=MOST_PEOPLE)]
Draws = Annotated[int, Field(ge=2, le=MOST_DRAWS)]
Names = Annotated[list[str], Field(min_length=1)]


class SpecError(RiskModelError):
    """A specification that asks for something that does not exist: all problems together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        lines = [f"{head} in what the report is asked for; nothing was written:"]
        super().__init__("\n".join([*lines, *(f"  {problem}" for problem in self.problems)]))


class CasesTable(StrictTable):
    """``[cases]``: a case file and its mapping file beside the spec, and which of its cases (none named: all)."""

    file: str = ""
    mapping: str = ""
    ids: list[str] = Field(default_factory=list)


class CohortTable(StrictTable):
    """``[cohort]``: how many people are simulated in each setting, and how much of them is not assessed."""

    people: Count = 2000
    missing: Share = 0.3


class TwoWayTable(StrictTable):
    """``[two_way]``: pairs of statements to vary together; none: those whose flips are nearest in each case."""

    pairs: list[list[str]] = Field(default_factory=list)
    points: Annotated[int, Field(ge=2, le=101)] = 21


class SobolTable(StrictTable):
    """``[sobol]``: of which target, from how many base points, and how many statements are looked at one by one."""

    target: str = "mean p(any_serious)"
    samples: Annotated[int, Field(ge=2, le=2**16)] = 512
    statements: Annotated[int, Field(ge=1, le=100)] = 15


class ValueTable(StrictTable):
    """``[value]``: people simulated in each setting for the value of information."""

    people: Count = 500


class PathwaysTable(StrictTable):
    """``[pathways]``: people simulated in each setting, and draws for the intervals."""

    people: Count = 100_000
    draws: Annotated[int, Field(ge=2, le=10_000)] = 50


class Spec(StrictTable):
    """The whole file. The first of ``priors`` and ``policies`` is reported on; the others stand beside it."""

    title: str = "Sensitivity analysis"
    priors: Names = Field(default_factory=lambda: ["seeds"])
    policies: list[str] = Field(default_factory=lambda: [DEFAULT_POLICY])  # none named: all
    settings: list[str] = Field(default_factory=list)
    recording: str = IGNORABLE
    profiles: list[str] = Field(default_factory=list)
    targets: list[str] = Field(default_factory=list)
    statements: list[str] = Field(default_factory=list)
    draws: Draws = 1000
    seed: Annotated[int, Field(ge=0)] = 0
    cases: CasesTable = CasesTable()
    cohort: CohortTable = CohortTable()
    two_way: TwoWayTable = TwoWayTable()
    sobol: SobolTable = SobolTable()
    value: ValueTable = ValueTable()
    pathways: PathwaysTable = PathwaysTable()


def default_spec() -> Spec:
    """The shipped specification: inside an installed package, else in the checkout's ``reports``.

    >>> default_spec().priors
    ['seeds', 'literature']
    """
    package = Path(__file__).resolve().parents[2]
    shipped = next(folder for folder in (package, package.parent) if (folder / "reports" / DEFAULT).is_file())
    return read_spec(shipped / "reports" / DEFAULT)


def read_spec(path: Path) -> Spec:
    """A specification from its file; a case file that it names is looked for beside it.

    Raises
    ------
    SpecError
        with every unknown key and every value that is not allowed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError([Problem(str(path), "", f"cannot be read: {error.strerror}", "")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError([Problem(str(path), "", f"is not TOML in UTF-8: {error}", "")]) from None
    problems = Problems(file=str(path))
    spec = read_table(Spec, raw, problems)
    if spec is None:
        raise SpecError(problems.listed)
    if not spec.policies:
        spec = spec.model_copy(update={"policies": every_policy()})
    if is_file(spec.recording):
        spec = spec.model_copy(update={"recording": str(path.parent / spec.recording)})
    if spec.cases.file:
        asked = {"file": str(path.parent / spec.cases.file)}
        if spec.cases.mapping:
            asked["mapping"] = str(path.parent / spec.cases.mapping)
        return spec.model_copy(update={"cases": spec.cases.model_copy(update=asked)})
    return spec


def every_policy() -> list[str]:
    """All policies of the priors folder, by default the first of which is reported on, those of documents last."""
    root = priors_root()
    documents = tomllib.loads((root / "sources.toml").read_text(encoding="utf-8"))["sources"]
    return sorted(policy_names(root, documents), key=lambda name: name != DEFAULT_POLICY)


def unknown(file: str, key: str, names: Iterable[str], allowed: Sequence[str], what: str) -> list[Problem]:
    """A problem for each name that is not known, with the nearest known one."""
    return [
        Problem(
            file, f"key '{key}'", f"unknown {what} {name!r}", f"one of {_first_names(allowed)}{nearest(name, allowed)}"
        )
        for name in names
        if name not in allowed
    ]


def _first_names(names: Sequence[str]) -> str:
    few = ", ".join(names[:8])
    return f"{few} …" if len(names) > 8 else few or "none: there are none"


def check_spec(spec: Spec, file: str, model: Model, names: Sequence[str]) -> list[Problem]:
    """Everything in a spec that the model and the cases do not have.

    Parameters
    ----------
    file
        the spec's name, for the messages.
    names
        the identifiers of the cases in the case file.
    """
    problems = unknown(file, "settings", spec.settings, model.settings, "setting")
    problems += unknown(file, "profiles", spec.profiles, [IGNORABLE, *model.priors.profiles], "recording profile")
    problems += _statement_problems(file, "statements", spec.statements, model)
    for pair in spec.two_way.pairs:
        if len(pair) != 2 or pair[0] == pair[-1]:
            allowed = 'two different statements, ["one", "other"]'
            problems.append(Problem(file, "key 'two_way.pairs'", f"received {pair!r}", allowed))
        problems += _statement_problems(file, "two_way.pairs", pair, model)
    if spec.sobol.samples & (spec.sobol.samples - 1):
        problems.append(Problem(file, "key 'sobol.samples'", f"received {spec.sobol.samples}", "a power of 2"))
    if spec.cases.ids and not spec.cases.file:
        problems.append(
            Problem(file, "key 'cases.ids'", "names cases, but there is no case file", "name one in 'file'")
        )
    elif spec.cases.file:
        problems += unknown(file, "cases.ids", spec.cases.ids, list(names), "case")
    kept = [name for name in spec.cases.ids if name in names] or list(names)
    for key, texts in (("targets", spec.targets), ("sobol.target", [spec.sobol.target])):
        faults = checked_targets(texts, model, kept)[1] if texts else []
        problems += [Problem(file, f"key '{key}'", fault, "") for fault in faults]
    return problems


def _statement_problems(file: str, key: str, names: Iterable[str], model: Model) -> list[Problem]:
    """Statements that are not in the register, or drive nothing in this set."""
    register, selected = [s.id for s in model.priors.statements], set(model.priors.selected)
    problems = unknown(file, key, names, register, "statement")
    for name in names:
        if name in register and name not in selected:
            reason = f"{name!r} drives no table in the set {model.priors.prior_set.name}"
            problems.append(Problem(file, f"key '{key}'", reason, "a statement that does; see `riskmodel check`"))
    return problems
