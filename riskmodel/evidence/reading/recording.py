"""Recording profiles in: those of ``evidence/recording.toml``, and one in a file of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.errors import PriorsError, Problem, Problems, nearest
from riskmodel.evidence.reading.bibliography import check_citations, read_sources
from riskmodel.evidence.reading.files import PriorFile
from riskmodel.evidence.reading.grammar import DeclaredNames
from riskmodel.evidence.reading.network_file import NAME, NAME_RULE, tables
from riskmodel.evidence.reading.schema import (
    ProfileFileTable,
    ProfileTable,
    RecordingGroupTable,
    TableT,
    read_table,
    show,
)
from riskmodel.evidence.reading.sets import Choice, parameter, select
from riskmodel.evidence.reading.statements import Register
from riskmodel.evidence.recording import (
    QUANTITY,
    RECORDING,
    ROLES,
    RecordingError,
    is_file,
    lineage_of,
    rates_of,
    role_groups,
)
from riskmodel.evidence.records import IGNORABLE, Profile, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from riskmodel.evidence.records import Priors

RECORDING_FILE = "evidence/recording.toml"


@dataclass(frozen=True, slots=True)
class DeclaredProfiles:
    """What a file of recording declares: its profiles without their statements, and the names that these may use."""

    tables: Mapping[str, Profile]
    declared: DeclaredNames


def declare_profiles(document: Mapping[str, Any], declared: DeclaredNames, problems: Problems) -> DeclaredProfiles:
    """The ``[profile.NAME]`` and ``[group.NAME]`` tables of a file."""
    groups = _groups(document.get("group", {}), declared, problems)
    profiles: dict[str, Profile] = {}
    for name, table in _named(ProfileTable, document.get("profile", {}), "profile", problems).items():
        of_entry = problems.at(f"profile {name!r}")
        if _is_name(name, of_entry):
            profiles[name] = Profile(name, table.title, table.extends or "", (), groups, table.note, problems.file)
    for name, profile in profiles.items():
        if profile.extends and profile.extends not in (IGNORABLE, *profiles):
            allowed = f"one of {', '.join([IGNORABLE, *profiles])}{nearest(profile.extends, profiles)}"
            problems.at(f"profile {name!r}").note("extends", f"unknown profile {profile.extends!r}", allowed)
            profiles[name] = replace(profile, extends="")
    names = replace(
        declared,
        recording_groups={**role_groups(declared.variables.values()), **groups},
        profiles=tuple(document.get("profile", {})),
    )
    return DeclaredProfiles(profiles, names)


def _is_name(name: str, problems: Problems, whose: str = "") -> bool:
    if name == IGNORABLE:
        problems.note("", f"{IGNORABLE!r} is always there, and states nothing", "another name")
    elif not NAME.fullmatch(name):
        problems.note("", f"received {whose}{name!r}", f"allowed: {NAME_RULE}")
    else:
        return True
    return False


def _named(model: type[TableT], raw: object, key: str, problems: Problems) -> dict[str, TableT]:
    if not isinstance(raw, dict):
        problems.note(key, f"received {show(raw)}", f"allowed: tables [{key}.NAME]")
        return {}
    read = {name: read_table(model, table, problems.at(f"{key} {name!r}")) for name, table in raw.items()}
    return {name: table for name, table in read.items() if table is not None}


def _groups(raw: object, declared: DeclaredNames, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Groups of variables that are recorded alike; faulty members are left out."""
    possible = [v.name for v in declared.variables.values() if v.role in ROLES and not v.lower_edges]
    taken = [*declared.variables, *declared.composites, *role_groups(declared.variables.values())]
    taken += declared.recording_groups
    groups: dict[str, tuple[str, ...]] = {}
    for name, table in _named(RecordingGroupTable, raw, "group", problems).items():
        of_entry = problems.at(f"group {name!r}")
        if name in taken or not NAME.fullmatch(name):
            of_entry.note("", f"received {name!r}", f"a name that no variable or group has: {NAME_RULE}")
        if not table.members:
            of_entry.note("members", "no members", "one variable or more")
        for member in table.members:
            if table.members.count(member) > 1:
                of_entry.note("members", f"{member!r} twice", "each once")
            if member not in possible and member not in declared.broken:
                allowed = f"findings and risk factors that are no bands of a number{nearest(member, possible)}"
                of_entry.note("members", f"received {member!r}", allowed)
        groups[name] = tuple(dict.fromkeys(member for member in table.members if member in possible))
    return groups


def finish_profiles(
    profiles: Mapping[str, Profile],
    declared: DeclaredNames,
    recorded: Iterable[Statement],
    problems: Problems,
    touched: AbstractSet[str] = frozenset(),
) -> dict[str, Profile]:
    """The profiles with their statements, once every rate of each can be worked out.

    Parameters
    ----------
    recorded
        the statements about recording that the prior set takes.
    touched
        variables and groups of which nothing is reported, since a problem with them was.
    """
    stated: dict[str, list[str]] = {name: [] for name in profiles}
    alike = {parameter(statement): statement for statement in recorded}  # two of one parameter were reported
    by_id = {statement.id: statement for statement in alike.values()}
    for statement in by_id.values():
        event = statement.given.event(RECORDING)
        if event is not None and event.states[0] in stated:
            stated[event.states[0]].append(statement.id)
    finished = {
        name: replace(profile, statements=(*profile.statements, *stated[name])) for name, profile in profiles.items()
    }
    variables = list(declared.variables.values())
    silenced = touched | {v for group in touched for v in declared.recording_groups.get(group, ())}
    for name, profile in finished.items():
        of_entry = problems.of(profile.file).at(f"profile {name!r}")
        try:
            lineage_of(finished, name)
        except RecordingError as error:
            of_entry.note("extends", error.received, error.allowed)
            continue
        for rates in rates_of(finished, name, by_id, variables):
            if isinstance(rates, RecordingError) and rates.variable not in silenced:
                of_entry.note("", rates.received, rates.allowed)
    return finished


def profile_files(path: Path) -> list[PriorFile]:
    """The file of a profile, and those of the profiles that it extends by their files.

    Raises
    ------
    PriorsError
        where a file cannot be read, is not TOML, or leads back to itself.
    """
    chain: list[PriorFile] = []
    seen: list[Path] = []
    while True:
        try:
            file = PriorFile(str(path), path.read_bytes())
        except OSError as error:
            raise PriorsError([_unreadable(path, error, chain)]) from None
        chain.append(file)
        seen.append(path.resolve())
        extends = file.parse().get("extends")
        if not isinstance(extends, str) or not is_file(extends):
            return chain
        path = path.parent / Path(extends).expanduser()
        if path.resolve() in seen:
            circle = " → ".join(step.stem for step in [*seen, path.resolve()])
            allowed = "a profile that does not lead back to this one"
            raise PriorsError([Problem(file.name, "key 'extends'", f"a circle: {circle}", allowed)])


def _unreadable(path: Path, error: OSError, chain: Sequence[PriorFile]) -> Problem:
    """A file that cannot be read: asked for, or extended by the last of a chain."""
    others = [other.name for other in path.parent.glob("*.toml")]
    allowed = f"a profile's TOML file{nearest(path.name, others)}"
    reason = f"cannot be read: {error.strerror}"
    if not chain:
        return Problem(str(path), "", reason, allowed)
    return Problem(
        chain[-1].name, "key 'extends'", f"{path} {reason}", f"the path of {allowed}, from this file's folder"
    )


def add_profile(priors: Priors, path: Path) -> Priors:
    """Priors with the profile of a file, and those that it extends, beside their own; in use is none of them.

    Raises
    ------
    PriorsError
        with every problem of the files.
    """
    problems = Problems()
    for file in reversed(profile_files(path.expanduser())):
        priors = _with_file(priors, file, problems.of(file.name))
        problems.refuse()  # what extends a faulty profile would report it once more
    return priors


def _with_file(priors: Priors, file: PriorFile, problems: Problems) -> Priors:
    document = file.parse()
    table = read_table(ProfileFileTable, document, problems)
    name, extends = Path(file.name).stem, (table.extends or "") if table else ""
    extends = Path(extends).stem if is_file(extends) else extends
    if _is_name(name, problems, "a profile whose name, that of its file, is ") and name in priors.profiles:
        problems.note("", f"there is a profile {name!r} already", "a file of another name")
    if extends and extends not in (IGNORABLE, *priors.profiles):
        listed = [IGNORABLE, *priors.profiles]
        allowed = f"one of {', '.join(listed)}, or the path of a TOML file{nearest(extends, listed)}"
        problems.note("extends", f"unknown profile {extends!r}", allowed)
        extends = ""
    known_groups = {group: names for each in priors.profiles.values() for group, names in each.groups.items()}
    declared = DeclaredNames(
        {variable.name: variable for variable in priors.variables},
        priors.composites,
        groups=priors.groups,
        recording_groups=known_groups,
    )
    groups = _groups(document.get("group", {}), declared, problems)
    declared = replace(
        declared,
        recording_groups={**role_groups(priors.variables), **known_groups, **groups},
        profiles=(name,),
    )
    sources = dict(priors.sources)
    read_sources(document, sources, problems)
    register = Register({statement.id: statement for statement in priors.statements})
    new = register.read_all(tables(document, "statement", problems), declared, problems)
    _check_new(new, problems)
    silent = not document.get("statement") and not groups
    if silent and extends in ("", IGNORABLE) and not problems.listed:
        received = "states no rate, and extends no profile that does: it would read no blank"
        problems.note("", received, "a [[statement]] or more, or extends")
    check_citations(new, [], sources, problems)
    taken = set(select(new, Choice(priors.prior_set, {}), {}, problems))
    profile = Profile(name, table.title if table else "", extends, (), groups, table.note if table else "", file.name)
    recorded = [statement for statement in new if statement.id in taken]
    finished = _finished(priors, profile, declared, recorded, problems, register.touched)
    digest = hashlib.sha256(f"{priors.digest}{hashlib.sha256(file.data).hexdigest()}".encode()).hexdigest()
    return replace(
        priors,
        statements=tuple(register.statements.values()),
        sources=sources,
        profiles={**priors.profiles, name: finished},
        digest=digest,
    )


def _check_new(statements: Sequence[Statement], problems: Problems) -> None:
    for statement in statements:
        if statement.quantity != QUANTITY:
            of_entry = problems.at(f"statement {statement.id!r}")
            of_entry.note(
                "quantity", f"received {statement.quantity!r}", f"allowed: {QUANTITY!r}; others belong in a prior set"
            )


def _finished(
    priors: Priors,
    profile: Profile,
    declared: DeclaredNames,
    recorded: Sequence[Statement],
    problems: Problems,
    touched: AbstractSet[str],
) -> Profile:
    """The profile of a file with its statements, checked with those that it extends."""
    every = {**priors.profiles, profile.name: profile}
    before = {identifier for each in priors.profiles.values() for identifier in each.statements}
    earlier = [statement for statement in priors.statements if statement.id in before]
    emptied = {name: replace(each, statements=()) for name, each in every.items()}
    return finish_profiles(emptied, declared, [*earlier, *recorded], problems, touched)[profile.name]
