"""What mkdocs is told of this repository: its pages are its Markdown files and notebooks, where they stand.

Every link between files of the repository so holds in the site too. Of the files that are no pages those are taken that
a page links to or shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = (
    "*.md",
    "docs/*.md",
    "priors/*.md",
    "priors/studies/*.md",
    "tests/clinical_cases/*.md",
    "reports/reference/*.md",
    "benchmarks/*.md",
)
EXPLORER = "explorer.html"
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?(\s+\"[^\"]*\")?\)")
OUTSIDE = re.compile(
    r"<(?:script|link|img|iframe|source|object|embed)\b[^>]*?(?:src|href|data)=[\"']?((?:https?:)?//[^\"'> ]+)"
)
ITEM = re.compile(r"(\s*)([-*+]|\d+[.)])(\s+)")
FENCE = re.compile(r"\s*(```|~~~)")
TAB = 4  # columns by which Python-Markdown indents what belongs to an item of a list


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of the repository, the notebooks as pages, and all that they link to."""
    themes = [
        file for file in files if not file.src_uri.endswith(".md") and not (ROOT / "docs" / file.src_uri).exists()
    ]
    pages = {path.relative_to(ROOT).as_posix(): path for pattern in PAGES for path in sorted(ROOT.glob(pattern))}
    made = [File.generated(config, uri, abs_src_path=str(path)) for uri, path in pages.items()]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = "\n\n".join(_cells(json.loads(path.read_text(encoding="utf-8"))))
        made.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
    linked = {uri for file in made for uri in _linked(file)} - {file.src_uri for file in made}
    linked.add("docs/site/extra.css")
    made += [File.generated(config, uri, abs_src_path=str(ROOT / uri)) for uri in sorted(linked)]
    made.append(File.generated(config, EXPLORER, content=_explorer()))
    return Files([*themes, *made])


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """A page as Python-Markdown reads it: lists as it wants them, links to notebooks as links to their pages."""
    if page.file.src_uri == "docs/explorer.md":
        markdown = markdown.replace("\n\n", f"\n\n**[Open the explorer of the shipped priors](../{EXPLORER})**\n\n", 1)
    return "\n".join(_lists(LINK.sub(lambda match: _link(match, page.file.src_uri), markdown).splitlines()))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Refuse a page that would ask another server for something."""
    asked = OUTSIDE.findall(output)
    if asked:
        raise PluginError(f"{page.file.src_uri} asks another server: {', '.join(asked)}")
    return output


def _linked(file: File) -> Iterator[str]:
    """The files of the repository that a page links to or shows, as far as they are no pages."""
    for match in LINK.finditer(file.content_string):
        path = _target(match[1], file.src_uri)
        if path is not None and path.is_file() and path.suffix not in (".md", ".ipynb"):
            yield path.relative_to(ROOT).as_posix()


def _target(link: str, page: str) -> Path | None:
    if ":" in link or link.startswith("/"):
        return None
    path = (ROOT / page).parent / unquote(link)
    return path.resolve() if path.resolve().is_relative_to(ROOT) else None


def _link(match: re.Match[str], page: str) -> str:
    path = _target(match[1], page)
    whole = match[0]
    if path is not None and path.suffix == ".ipynb":
        return whole.replace(match[1], match[1].removesuffix(".ipynb") + ".md")
    return whole


def _lists(lines: list[str]) -> Iterator[str]:
    """Lists indented by four columns a level and set off by a blank line, as Python-Markdown wants them."""
    levels: list[int] = []  # where the text of each open item begins
    before, fence = "", ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            before = ""
            yield line
            continue
        item, inside = None if fence else ITEM.match(line), bool(levels)
        if not fence:
            while levels and indent < levels[-1] and (item or not before or indent == 0):
                levels.pop()
        marker = FENCE.match(line)
        if marker:
            fence = "" if fence == marker[1] else fence or marker[1]
        margin = levels[-1] if levels else 0
        text = " " * (TAB * len(levels) + max(indent - margin, 0)) + line.lstrip()
        if item and not inside and before:
            yield ""
        if item and indent >= margin:
            levels.append(len(item[0]))
        before = line
        yield text


def _cells(notebook: dict[str, Any]) -> Iterator[str]:
    """A notebook as Markdown: code in fences, each output as it is richest."""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source
        elif source.strip():
            yield f"```python\n{source}\n```"
            yield from filter(None, map(_output, cell.get("outputs", [])))


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "text/html" in data:
        inner = "\n".join(line for line in "".join(data["text/html"]).splitlines() if line.strip())
        return f'<div class="notebook-output">\n{inner}\n</div>'
    for kind in ("image/svg+xml", "image/png"):
        if kind in data:
            picture = "".join(data[kind]).replace("\n", "")
            if kind == "image/png":
                return f'<div class="notebook-output"><img alt="" src="data:image/png;base64,{picture}"></div>'
            return f'<div class="notebook-output">{picture}</div>'
    text = "".join(data.get("text/plain", output.get("text", []))).rstrip()
    return f"```text\n{text}\n```" if text else ""


def _explorer() -> str:
    """The explorer of the shipped priors, as the command writes it."""
    import riskmodel as rm
    from riskmodel.explorer.page import explorer_page

    return explorer_page([rm.load()])
