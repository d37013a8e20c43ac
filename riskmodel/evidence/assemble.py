"""Files → records: every file is read and checked, and all problems are raised together."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riskmodel.errors import PriorsError, Problem, nearest
from riskmodel.evidence.bibliography import check_citations, read_excluded, read_sources, unused_sources
from riskmodel.evidence.coverage import check_coverage, check_register
from riskmodel.evidence.network_file import check_top_keys, read_network, tables
from riskmodel.evidence.records import Priors, Source, Statement
from riskmodel.evidence.schema import OverrideTable, SetTable, read_table, show
from riskmodel.evidence.select import SetFile, check_ids, merge, select
from riskmodel.evidence.statements import Register, override, source_faults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.evidence.files import PriorFile, PriorFiles
    from riskmodel.evidence.parse import Vocabulary


def assemble(name: str, files: PriorFiles) -> Priors:
    """Read everything, or raise every problem."""
    problems: list[Problem] = []
    documents = _parse(files, problems)
    if problems:  # what cannot be parsed would make everything else look missing
        raise PriorsError(problems)
    vocabulary = read_network(documents[files.network.name], files.network.name, problems)
    sources = _read_all_sources(files, documents, problems)
    register = Register()
    for file in files.evidence:
        check_top_keys(documents[file.name], ("statement",), file.name, problems)
        _read_statements(documents[file.name], file.name, register, vocabulary, problems)
    chain = [_read_set(file, documents[file.name], problems) for file in reversed(files.sets)]
    for file in reversed(files.sets):
        _read_statements(documents[file.name], file.name, register, vocabulary, problems)
    _check_bibliography(files, documents, register, sources, problems)
    for statement in register.statements.values():
        _report(statement, source_faults(statement, sources), statement.file, problems)
    check_register(
        [*register.statements.values()], register.touched, vocabulary, files.network.name, problems
    )
    choice = merge(name, chain, vocabulary, problems)
    check_ids(chain, {*register.statements, *register.faulty}, problems)
    statements = _override(register, chain, problems)
    selected = select(statements, choice, problems)
    taken = set(selected)
    chosen = [statement for statement in statements if statement.id in taken]
    check_coverage(chosen, register.touched, vocabulary, choice.prior_set, choice.file, problems)
    if problems:
        raise PriorsError(dict.fromkeys(problems))
    return Priors(
        tuple(vocabulary.variables.values()),
        vocabulary.composites,
        tuple(statements),
        selected,
        sources,
        choice.prior_set,
        files.digest,
    )


def _parse(files: PriorFiles, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    documents: dict[str, dict[str, Any]] = {}
    for file in (files.network, files.sources, files.excluded, *files.evidence, *files.sets):
        if file is None:
            continue
        try:
            documents[file.name] = file.parse()
        except PriorsError as error:
            problems.extend(error.problems)
    return documents


def _read_all_sources(
    files: PriorFiles, documents: dict[str, dict[str, Any]], problems: list[Problem]
) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    if files.sources is not None:
        document = documents[files.sources.name]
        check_top_keys(document, ("sources",), files.sources.name, problems)
        read_sources(document, files.sources.name, sources, problems)
    for file in reversed(files.sets):
        read_sources(documents[file.name], file.name, sources, problems)
    return sources


def _check_bibliography(
    files: PriorFiles,
    documents: dict[str, dict[str, Any]],
    register: Register,
    sources: dict[str, Source],
    problems: list[Problem],
) -> None:
    excluded = []
    if files.excluded is not None:
        excluded = read_excluded(documents[files.excluded.name], files.excluded.name, problems)
    check_citations(register.statements.values(), excluded, sources, problems)
    if files.sources is not None:
        keys = documents[files.sources.name].get("sources", {})
        citing = [
            *files.evidence,
            *files.sets,
            *files.policies,
            *([files.excluded] if files.excluded else []),
        ]
        problems.extend(unused_sources(keys, files.sources.name, citing))


def _read_statements(
    document: dict[str, Any], file: str, register: Register, vocabulary: Vocabulary, problems: list[Problem]
) -> None:
    for position, raw in enumerate(tables(document, "statement", file, problems), start=1):
        register.read(raw, position, file, vocabulary, problems)


def _read_set(file: PriorFile, document: dict[str, Any], problems: list[Problem]) -> SetFile:
    table = read_table(SetTable, document, file.name, "", problems)
    overrides: dict[str, OverrideTable] = {}
    raw = document.get("override", {})
    if not isinstance(raw, dict):
        problems.append(
            Problem(file.name, "key 'override'", f"received {show(raw)}", 'tables [override."statement.id"]')
        )
        raw = {}
    for identifier, numbers in raw.items():
        read = read_table(OverrideTable, numbers, file.name, f"override {identifier!r}", problems)
        if read is not None:
            overrides[identifier] = read
    return SetFile(file.name, table or SetTable.model_construct(), overrides)


def _override(register: Register, chain: Sequence[SetFile], problems: list[Problem]) -> list[Statement]:
    """The register with the numbers that the sets put in place of its own."""
    statements = dict(register.statements)
    for link in chain:
        for identifier, table in link.overrides.items():
            if identifier in statements:
                statements[identifier], faults = override(
                    statements[identifier], table.model_dump(exclude_none=True)
                )
                _report(statements[identifier], faults, link.file, problems, "override")
    return list(statements.values())


def _report(
    statement: Statement, faults: Any, file: str, problems: list[Problem], kind: str = "statement"
) -> None:
    for key, received, allowed in faults:
        problems.append(Problem(file, f"{kind} {statement.id!r}, key {key!r}", received, allowed))


def overridden(priors: Priors, overrides: Mapping[str, Mapping[str, float]]) -> Priors:
    """Priors with other numbers in some statements, checked like a set's overrides."""
    file = f"overrides of {priors.prior_set.name}"
    problems: list[Problem] = []
    statements = {statement.id: statement for statement in priors.statements}
    merged = {identifier: dict(numbers) for identifier, numbers in priors.prior_set.overrides.items()}
    for identifier, raw in overrides.items():
        table = read_table(OverrideTable, dict(raw), file, f"override {identifier!r}", problems)
        if identifier not in statements:
            allowed = f"a statement's id{nearest(identifier, statements)}"
            problems.append(Problem(file, "", f"unknown statement {identifier!r}", allowed))
        elif table is not None:
            numbers = table.model_dump(exclude_none=True)
            statements[identifier], faults = override(statements[identifier], numbers)
            _report(statements[identifier], faults, file, problems, "override")
            merged[identifier] = {**merged.get(identifier, {}), **numbers}
    vocabulary = Vocabulary({variable.name: variable for variable in priors.variables}, priors.composites)
    taken = set(priors.selected)
    chosen = [statement for statement in statements.values() if statement.id in taken]
    check_coverage(chosen, frozenset(), vocabulary, priors.prior_set, file, problems)
    if problems:
        raise PriorsError(problems)
    digest = hashlib.sha256(f"{priors.digest}{sorted(merged.items())}".encode()).hexdigest()
    prior_set = replace(priors.prior_set, overrides=merged)
    return replace(priors, statements=tuple(statements.values()), prior_set=prior_set, digest=digest)
