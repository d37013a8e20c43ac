"""The documents: examples run, what they show of the program is what it shows, links lead somewhere."""

from __future__ import annotations

import difflib
import re
import subprocess
from pathlib import Path

import pytest

import riskmodel as rm
from tests.support.architecture import PACKAGE
from tests.support.paths import ROOT
from tests.whole import picture_of_rooms
from tests.whole.regenerate_docs import PICTURE, documents, picture, refresh

RENEW = "make docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# Written so that this file does not name what it looks for.
REGISTRY = re.compile(r"\b(?:p[y]pi|cond[a]-forge|anacond[a]|np[m]js|crates\.[i]o)\b", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w.~$}>-])/(?:wor[k]|hom[e]|roo[t]|User[s]|mn[t])/\w")
RESEARCH_ONLY = "For research, not for the care of a patient"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pages() -> list[Path]:
    return [*documents(), ROOT / "priors" / "README.md", ROOT / "tests" / "clinical_cases" / "README.md"]


@pytest.mark.slow
@pytest.mark.parametrize("path", documents(), ids=name)
def test_examples_run_and_outputs_are_fresh(path):
    shown = path.read_text(encoding="utf-8")
    fresh, failures = refresh(path)
    assert not failures, "\n".join(failures)
    changed = "\n".join(difflib.unified_diff(shown.splitlines(), fresh.splitlines(), "shown", "now", lineterm=""))
    assert shown == fresh, f"{name(path)} is out of date, renew it with {RENEW}:\n{changed}"


@pytest.mark.parametrize("path", pages(), ids=name)
def test_links_lead_somewhere(path):
    for link in LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), f"{name(path)} links to {link}"
        assert not anchor or anchor in anchors(found), f"{name(path)} links to {link}: no such heading"


def anchors(path: Path) -> set[str]:
    """The names by which headings can be linked to."""
    headings = HEADING.findall(FENCED.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=name)
def test_says_that_it_is_for_research(path):
    assert path.read_text(encoding="utf-8").count(RESEARCH_ONLY) >= 1


GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"]
CODE = re.compile(r"`([\w/.]+\.(?:py|toml|md|svg))(?::(\w+))?`")


@pytest.mark.parametrize("path", GUIDES, ids=name)
def test_files_and_functions_that_the_guides_name_are_there(path):
    for file, symbol in CODE.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        homes = [home / file for home in (ROOT, PACKAGE, ROOT / "priors" / "evidence") if (home / file).is_file()]
        assert homes or "NAME" in file or "THING" in file, f"{name(path)} names {file}"
        assert not symbol or re.search(rf"^(def|class) {symbol}\b", homes[0].read_text(encoding="utf-8"), re.MULTILINE)


def texts() -> list[Path]:
    """Every text file of the project."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    files = [ROOT / entry.decode() for entry in listed.split(b"\0") if entry] or pages()
    return [path for path in files if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def test_no_file_names_a_registry_or_a_machine():
    found = []
    for path in texts():
        text = path.read_text(encoding="utf-8", errors="ignore")
        found += [f"{name(path)}: {hit.group()}" for kind in (REGISTRY, MACHINE) for hit in kind.finditer(text)]
    assert not found


def test_the_picture_shows_the_network_as_it_is():
    drawn = set(re.findall(r'id="(arc\.[^"]+)"', PICTURE.read_text(encoding="utf-8")))
    arcs = {f"arc.{parent}.{v.name}" for v in rm.load().priors.network_variables for parent in v.parents}
    assert drawn == arcs, f"renew it with {RENEW}"


def test_the_picture_is_the_same_each_time():
    assert picture() == picture()


def test_the_picture_of_the_rooms_is_that_of_the_code():
    renew = f"python -m {picture_of_rooms.__name__}"
    assert picture_of_rooms.PICTURE.read_bytes() == picture_of_rooms.rooms(), f"renew it with {renew}"


def test_the_glossary_explains_each_word_once():
    words = re.findall(r"\*\*([^*]+)\*\*", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"))
    assert len(words) == len(set(words))
