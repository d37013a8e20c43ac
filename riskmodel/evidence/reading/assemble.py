"""Files → records: every file is read and checked, and all problems are raised together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.errors import PriorsError, Problems, nearest
from riskmodel.evidence.origin import HASHED, CitedSource, Informed, Pooled
from riskmodel.evidence.pooling import pool_all
from riskmodel.evidence.reading.bibliography import check_citations, check_unused, read_excluded, read_sources
from riskmodel.evidence.reading.coverage import check_coverage, check_register, filling_tables
from riskmodel.evidence.reading.network_file import check_top_keys, read_network, tables
from riskmodel.evidence.reading.recording import RECORDING_FILE, declare_profiles, finish_profiles
from riskmodel.evidence.reading.schema import OverrideTable, PoolTable, SetTable, TableT, read_table, show
from riskmodel.evidence.reading.sets import SetFile, check_ids, merge, select
from riskmodel.evidence.reading.statements import Register, override
from riskmodel.evidence.reading.together import merged_pairs, read_pairs
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import Priors, PriorSet, Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from riskmodel.evidence.reading.files import PriorFile, PriorFiles
    from riskmodel.evidence.reading.grammar import DeclaredNames


Documents = dict[str, dict[str, Any]]


def assemble(name: str, files: PriorFiles) -> Priors:
    """The priors that some files state.

    Raises
    ------
    PriorsError
        With every problem of every file.
    """
    problems = Problems(list(files.problems))
    documents = _parse(files, problems)
    if files.network is None or files.network.name not in documents:
        raise PriorsError(problems.listed)  # without variables no statement can be read
    incomplete = bool(problems.listed)
    declared = read_network(documents[files.network.name], problems.of(files.network.name))
    profiles = declare_profiles(documents.get(RECORDING_FILE, {}), declared, problems.of(RECORDING_FILE))
    declared = profiles.declared
    sources = _read_all_sources(files, documents, problems)
    register = _read_register(files, documents, declared, problems)
    chain = [_read_set(file, documents[file.name], problems.of(file.name)) for file in reversed(files.sets)]
    _check_bibliography(files, documents, register, sources, problems)
    if incomplete:  # whatever is not there would be reported as missing once more
        problems.refuse()
    silent = check_register(
        filling_tables(register.statements.values()), register.touched, declared, problems.of("network.toml")
    )
    choice = merge(name, chain, declared, problems)
    check_ids(chain, {*register.statements, *register.faulty}, problems)
    for link in chain:
        for identifier, table in link.overrides.items():
            check_fits(table, sources, problems.of(link.file).at(f"override {identifier!r}"))
    statements, pooled = _renumber(register, chain, choice.prior_set, problems)
    of_set = problems.of(choice.prior_set.file)
    selected = select([s for s in statements if s.quantity != QUANTITY], choice, declared.variables, of_set)
    recorded = select([s for s in statements if s.quantity == QUANTITY], choice, declared.variables, of_set)
    taken = set(selected)
    chosen = [s for s in statements if s.id in taken]
    correlated = {s.of.variable for s in chosen if s.quantity == "dependence" and s.given.none}
    _check_groups(declared.groups, correlated, problems.of("network.toml"))
    check_coverage(filling_tables(chosen), register.touched | silent, declared, choice.prior_set, of_set)
    by_id = {statement.id: statement for statement in statements}
    finished = finish_profiles(
        profiles.tables, declared, [by_id[name] for name in recorded], problems, register.touched
    )
    faulty = frozenset(register.faulty)
    pairs = [read_pairs(documents[file.name], by_id, faulty, problems.of(file.name)) for file in reversed(files.sets)]
    problems.refuse()
    return Priors(
        variables=tuple(declared.variables.values()),
        composites=declared.composites,
        statements=tuple(statements),
        selected=selected,
        sources=sources,
        prior_set=choice.prior_set,
        digest=files.digest,
        groups=declared.groups,
        pooled=pooled,
        profiles=finished,
        drawn_pairs=merged_pairs(pairs),
    )


def _check_groups(groups: Collection[str], stated: Collection[str], problems: Problems) -> None:
    """Every group needs a correlation given none of the conditions."""
    for name in groups:
        if name not in stated:
            allowed = f"a statement of quantity 'dependence' of {name!r} given none; value = 0 switches the group off"
            problems.note(f"dependence.{name}", "no selected correlation", allowed)


def _parse(files: PriorFiles, problems: Problems) -> Documents:
    documents: Documents = {}
    for file in (files.network, files.sources, files.excluded, *files.evidence, *files.sets):
        if file is None:
            continue
        try:
            documents[file.name] = file.parse()
        except PriorsError as error:
            problems.listed.extend(error.problems)
    return documents


def _read_register(files: PriorFiles, documents: Documents, declared: DeclaredNames, problems: Problems) -> Register:
    register = Register()
    for file in files.evidence:
        if file.name in documents:
            keys = ("statement", "profile", "group") if file.name == RECORDING_FILE else ("statement",)
            check_top_keys(documents[file.name], keys, problems.of(file.name))
    for file in (*files.evidence, *reversed(files.sets)):
        of_file = problems.of(file.name)
        register.read_all(tables(documents.get(file.name, {}), "statement", of_file), declared, of_file)
    return register


def _read_all_sources(files: PriorFiles, documents: Documents, problems: Problems) -> dict[str, CitedSource]:
    sources: dict[str, CitedSource] = {}
    if files.sources is not None:
        document = documents.get(files.sources.name, {})
        check_top_keys(document, ("sources",), problems.of(files.sources.name))
        read_sources(document, sources, problems.of(files.sources.name))
    for file in reversed(files.sets):
        read_sources(documents[file.name], sources, problems.of(file.name))
    return sources


def _check_bibliography(
    files: PriorFiles, documents: Documents, register: Register, sources: Mapping[str, CitedSource], problems: Problems
) -> None:
    excluded = []
    if files.excluded is not None and files.excluded.name in documents:
        excluded = read_excluded(documents[files.excluded.name], problems.of(files.excluded.name))
    if files.sources is not None and files.sources.name not in documents:
        return  # every citation would look wrong
    check_citations(register.statements.values(), excluded, sources, problems)
    if files.sources is not None:
        citing = [*files.evidence, *files.sets, *files.policies, *files.studies]
        citing += [files.excluded] if files.excluded else []
        check_unused(documents[files.sources.name], citing, problems.of(files.sources.name))


def _read_set(file: PriorFile, document: dict[str, Any], problems: Problems) -> SetFile:
    table = read_table(SetTable, document, problems)
    overrides = _named(OverrideTable, document, "override", problems)
    pools = _named(PoolTable, document, "pool", problems)
    return SetFile(file.name, table or SetTable.model_construct(), overrides, pools, table is not None)


def _named(model: type[TableT], document: dict[str, Any], key: str, problems: Problems) -> dict[str, TableT]:
    """The tables ``[key."statement.id"]`` of a set."""
    raw = document.get(key, {})
    if not isinstance(raw, dict):
        problems.note(key, f"received {show(raw)}", f'tables [{key}."statement.id"]')
        return {}
    read = {name: read_table(model, inner, problems.at(f"{key} {name!r}")) for name, inner in raw.items()}
    return {name: table for name, table in read.items() if table is not None}


def _renumber(
    register: Register, chain: Sequence[SetFile], prior_set: PriorSet, problems: Problems
) -> tuple[list[Statement], dict[str, Pooled]]:
    """The register with the numbers that the sets put in place of its own, and what was pooled."""
    statements = dict(register.statements)
    pooled: dict[str, Pooled] = {}
    for link in chain:
        of_set = problems.of(link.file)
        for name, table in link.overrides.items():
            if name in statements:
                numbers = table.model_dump(exclude_none=True)
                statements[name] = override(statements[name], numbers, of_set.at(f"override {name!r}"))
                pooled.pop(name, None)
        pooled |= pool_all(statements, link.pools, prior_set, of_set)
    return list(statements.values()), pooled


def check_fits(table: OverrideTable, sources: Mapping[str, CitedSource], problems: Problems) -> None:
    """Every fit that an override names must be a source, and of the kind that the source says."""
    for step in table.informed or ():
        informed = Informed.of_table(step.model_dump(exclude_none=True))
        source = sources.get(informed.source)
        if source is None:
            allowed = f"a key under [sources]{nearest(informed.source, sources)}"
            problems.note("informed", f"unknown source {informed.source!r}", allowed)
        elif source.fit is not None and source.fit.kind != informed.kind:
            allowed = f"{source.fit.kind} = {informed.source!r}: its fit has a {HASHED[source.fit.kind]}"
            problems.note("informed", f"{informed.kind} = {informed.source!r}", allowed)
