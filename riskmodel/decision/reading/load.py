"""Policy files: TOML in, a checked policy out, or every problem of the file at once."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.decision.language.monotone import is_upward
from riskmodel.decision.language.nodes import Enough, Holds, Node, PosteriorComparison, leaves
from riskmodel.decision.language.vocabulary import OBSERVED, Vocabulary
from riskmodel.decision.policy import Policy
from riskmodel.decision.reading.rules import UNREADABLE, Context, read_otherwise, read_rule
from riskmodel.decision.reading.table import NAME, TomlTable
from riskmodel.decision.rules import Otherwise, Rule, Threshold
from riskmodel.errors import PolicyError, Problem, nearest
from riskmodel.evidence.digests import digest_of
from riskmodel.evidence.records import ANY_SERIOUS, SETTING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from riskmodel.evidence.records import Variable


def load_policy(
    name_or_path: str | Path,
    variables: Sequence[Variable],
    root: Path,
    sources: Collection[str],
    composites: Sequence[str] = (ANY_SERIOUS,),
) -> Policy:
    """Read and check a policy.

    Parameters
    ----------
    name_or_path
        The name of a shipped policy (``consensus``), or the path of a TOML file.
    variables
        All variables, circumstances included, in the order of the rows of the masks.
    root
        The priors folder, which holds ``policies/``.
    sources
        The keys that rules may cite: those of the priors under which the policy is used.
    composites
        The outputs of the network beside its conditions.

    Raises
    ------
    PolicyError
        With every problem of the file: where it is, what was received, what is allowed.
    """
    file, path = _find(name_or_path, root)
    text, values = _parse(file, path)
    every_test = [variable for variable in variables if variable.role == "test"]
    parts = {parent for variable in every_test for parent in variable.parents}  # of a scan's result
    tests = [variable for variable in every_test if variable.name not in parts]
    context = Context(
        file=file,
        text=text,
        problems=[],
        vocabulary=Vocabulary(tuple(variables), composites=tuple(composites)),
        imaging=tuple(variable.name for variable in tests if variable.imaging),
        tests=tuple(variable.name for variable in tests if not variable.imaging),
        sources=tuple(sorted(sources)),
    )
    return _read(context, path.stem, values)


def policy_names(root: Path, documents: Iterable[str] = ()) -> tuple[str, ...]:
    """The policies of a priors folder: by name, those of documents last and in the order of these.

    >>> from riskmodel.evidence.load import priors_root
    >>> policy_names(priors_root(), ["whitlock_2026", "clinical_note"])[-3:]
    ('healthusias', 'whitlock_2026', 'clinical_note')
    """
    order = {name: number for number, name in enumerate(documents)}
    names = sorted(path.stem for path in (root / "policies").glob("*.toml"))
    return tuple(sorted(names, key=lambda name: order.get(name, -1)))


def _find(name_or_path: str | Path, root: Path) -> tuple[str, Path]:
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or name.endswith(".toml"):
        return name, Path(name_or_path)
    shipped = policy_names(root)
    if name not in shipped:
        allowed = f"one of {', '.join(shipped)}, or the path of a file that ends in .toml"
        raise PolicyError([Problem(name, "", f"no such policy{nearest(name, shipped)}", allowed)])
    return f"policies/{name}.toml", root / "policies" / f"{name}.toml"


def _parse(file: str, path: Path) -> tuple[str, dict[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        received = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        received = "is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        received = f"is not TOML: {error}"
    raise PolicyError([Problem(file, "", received, "")])


def _read(context: Context, name: str, values: Mapping[str, object]) -> Policy:
    top = context.table(values, "")
    title = top.text("title", required=True)
    one_of = _one_of(top, context)
    context = replace(context, imaging=context.imaging + tuple(one_of))
    context = replace(context, urgencies=_names(top, "urgencies", context), referrals=_names(top, "referrals", context))
    if "routine" not in context.urgencies:
        top.problem("urgencies", "no 'routine'", "it is the limit of rules that are not about safety")
    thresholds = _thresholds(top, context)
    enough = _enough(top, context)
    values_of = {key: threshold.value for key, threshold in thresholds.items()}
    named = replace(context.vocabulary, thresholds=values_of, enough=tuple(enough.values()))
    flags = top.texts("flags")
    nodes = _flags(top, flags, replace(context, vocabulary=named)) if "flags" in top else named.every_flag()
    context = replace(context, vocabulary=replace(named, flags=nodes))
    supersedes = _supersedes(top, context, one_of)
    otherwise = read_otherwise(context, top.tables("otherwise"))
    rules = [read_rule(context, number, table) for number, table in enumerate(top.tables("rule"))]
    top.finish()
    _check_whole(top, context, rules, otherwise)
    if context.problems:
        raise PolicyError(context.problems)
    return Policy(
        name=name,
        title=title,
        variables=context.vocabulary.variables,
        urgencies=context.urgencies,
        referral_tokens=context.referrals,
        imaging_tokens=context.imaging,
        test_tokens=context.tests,
        rules=tuple(rules),
        otherwise=tuple(otherwise),
        supersedes=supersedes,
        thresholds=thresholds,
        one_of=one_of,
        flags=flags,
        enough=tuple(enough),
        text=context.text,
        digest=digest_of(values),
    )


def _names(top: TomlTable, key: str, context: Context) -> tuple[str, ...]:
    """A vocabulary: names that can stand in a column of results, joined by ``|``."""
    names = top.texts(key, required=True)
    for name in names:
        if not NAME.fullmatch(name) or name in context.imaging + context.tests:
            top.problem(key, f"found {name!r}", "a name of letters, digits, _, . and -, other than a test's")
    return names


def _one_of(top: TomlTable, context: Context) -> dict[str, tuple[str, ...]]:
    """Imaging tokens that any of several scans satisfies, such as ``ct_or_mri = ["ct", "mri"]``."""
    named = top.named("one_of")
    table = context.table(named, "one_of")
    stated = {}
    for name in named:
        scans = table.choices(name, context.imaging)
        if not NAME.fullmatch(name) or name in context.imaging + context.tests:
            table.problem(name, f"found {name!r}", "a name of letters, digits, _, . and -, other than a test's")
        elif len(scans) < 2:
            table.problem(name, f"found {list(scans)}", "two scans or more, of which one will do")
        else:
            stated[name] = scans
    table.finish()
    return stated


def _enough(top: TomlTable, context: Context) -> dict[str, int]:
    """The variables that must be assessed for ``enough``, each with its row."""
    observed = {
        variable.name: row
        for row, variable in enumerate(context.vocabulary.variables)
        if variable.name != SETTING and variable.role in OBSERVED
    }
    names = top.choices("enough", tuple(observed))
    if "enough" in top and not names:
        top.problem("enough", "no variable", "what must be assessed, or leave the list out")
    return {name: observed[name] for name in names}


def _thresholds(top: TomlTable, context: Context) -> dict[str, Threshold]:
    thresholds = {}
    for name, values in top.named("threshold").items():
        table = context.table(values, f"threshold {name}")
        harm, benefit = table.positive("harm"), table.positive("benefit")
        thresholds[name] = Threshold(harm, benefit, table.text("note"), table.text("source"))
        table.finish()
    return thresholds


def _flags(top: TomlTable, texts: Sequence[str], context: Context) -> tuple[Node, ...]:
    """The policy's own list of flags: tests of risk factors and findings, from some state upwards."""
    nodes = []
    for text in texts:
        node = context.expression(top, text, f"flags, {text!r}")
        if node is UNREADABLE:
            continue
        if isinstance(node, Holds):
            variable = context.vocabulary.variables[node.row]
            if variable.is_flag and is_upward(node.mask, variable):
                nodes.append(node)
                continue
        allowed = "a risk factor or finding, from some state upwards, is expected"
        top.problem("flags", f"{text!r} is not a red flag", allowed)
    return tuple(nodes)


def _supersedes(top: TomlTable, context: Context, one_of: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """What each scan supersedes, a scan after those that it supersedes.

    Where one of several scans will do, each of them supersedes the choice, and it what all of them do.
    """
    table = context.table(top.named("supersedes"), "supersedes")
    stated = {test: table.choices(test, context.imaging) for test in context.imaging if test in table}
    table.finish()
    for either, scans in one_of.items():
        common = [token for token in context.imaging if all(token in stated.get(scan, ()) for scan in scans)]
        stated[either] = tuple(dict.fromkeys([*stated.get(either, ()), *common]))
        for scan in scans:
            stated[scan] = (*stated.get(scan, ()), either)
    above = {test: set(weaker) for test, weaker in stated.items()}
    for _ in stated:  # the transitive closure, one step a round
        above = {test: weaker.union(*(above.get(scan, set()) for scan in weaker)) for test, weaker in above.items()}
    for test in [test for test, weaker in above.items() if test in weaker]:
        table.problem(test, f"{test!r} supersedes itself, if by way of others", "then neither is asked for")
    return {test: stated[test] for test in sorted(stated, key=lambda test: len(above[test]))}


def _check_whole(top: TomlTable, context: Context, rules: Sequence[Rule], otherwise: Sequence[Otherwise]) -> None:
    """What only the whole file can show: repeated ids, names never used, safety rules that are too late."""
    identifiers = [rule.id for rule in rules]
    for repeated in sorted({identifier for identifier in identifiers if identifiers.count(identifier) > 1}):
        top.problem("", f"the rule id {repeated!r} is used twice", "each id once")
    read = {
        leaf.threshold for rule in rules for leaf in leaves(rule.condition) if isinstance(leaf, PosteriorComparison)
    }
    unreadable = " ".join(rule.when for rule in rules if rule.condition is UNREADABLE)
    for name in sorted(context.vocabulary.thresholds.keys() - read):
        if name not in unreadable:
            top.problem(f"threshold {name}", "no rule reads it", "use it or remove it")
    if context.vocabulary.enough and not any(isinstance(leaf, Enough) for r in rules for leaf in leaves(r.condition)):
        top.problem("enough", "no rule reads it", "use it or remove it")
    asked = {token for rule in rules for token in rule.referral} | {t for entry in otherwise for t in entry.referral}
    for name in [name for name in context.referrals if name not in asked]:
        top.problem("referrals", f"no rule refers to {name!r}", "use it or remove it")
    latest = min([context.routine, *(entry.urgency for entry in otherwise)])
    for rule in rules:
        if rule.safety and rule.urgency > latest:
            received = f"urgency {context.urgencies[rule.urgency]!r} of a safety rule"
            allowed = f"at least {context.urgencies[latest]!r}, which holds without it, or safety = false"
            top.problem(f"rule {rule.id}", received, allowed)
