"""A report as one HTML page, as Markdown, and as files: tables in CSV, figures in SVG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.report import pictures
from riskmodel.report.section import LINKED, NUMBERS, Column, Figure, Report, Table, cell_text, with_links
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
HOME = {"statement": "statements", "source": "sources", "case": "cases"}  # the table whose rows are linked to
SHORT = 30  # cells of so few letters stay on one line
HTML, MARKDOWN = "report.html", "report.md"


def files(report: Report) -> dict[str, str]:
    """Every file of a report, by its name in the folder."""
    svgs = {figure.id: pictures.draw(figure.draw, figure.id) for figure in report.figures()}
    found = {HTML: html(report, svgs), MARKDOWN: markdown(report)}
    found |= {f"tables/{table.id}.csv": table.csv() for table in report.tables()}
    found |= {f"figures/{name}.svg": pictures.standalone(svg) for name, svg in svgs.items()}
    return found


def anchors(report: Report) -> dict[tuple[str, str], str]:
    """What can be linked to: (kind, name) → the anchor of its row in its home table, or of its section."""
    found = {("section", section.id): section.id for section in report.sections}
    for kind, home in HOME.items():
        for table in report.tables():
            if table.id == home:
                found |= {(kind, str(name)): f"{kind}-{name}" for name in table.frame[kind]}
    return found


# ---- HTML ----------------------------------------------------------------------------------------


def html(report: Report, svgs: Mapping[str, str]) -> str:
    """One page that needs nothing beside it."""
    from markupsafe import Markup, escape

    known = anchors(report)

    def link(kind: str, name: str, shown: str) -> str:
        target = known.get((kind, name))
        return f'<a href="#{escape(target)}">{shown}</a>' if target else shown

    def linked(text: str) -> Markup:
        return Markup(with_links(str(escape(text)), link))  # noqa: S704  escaped above

    def drawn(figure: Figure) -> Markup:
        return Markup(pictures.inline(svgs[figure.id], figure.alt, f"f-{figure.id}"))  # noqa: S704  our own drawing

    def tabled(table: Table) -> Markup:
        rows = [_row(table, row, linked) for row in table.rows()]
        shown = environment.get_template("table.html.j2").render(table=table, rows=rows, numbers=NUMBERS)
        return Markup(shown)  # noqa: S704  rendered with escaping

    environment = _environment()
    environment.filters |= {"linked": linked, "drawn": drawn, "tabled": tabled}
    page = environment.get_template("report.html.j2")
    return page.render(
        report=report,
        warning=RESEARCH_ONLY,
        css=Markup(_asset("report.css")),
        script=Markup(_asset("report.js")),
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def _row(table: Table, row: list[object], linked: Any) -> dict[str, object]:
    cells = []
    anchor = ""
    for value, column in zip(row, table.columns, strict=True):
        number = column.kind in NUMBERS
        home = HOME.get(column.kind) == table.id
        if home and not anchor:
            anchor = f"{column.kind}-{value}"
        cells.append({
            "html": linked(_marked(value, column, home=home)),
            "style": "number" if number else "short" if len(cell_text(value, column)) <= SHORT else "",
            "sort": f"{value:.10g}" if number and isinstance(value, int | float) and value == value else None,
        })  # fmt: skip
    return {"cells": cells, "anchor": anchor}


def _marked(value: object, column: Column, *, home: bool) -> str:
    """A cell with the mark that makes a link of it, but in the row that is linked to."""
    text = cell_text(value, column)
    return f"[[{column.kind}:{text}]]" if column.kind in LINKED and text and not home else text


# ---- Markdown ------------------------------------------------------------------------------------


def markdown(report: Report) -> str:
    """The same in Markdown; tables are cut to what is shown, the files beside it hold all rows."""
    known = anchors(report)

    def link(kind: str, name: str, shown: str) -> str:
        target = known.get((kind, name))
        return f"[{shown}](#{target})" if target else shown

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
    rows = list(table.rows())
    of = f", the first {table.shown} of {len(rows)} rows" if len(rows) > table.shown else ""
    rules = ["---:" if column.kind in NUMBERS else "---" for column in table.columns]
    lines = [f"**{table.title}**{of} ([all as CSV](tables/{table.id}.csv))", ""]
    lines.append(_line([column.heading for column in table.columns]))
    lines.append(_line(rules))
    for row in rows[: table.shown]:
        cells = []
        for value, column in zip(row, table.columns, strict=True):
            home = HOME.get(column.kind) == table.id
            anchor = f'<a id="{column.kind}-{value}"></a>' if home else ""
            cells.append(anchor + linked(_marked(value, column, home=home)).replace("|", "\\|"))
        lines.append(_line(cells))
    return [*lines, "", linked(table.note)] if table.note else lines


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
