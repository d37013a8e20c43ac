"""A report as one HTML page, as Markdown, and as files: tables in CSV, figures in SVG."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from riskmodel.pages import svg
from riskmodel.pages.environment import template_environment
from riskmodel.pages.section import (
    LINKED,
    NUMBERS,
    Column,
    Figure,
    Label,
    Report,
    Table,
    mark,
    with_limits,
    with_links,
)
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
HOME = {"statement": "statements", "source": "sources", "case": "cases"}  # the table whose rows are linked to
PER_CENT = re.compile(r"(\d) %")
LONG = 60  # letters of a cell from which its column is wide
HTML, MARKDOWN = "report.html", "report.md"


def files(report: Report) -> dict[str, str]:
    """Every file of a report, by its name in the folder."""
    svgs = {figure.id: svg.draw(figure.draw, figure.id, figure.title, figure.alt) for figure in report.figures()}
    return {
        HTML: html(report, svgs),
        MARKDOWN: markdown(report),
        **{f"tables/{table.id}.csv": table.csv() for table in report.tables()},
        **{f"figures/{name}.svg": svg.standalone(element) for name, element in svgs.items()},
    }


def shown_label(report: Report, kind: str, name: str) -> Label:
    """What is shown for an identifier: a section's title, a label of the report, else the identifier itself."""
    if kind == "section":
        return Label(next((section.title for section in report.sections if section.id == name), name))
    return report.labels.get((kind, name), Label(name))


def anchors(report: Report) -> dict[tuple[str, str], str]:
    """What can be linked to: (kind, name) → the anchor of its row in its home table, or of its section."""
    targets = {("section", section.id): section.id for section in report.sections}
    for kind, home in HOME.items():
        for table in report.tables():
            if table.id == home:
                targets |= {(kind, str(name)): anchor(kind, str(name)) for name in table.frame[kind]}
    return targets


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

    targets = anchors(report)

    def link(kind: str, name: str, shown: str) -> str:
        target, (text, hover) = targets.get((kind, name)), shown_label(report, kind, name)
        text = shown or str(escape(text))
        title = f' title="{escape(hover)}"' if hover else ""
        if kind == "file":
            return f'<a href="{quote(name)}">{text}</a>'
        if kind == "explorer":
            return f'<a class="opened" href="{_opened(report, name)}">{text}</a>'
        if not target:
            return f"<span{title}>{text}</span>" if title else text
        return f'<a href="#{target}"{title}>{text}</a>'

    def linked(text: str) -> Markup:
        together = PER_CENT.sub("\\1\u00a0%", str(escape(text)))  # no line begins with a per cent sign
        return Markup(with_links(together, link))  # noqa: S704

    def drawn(figure: Figure) -> Markup:
        return Markup(svg.inline(svgs[figure.id], f"f-{figure.id}"))  # noqa: S704

    def tabled(table: Table) -> Markup:
        styles = _styles(table, report)
        rows = [_row(report, table, row, linked, styles) for row in table.rows()]
        shown = environment.get_template("table.html.j2").render(table=table, rows=rows, styles=styles)
        return Markup(shown)  # noqa: S704

    environment = template_environment(TEMPLATES)
    environment.filters |= {"linked": linked, "drawn": drawn, "tabled": tabled}
    page = environment.get_template("report.html.j2")
    return page.render(
        report=report,
        warning=RESEARCH_ONLY,
        css=Markup(_asset("report.css")),  # noqa: S704
        script=Markup(_asset("report.js")),  # noqa: S704
    )


def _opened(report: Report, case: str) -> str:
    """The address of a case in the explorer beside the report."""
    return f"{quote(report.explorer)}#case={quote(case, safe='')}"


def _opening(report: Report, value: object, column: Column, *, home: bool) -> str:
    """In the row of a case, the mark that opens it in the explorer; nothing elsewhere, or without an explorer."""
    is_case = home and column.kind == "case" and report.explorer
    return f" {mark('explorer', str(value), 'in the explorer')}" if is_case else ""


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def _styles(table: Table, report: Report) -> list[str]:
    """How each column is set: numbers to the right and on one line, long texts in a wide column."""
    rows = list(table.rows())
    return [_style(column, [row[i] for row in rows], report) for i, column in enumerate(table.columns)]


def _style(column: Column, cells: list[tuple[object, ...]], report: Report) -> str:
    if column.kind in NUMBERS:
        return "number"
    texts = (with_limits(values, column) for values in cells)
    if column.kind in LINKED:
        texts = (shown_label(report, column.kind, text).text for text in texts)
    return "long" if max(map(len, texts), default=0) > LONG else "text"


def _row(
    report: Report, table: Table, row: list[tuple[object, ...]], linked: Any, styles: list[str]
) -> dict[str, object]:
    cells = []
    row_anchor = ""
    for values, column, style in zip(row, table.columns, styles, strict=True):
        value = values[0]
        home = HOME.get(column.kind) == table.id
        if home and not row_anchor:
            row_anchor = anchor(column.kind, str(value))
        number = column.kind in NUMBERS and isinstance(value, int | float) and not math.isnan(value)
        cells.append({
            "html": _breakable(linked(_marked(values, column, home=home)), home=home)
            + linked(_opening(report, value, column, home=home)),
            "style": style,
            "sort": f"{value:.10g}" if number else None,
        })  # fmt: skip
    return {"cells": cells, "anchor": row_anchor}


def _breakable(text: Any, *, home: bool) -> Any:
    """An identifier may be broken after its dots and underscores."""
    from markupsafe import Markup

    return Markup(re.sub(r"([._])(?=\w)", r"\1<wbr>", str(text))) if home else text  # noqa: S704


def _marked(values: tuple[object, ...], column: Column, *, home: bool) -> str:
    """A cell with the mark that makes a link of it, but in the row that is linked to."""
    text = with_limits(values, column)
    return mark(column.kind, text) if column.kind in LINKED and text and not home else text


# ---- Markdown ------------------------------------------------------------------------------------


def markdown(report: Report) -> str:
    """The same in Markdown; tables are cut to what is shown, the files beside it hold all rows."""
    targets = anchors(report)

    def link(kind: str, name: str, shown: str) -> str:
        target, (text, hover) = targets.get((kind, name)), shown_label(report, kind, name)
        text = shown or text
        title = " " + json.dumps(hover, ensure_ascii=False) if hover else ""
        if kind == "file":
            return f"[{text}]({quote(name)})"
        if kind == "explorer":
            return f"[{text}]({_opened(report, name)})"
        return f"[{text}](#{target}{title})" if target else text

    def linked(text: str) -> str:
        return with_links(text, link)

    lines = [f"# {report.title}", "", RESEARCH_ONLY, "", "## Main findings", ""]
    lines += [f"- {linked(sentence)}" for sentence in report.main_results]
    lines += ["", "## Inputs", ""]
    lines += [f"- {name}: {linked(value)}" for name, value in report.facts.items()]
    for section in report.sections:
        lines += ["", f'<a id="{section.id}"></a>', "", f"## {section.title}", ""]
        for sentence in section.sentences:
            lines += [linked(sentence), ""]
        for figure in section.figures:
            lines += [f"![{figure.alt}](figures/{figure.id}.svg)", "", f"*{figure.title}*", ""]
        for table in section.tables:
            lines += [*_markdown_table(report, table, linked), ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _markdown_table(report: Report, table: Table, linked: Any) -> list[str]:
    rows = list(table.rows())[: table.shown]
    of = f", the first {table.shown} of {len(table.frame):,} rows" if len(table.frame) > table.shown else ""
    rules = ["---:" if column.kind in NUMBERS else "---" for column in table.columns]
    lines = [f"**{table.title}**{of} ([all as CSV](tables/{table.id}.csv))", ""]
    lines.append(_line([column.heading for column in table.columns]))
    lines.append(_line(rules))
    for row in rows:
        cells = []
        for values, column in zip(row, table.columns, strict=True):
            home = HOME.get(column.kind) == table.id
            row_anchor = f'<a id="{anchor(column.kind, str(values[0]))}"></a>' if home else ""
            text = _marked(values, column, home=home) + _opening(report, values[0], column, home=home)
            cells.append(row_anchor + linked(text).replace("|", "\\|"))
        lines.append(_line(cells))
    return [*lines, "", linked(table.note)] if table.note else lines


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
