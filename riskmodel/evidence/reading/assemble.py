"""Files → records: every file is read and checked, and all problems are raised together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.errors import PriorsError, Problem, nearest
from riskmodel.evidence.pooling import pool_all
from riskmodel.evidence.reading.bibliography import check_citations, read_excluded, read_sources, unused_sources
from riskmodel.evidence.reading.coverage import check_coverage, check_register
from riskmodel.evidence.reading.network_file import check_top_keys, read_network, tables
from riskmodel.evidence.reading.schema import OverrideTable, PoolTable, SetTable, TableT, read_table, show
from riskmodel.evidence.reading.sets import SetFile, check_ids, merge, select
from riskmodel.evidence.reading.statements import Register, override, source_faults
from riskmodel.evidence.records import Pooled, Priors, PriorSet, Source, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from riskmodel.evidence.reading.files import PriorFile, PriorFiles
    from riskmodel.evidence.reading.grammar import Vocabulary


Documents = dict[str, dict[str, Any]]


def assemble(name: str, files: PriorFiles) -> Priors:
    """Read everything, or raise every problem."""
    problems = list(files.problems)
    documents = _parse(files, problems)
    if files.network is None or files.network.name not in documents:
        raise PriorsError(problems)  # without variables no statement can be read
    incomplete = bool(problems)
    vocabulary = read_network(documents[files.network.name], files.network.name, problems)
    sources = _read_all_sources(files, documents, problems)
    register = _read_register(files, documents, vocabulary, problems)
    chain = [_read_set(file, documents[file.name], problems) for file in reversed(files.sets)]
    _check_bibliography(files, documents, register, sources, problems)
    if incomplete:  # whatever is not there would be reported as missing once more
        raise PriorsError(problems)
    silent = check_register(
        [s for s in register.statements.values() if s.quantity != "dependence"],
        register.touched,
        vocabulary,
        "network.toml",
        problems,
    )
    choice = merge(name, chain, vocabulary, problems)
    check_ids(chain, {*register.statements, *register.faulty}, problems)
    for link in chain:
        for identifier, table in link.overrides.items():
            problems.extend(cited(identifier, table, sources, link.file))
    statements, pooled = _renumber(register, chain, choice.prior_set, problems)
    selected = select(statements, choice, problems)
    taken = set(selected)
    chosen = [s for s in statements if s.id in taken and s.quantity != "dependence"]
    _check_groups(statements, taken, vocabulary, problems)
    check_coverage(chosen, register.touched | silent, vocabulary, choice.prior_set, choice.file, problems)
    if problems:
        raise PriorsError(dict.fromkeys(problems))
    variables = tuple(vocabulary.variables.values())
    return Priors(
        variables,
        vocabulary.composites,
        tuple(statements),
        selected,
        sources,
        choice.prior_set,
        files.digest,
        vocabulary.groups,
        pooled,
    )


def _check_groups(
    statements: Sequence[Statement], taken: set[str], vocabulary: Vocabulary, problems: list[Problem]
) -> None:
    """Every group needs a strength."""
    stated = {s.of.variable for s in statements if s.id in taken and s.quantity == "dependence"}
    for name in vocabulary.groups:
        if name not in stated:
            allowed = f"a statement of quantity 'dependence' of {name!r}"
            problems.append(Problem("network.toml", f"key 'dependence.{name}'", "no selected strength", allowed))


def _parse(files: PriorFiles, problems: list[Problem]) -> Documents:
    documents: Documents = {}
    for file in (files.network, files.sources, files.excluded, *files.evidence, *files.sets):
        if file is None:
            continue
        try:
            documents[file.name] = file.parse()
        except PriorsError as error:
            problems.extend(error.problems)
    return documents


def _read_register(
    files: PriorFiles, documents: Documents, vocabulary: Vocabulary, problems: list[Problem]
) -> Register:
    register = Register()
    for file in files.evidence:
        if file.name in documents:
            check_top_keys(documents[file.name], ("statement",), file.name, problems)
    for file in (*files.evidence, *reversed(files.sets)):
        statements = tables(documents.get(file.name, {}), "statement", file.name, problems)
        for position, raw in enumerate(statements, start=1):
            register.read(raw, position, file.name, vocabulary, problems)
    return register


def _read_all_sources(files: PriorFiles, documents: Documents, problems: list[Problem]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    if files.sources is not None:
        document = documents.get(files.sources.name, {})
        check_top_keys(document, ("sources",), files.sources.name, problems)
        read_sources(document, files.sources.name, sources, problems)
    for file in reversed(files.sets):
        read_sources(documents[file.name], file.name, sources, problems)
    return sources


def _check_bibliography(
    files: PriorFiles,
    documents: Documents,
    register: Register,
    sources: dict[str, Source],
    problems: list[Problem],
) -> None:
    excluded = []
    if files.excluded is not None and files.excluded.name in documents:
        excluded = read_excluded(documents[files.excluded.name], files.excluded.name, problems)
    if files.sources is not None and files.sources.name not in documents:
        return  # every citation would look wrong
    check_citations(register.statements.values(), excluded, sources, problems)
    for statement in register.statements.values():
        report(statement, source_faults(statement, sources), statement.file, problems)
    if files.sources is not None:
        citing = [*files.evidence, *files.sets, *files.policies]
        if files.excluded is not None:
            citing.append(files.excluded)
        problems.extend(unused_sources(documents[files.sources.name], files.sources.name, citing))


def _read_set(file: PriorFile, document: dict[str, Any], problems: list[Problem]) -> SetFile:
    table = read_table(SetTable, document, file.name, "", problems)
    overrides = _named(OverrideTable, document, "override", file.name, problems)
    pools = _named(PoolTable, document, "pool", file.name, problems)
    return SetFile(file.name, table or SetTable.model_construct(), overrides, pools, table is not None)


def _named(
    model: type[TableT], document: dict[str, Any], key: str, file: str, problems: list[Problem]
) -> dict[str, TableT]:
    """The tables ``[key."statement.id"]`` of a set."""
    raw = document.get(key, {})
    if not isinstance(raw, dict):
        problems.append(Problem(file, f"key {key!r}", f"received {show(raw)}", f'tables [{key}."statement.id"]'))
        return {}
    read = {name: read_table(model, inner, file, f"{key} {name!r}", problems) for name, inner in raw.items()}
    return {name: table for name, table in read.items() if table is not None}


def _renumber(
    register: Register, chain: Sequence[SetFile], prior_set: PriorSet, problems: list[Problem]
) -> tuple[list[Statement], dict[str, Pooled]]:
    """The register with the numbers that the sets put in place of its own, and what was pooled."""
    statements = dict(register.statements)
    pooled: dict[str, Pooled] = {}
    for link in chain:
        for identifier, table in link.overrides.items():
            if identifier in statements:
                statements[identifier], faults = override(statements[identifier], table.model_dump(exclude_none=True))
                report(statements[identifier], faults, link.file, problems, "override")
                pooled.pop(identifier, None)
        pooled |= pool_all(statements, link.pools, prior_set, link.file, problems)
    return list(statements.values()), pooled


def cited(identifier: str, table: OverrideTable, sources: Mapping[str, Source], file: str) -> Iterator[Problem]:
    """Whether the cohorts that an override names exist."""
    for step in table.informed or ():
        if step.cohort not in sources:
            where = f"override {identifier!r}, key 'informed'"
            received = f"unknown source {step.cohort!r}"
            yield Problem(file, where, received, f"a key under [sources]{nearest(step.cohort, sources)}")


def report(statement: Statement, faults: Any, file: str, problems: list[Problem], kind: str = "statement") -> None:
    for key, received, allowed in faults:
        problems.append(Problem(file, f"{kind} {statement.id!r}, key {key!r}", received, allowed))
