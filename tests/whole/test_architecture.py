"""Imports run one way, and heavy libraries are imported by one part each."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "riskmodel"
LAYERS = (
    "errors",
    "evidence",
    "network",
    "inference",
    "decision",
    "model",
    "metrics",
    "calibration",
    "sensitivity",
    "report",
    "cli",
)
SIDE_BY_SIDE = {("calibration", "sensitivity"), ("sensitivity", "calibration")}
# Top-level modules that are parts of the model layer.
MODEL = {
    "model", "scoring", "output", "frames", "cohort", "explanation", "summary", "codebook", "cache", "text",
    "settings", "uncertainty", "posterior_draws", "elicitation", "questions", "stopping", "explained", "explained_html",
    "overview",
}  # fmt: skip
ANYWHERE = {"errors", "signals", "pool", "shown", "_version"}
# Methods of the model that hand over to a later part, which is imported when they are called.
HANDS_OVER = {("model.py", "calibration")}
FRONT_DOORS = {"__init__.py", "__main__.py"}
# Files and folders of the package.
ONLY_USERS = {
    "pgmpy": ("network/graph.py", "network/export.py"),
    "matplotlib": ("report/figures/",),
    "pandas": (
        "frames.py",
        "cohort.py",
        "model.py",
        "overview.py",
        "posterior_draws.py",
        "metrics/",
        "calibration/",
        "sensitivity/",
        "report/",
    ),
    "click": ("cli/",),
    "pydantic": ("evidence/schema.py", "report/spec.py"),
    "sklearn": ("metrics/", "calibration/estimator.py", "sensitivity/value.py"),
    "patsy": ("metrics/",),
    "statsmodels": ("evidence/pooling.py", "metrics/"),
    "SALib": ("sensitivity/global_.py",),
    "jinja2": ("report/render.py",),
    "tomlkit": ("calibration/write_set.py",),
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(module: str) -> str:
    """The layer of a dotted module below the package."""
    head = module.split(".", maxsplit=1)[0]
    return "model" if head in MODEL else head


def imported(path: Path, *, typing: bool) -> set[str]:
    """Every module that a file imports, also inside functions; without those for type checking if asked."""
    tree = ast.parse(path.read_text())
    skipped = set()
    if not typing:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                skipped |= {id(inner) for inner in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "riskmodel":
                found |= {f"riskmodel.{name.name}" for name in node.names}
    return found


def allowed(importer: str, target: str) -> bool:
    if target in ANYWHERE or importer == target:
        return True
    if importer == "cases":
        return target == "evidence"
    if target == "cases":
        return importer in ("model", "cli")
    if (importer, target) in SIDE_BY_SIDE or importer not in LAYERS or target not in LAYERS:
        return False
    return LAYERS.index(target) < LAYERS.index(importer)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    if path.name in FRONT_DOORS and path.parent == PACKAGE:
        return
    importer = part(".".join(path.relative_to(PACKAGE).with_suffix("").parts))
    for name in imported(path, typing=True):
        if name.startswith("riskmodel."):
            target = part(name.removeprefix("riskmodel."))
            if target == "__version__" or (str(path.relative_to(PACKAGE)), target) in HANDS_OVER:
                continue
            assert allowed(importer, target), f"{importer} must not import {target} ({name})"


@pytest.mark.parametrize("library", ONLY_USERS)
def test_only_one_part_uses(library):
    users = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        if any(name.split(".")[0] == library for name in imported(path, typing=False))
    }
    assert not {user for user in users if not user.startswith(ONLY_USERS[library])}


def test_inference_knows_neither_cases_nor_pandas():
    for path in (PACKAGE / "inference").glob("*.py"):
        assert not {name for name in imported(path, typing=True) if "cases" in name or name.startswith("pandas")}


def test_the_parts_exist():
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()}
    unknown = names - set(LAYERS) - MODEL - ANYWHERE - {"cases", "__init__", "__main__"}
    assert not unknown


def loaded_by(code: str) -> set[str]:
    """The top-level modules in a fresh interpreter after some code."""
    script = f"{code}\nimport sys\nprint(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_model_loads_no_later_part_until_it_is_asked_to():
    script = (
        "import riskmodel, sys; riskmodel.load(); print([n for n in sys.modules if n in {'riskmodel.calibration'}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_itself_loads_nothing_heavy():
    assert not loaded_by("import riskmodel") & {"numpy", "pandas", "pgmpy", "scipy", "pydantic"}
