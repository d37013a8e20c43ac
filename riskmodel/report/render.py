"""A report as one HTML page, as Markdown, and as files: tables in CSV, figures in SVG."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.report.figures import svg
from riskmodel.report.section import LINKED, NUMBERS, Column, Figure, Report, Table, cell_text, mark, with_links
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
HOME = {"statement": "statements", "source": "sources", "case": "cases"}  # the table whose rows are linked to
PER_CENT = re.compile(r"(\d) %")
SHORT = 30  # cells of so few letters stay on one line
HTML, MARKDOWN = "report.html", "report.md"


def files(report: Report) -> dict[str, str]:
    """Every file of a report, by its name in the folder."""
    svgs = {figure.id: svg.draw(figure.draw, figure.id) for figure in report.figures()}
    found = {HTML: html(report, svgs), MARKDOWN: markdown(report)}
    found |= {f"tables/{table.id}.csv": table.csv() for table in report.tables()}
    found |= {f"figures/{name}.svg": svg.standalone(element) for name, element in svgs.items()}
    return found


def anchors(report: Report) -> dict[tuple[str, str], str]:
    """What can be linked to: (kind, name) → the anchor of its row in its home table, or of its section."""
    found = {("section", section.id): section.id for section in report.sections}
    for kind, home in HOME.items():
        for table in report.tables():
            if table.id == home:
                found |= {(kind, str(name)): anchor(kind, str(name)) for name in table.frame[kind]}
    return found


def anchor(kind: str, name: str) -> str:
    """The anchor of a row; a case may have any name, an anchor may not.

    >>> anchor("case", "Mrs. X, 50 %")
    'case-Mrs.:20X:2c:2050:20:25'
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else f":{ord(c):x}" for c in name)
    return f"{kind}-{plain}"


# ---- HTML ----------------------------------------------------------------------------------------


def html(report: Report, svgs: Mapping[str, str]) -> str:
    """One page that needs nothing beside it."""
    from markupsafe import Markup, escape

    known = anchors(report)

    def link(kind: str, name: str, shown: str) -> str:
        target = known.get((kind, name))
        text = shown or str(escape(name))
        return f'<a href="#{target}">{text}</a>' if target else text

    def linked(text: str) -> Markup:
        together = PER_CENT.sub("\\1\u00a0%", str(escape(text)))  # no line begins with a per cent sign
        return Markup(with_links(together, link))  # noqa: S704

    def drawn(figure: Figure) -> Markup:
        return Markup(svg.inline(svgs[figure.id], figure.alt, f"f-{figure.id}"))  # noqa: S704

    def tabled(table: Table) -> Markup:
        rows = [_row(table, row, linked) for row in table.rows()]
        shown = environment.get_template("table.html.j2").render(table=table, rows=rows, numbers=NUMBERS)
        return Markup(shown)  # noqa: S704

    environment = _environment()
    environment.filters |= {"linked": linked, "drawn": drawn, "tabled": tabled}
    page = environment.get_template("report.html.j2")
    return page.render(
        report=report,
        warning=RESEARCH_ONLY,
        css=Markup(_asset("report.css")),  # noqa: S704
        script=Markup(_asset("report.js")),  # noqa: S704
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def _row(table: Table, row: list[object], linked: Any) -> dict[str, object]:
    cells = []
    place = ""
    for value, column in zip(row, table.columns, strict=True):
        number = column.kind in NUMBERS
        home = HOME.get(column.kind) == table.id
        if home and not place:
            place = anchor(column.kind, str(value))
        cells.append({
            "html": linked(_marked(value, column, home=home)),
            "style": "number" if number else "short" if len(cell_text(value, column)) <= SHORT else "",
            "sort": f"{value:.10g}" if number and isinstance(value, int | float) and not math.isnan(value) else None,
        })  # fmt: skip
    return {"cells": cells, "anchor": place}


def _marked(value: object, column: Column, *, home: bool) -> str:
    """A cell with the mark that makes a link of it, but in the row that is linked to."""
    text = cell_text(value, column)
    return mark(column.kind, text) if column.kind in LINKED and text and not home else text


# ---- Markdown ------------------------------------------------------------------------------------


def markdown(report: Report) -> str:
    """The same in Markdown; tables are cut to what is shown, the files beside it hold all rows."""
    known = anchors(report)

    def link(kind: str, name: str, shown: str) -> str:
        target = known.get((kind, name))
        text = shown or name
        return f"[{text}](#{target})" if target else text

    def linked(text: str) -> str:
        return with_links(text, link)

    lines = [f"# {report.title}", "", RESEARCH_ONLY, "", "## What was found", ""]
    lines += [f"- {linked(sentence)}" for sentence in report.found]
    lines += ["", "## Of what", ""]
    lines += [f"- {name}: {linked(value)}" for name, value in report.facts.items()]
    for section in report.sections:
        lines += ["", f'<a id="{section.id}"></a>', "", f"## {section.title}", ""]
        for sentence in section.sentences:
            lines += [linked(sentence), ""]
        for figure in section.figures:
            lines += [f"![{figure.alt}](figures/{figure.id}.svg)", "", f"*{figure.title}*", ""]
        for table in section.tables:
            lines += [*_markdown_table(table, linked), ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _markdown_table(table: Table, linked: Any) -> list[str]:
    rows = list(table.rows())[: table.shown]
    of = f", the first {table.shown} of {len(table.frame):,} rows" if len(table.frame) > table.shown else ""
    rules = ["---:" if column.kind in NUMBERS else "---" for column in table.columns]
    lines = [f"**{table.title}**{of} ([all as CSV](tables/{table.id}.csv))", ""]
    lines.append(_line([column.heading for column in table.columns]))
    lines.append(_line(rules))
    for row in rows:
        cells = []
        for value, column in zip(row, table.columns, strict=True):
            home = HOME.get(column.kind) == table.id
            place = f'<a id="{anchor(column.kind, str(value))}"></a>' if home else ""
            cells.append(place + linked(_marked(value, column, home=home)).replace("|", "\\|"))
        lines.append(_line(cells))
    return [*lines, "", linked(table.note)] if table.note else lines


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
