"""The rooms of the package, the floors they stand on, and who imports whom, read from the code."""

import ast
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT

PACKAGE = ROOT / "riskmodel"
FRONT_DOORS = {"__init__.py", "__main__.py"}
# From the ground up: a room may import from the lines above its own; rooms of one line know nothing of each other.
FLOORS = (
    ("_version", "arrays", "errors", "text"),
    ("workers",),
    ("evidence", "outputs"),
    ("cases", "network", "decision", "pages"),
    ("inference",),
    ("answers",),
    ("fhir", "redcap"),
    ("casefiles",),
    ("model",),
    ("batches", "shards"),
    ("cohort", "explorer", "metrics", "spark"),
    ("calibration", "pathways", "value"),
    ("sensitivity",),
    ("figures", "notebook", "validation"),
    ("synthesis",),
    ("report",),
    ("cli",),
)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(module: str) -> str:
    """The folder or root module of a dotted module below the package."""
    return module.split(".", maxsplit=1)[0]


@cache
def imported(path: Path, *, typing: bool) -> frozenset[str]:
    """Every module that a file imports, also inside functions; without those for type checking if asked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set()
    if not typing:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                skipped |= {id(inner) for inner in ast.walk(node)}
    names = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "riskmodel":
                names |= {f"riskmodel.{name.name}" for name in node.names}
    return frozenset(names)


def floor(name: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if name in names)


def holds(room: str) -> str:
    """What a room holds, in the first line of its docstring."""
    path = PACKAGE / room / "__init__.py" if (PACKAGE / room).is_dir() else PACKAGE / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{path} does not say what it holds")
    return text.splitlines()[0].rstrip(".").replace("`", "")
