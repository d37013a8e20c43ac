"""The documentation's site: what its hooks make of our pages, and that nothing is left out of it.

`make site` builds it and refuses broken links and addresses of other servers; CI does so after the tests.
"""

import importlib.util
import re
from types import SimpleNamespace

import pytest
import yaml

import riskmodel as rm
from tests.support.paths import ROOT

pytest.importorskip("mkdocs")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hooks():
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs" / "site" / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(uri):
    return SimpleNamespace(file=SimpleNamespace(src_uri=uri))


def test_every_public_name_is_in_the_reference():
    listed = re.findall(r"^::: riskmodel\.(\w+)$", API, re.MULTILINE)
    assert sorted(listed) == sorted(set(rm.__all__) - {"__version__"})


def test_every_page_is_in_the_navigation(hooks):
    class Loader(yaml.SafeLoader):
        """Takes the slugs of headings as they are."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)  # noqa: S506 - a safe loader

    def uris(entry):
        entries = entry if isinstance(entry, list) else list(entry.values()) if isinstance(entry, dict) else []
        return [entry] if isinstance(entry, str) else [uri for inner in entries for uri in uris(inner)]

    pages = {path.relative_to(ROOT).as_posix() for pattern in hooks.PAGES for path in ROOT.glob(pattern)}
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sorted(uris(config["nav"])) == sorted(pages | notebooks)


def test_the_site_is_built_strictly():
    """With --quiet mkdocs hears no warning, and a broken link is none."""
    [built] = re.findall(r"mkdocs build.*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert built == "mkdocs build --strict"


@pytest.mark.parametrize(("written", "expected"), [
    ("text\n- a\n- b", "text\n\n- a\n- b"),
    ("1. a\n   more\n\n   ```toml\n   x = 1\n   - no item\n   ```\n2. b",
     "1. a\n    more\n\n    ```toml\n    x = 1\n    - no item\n    ```\n2. b"),
    ("- a\n  - b\n    c\n\nafter", "- a\n    - b\n        c\n\nafter"),
    ("```\n- a\n  - b\n```\n", "```\n- a\n  - b\n```"),
])  # fmt: skip
def test_lists_are_indented_as_the_site_wants_them(hooks, written, expected):
    assert hooks.on_page_markdown(written, page("docs/a.md"), None, None) == expected


def test_notebooks_are_linked_as_pages(hooks):
    made = hooks.on_page_markdown("see [one](notebooks/01_score_a_case.ipynb)", page("README.md"), None, None)
    assert made == "see [one](notebooks/01_score_a_case.md)"


def test_outputs_of_notebooks_are_shown(hooks):
    outputs = [
        {"output_type": "stream", "text": ["one\n", "two\n"]},
        {"data": {"text/html": ["<b>bold</b>\n", "\n", "<i>x</i>"], "text/plain": ["no"]}},
        {"data": {"image/png": "QUJD\n", "text/plain": ["<Figure>"]}},
    ]
    cells = [{"cell_type": "code", "source": ["1 + 1"], "outputs": outputs}, {"cell_type": "code", "source": []}]
    assert [*hooks._cells({"cells": cells})] == [
        "```python\n1 + 1\n```",
        "```text\none\ntwo\n```",
        '<div class="notebook-output">\n<b>bold</b>\n<i>x</i>\n</div>',
        '<div class="notebook-output"><img alt="" src="data:image/png;base64,QUJD"></div>',
    ]


@pytest.mark.parametrize("asked", [
    '<script src="https://unpkg.com/x.js">', "<link rel=stylesheet href=//fonts.example/css>", "<img alt='' src='http://a/b'>",
])  # fmt: skip
def test_a_page_that_asks_another_server_is_refused(hooks, asked):
    from mkdocs.exceptions import PluginError

    with pytest.raises(PluginError, match=r"README\.md asks another server"):
        hooks.on_post_page(f"<html>{asked}</html>", page("README.md"), None)
    assert hooks.on_post_page('<a href="https://a">a link may</a>', page("README.md"), None)
