"""Imports run one way, and heavy libraries are imported by one part each."""

import ast
import subprocess
import sys

import pytest

from tests.support.architecture import FLOORS, FRONT_DOORS, PACKAGE, floor, imported, modules, room
from tests.support.paths import ROOT

ROOT_MODULES = 4  # beside the front doors and the version
# Circles of files that are still to be opened; the list may only become shorter.
CIRCLES = 0
# Files and folders of the package.
ONLY_USERS = {
    "pgmpy": ("network/pgmpy_network.py", "network/export.py"),
    "matplotlib": ("figures/", "pages/svg.py"),
    "pandas": (
        "answers/",
        "casefiles/read/arrow_frames.py",
        "casefiles/read/frame.py",
        "casefiles/write/frame.py",
        "cohort.py",
        "model/frames.py",
        "network/coherence.py",
        "metrics/",
        "calibration/",
        "pathways/",
        "sensitivity/",
        "synthesis/",
        "validation/",
        "value/",
        "report/",
        "pages/",
    ),
    "click": ("cli/",),
    "pydantic": ("validation/load.py", "evidence/reading/schema.py", "report/sensitivity/spec.py"),
    "sklearn": ("metrics/", "calibration/sklearn/", "value/study.py"),
    "patsy": ("metrics/",),
    "statsmodels": ("evidence/random_effects.py", "metrics/"),
    "SALib": ("sensitivity/sobol_indices.py",),
    "jinja2": ("pages/environment.py",),
    "anywidget": ("notebook/widget.py",),
    "tomlkit": ("evidence/set_text.py", "outputs/toml_text.py"),
}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    if path.name in FRONT_DOORS and path.parent == PACKAGE:
        return
    importer = room(".".join(path.relative_to(PACKAGE).with_suffix("").parts))
    for name in imported(path, typing=True):
        if name.startswith("riskmodel.") and name != "riskmodel.__version__":
            target = room(name.removeprefix("riskmodel."))
            if target != importer:
                assert floor(target) < floor(importer), f"{importer} must not import {target} ({name})"


def imports_between_files() -> dict[str, set[str]]:
    """For each file of the package the files that it imports, also for types alone."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules()}
    names |= {name.removesuffix(".__init__"): path for name, path in names.items() if name.endswith(".__init__")}
    arrows: dict[str, set[str]] = {}
    for path in modules():
        targets = arrows.setdefault(str(path), set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    target = names.get(f"{node.module}.{alias.name}") or names.get(node.module)
                    if target and target != path:
                        targets.add(str(target))
    return arrows


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Sets of files that reach each other."""
    reached = {}
    for start in arrows:
        seen, waiting = set(), [start]
        while waiting:
            for target in arrows[waiting.pop()] - seen:
                seen.add(target)
                waiting.append(target)
        reached[start] = seen
    rings = {frozenset(b for b in reached[a] if a in reached[b]) for a in arrows if a in reached[a]}
    return [set(ring) for ring in rings]


def test_no_files_import_each_other_in_a_circle():
    rings = circles(imports_between_files())
    assert len(rings) <= CIRCLES, [sorted(ring) for ring in rings]


def test_a_circle_would_be_seen():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]


def test_few_modules_stand_at_the_root():
    at_root = {path.name for path in PACKAGE.glob("*.py")} - FRONT_DOORS - {"_version.py"}
    assert len(at_root) <= ROOT_MODULES, sorted(at_root)


@pytest.mark.slow
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


def test_every_room_stands_on_a_floor():
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} - {"__init__", "__main__"}
    assert rooms == {name for names in FLOORS for name in names}


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
