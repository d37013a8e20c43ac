"""Names tell: words that fit everything are no names, and a public name stands in one module only."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

# Both numbers may only fall: whoever removes some lowers them.
VAGUE_NAMES = 1
NAMES_IN_SEVERAL_MODULES = 0

PACKAGE = ROOT / "riskmodel"
VAGUE = {"found", "place", "own", "known", "said", "told", "some", "one", "left", "mine"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Each file of the package and what it says."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def given_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that is assigned or is a parameter, and every attribute that is set, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def public_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The functions and classes at the top of a file whose names have no leading underscore."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node.lineno


def test_few_names_fit_everything():
    rooms: dict[str, list[str]] = defaultdict(list)
    for file, tree in trees():
        hits = [f"  {file}:{line} {name}" for name, line in given_names(tree) if name in VAGUE]
        rooms[Path(file).parts[1]] += hits
    total = sum(map(len, rooms.values()))
    listed = "\n".join("\n".join([f"{room}: {len(hits)}", *hits]) for room, hits in rooms.items() if hits)
    assert total <= VAGUE_NAMES, f"{total} names out of {sorted(VAGUE)}, {VAGUE_NAMES} allowed:\n{listed}"


def test_a_public_name_stands_in_one_module():
    modules: dict[str, list[str]] = defaultdict(list)
    for file, tree in trees():
        for name, line in public_names(tree):
            modules[name].append(f"{file}:{line}")
    several = {name: homes for name, homes in modules.items() if len(homes) > 1}
    listed = "\n".join(f"{name}: {', '.join(homes)}" for name, homes in sorted(several.items()))
    assert len(several) <= NAMES_IN_SEVERAL_MODULES, (
        f"{len(several)} names stand in several modules, {NAMES_IN_SEVERAL_MODULES} allowed:\n{listed}"
    )


def test_what_counts_as_a_given_name():
    tree = ast.parse(
        "def f(own, *, x):\n    self.place = found = own\n    for one in x: print(told)\nclass A: left = 1"
    )
    assert sorted(given_names(tree)) == sorted(
        [("own", 1), ("x", 1), ("place", 2), ("found", 2), ("one", 3), ("left", 4)]
    )
    assert list(public_names(tree)) == [("f", 1), ("A", 4)]
