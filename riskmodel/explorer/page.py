"""The explorer's page: one file that asks for nothing beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.errors import UsageError
from riskmodel.explorer.content import ShownCases, content
from riskmodel.outputs.files import write_files
from riskmodel.pages.environment import template_environment
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from riskmodel.model import Model

WEB = Path(__file__).with_name("web")
MOST_DRAWS = 1000
IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function|class|const|let)", re.MULTILINE)


def explorer_page(
    models: Sequence[Model],
    *,
    draws: int = 0,
    seed: int = 0,
    setting: str | None = None,
    cases: ShownCases | None = None,
) -> str:
    """The page as text; see :func:`write_explorer`."""
    if not 0 <= draws <= MOST_DRAWS:
        raise UsageError(f"draws must lie between 0 and {MOST_DRAWS}, not {draws}")
    return page_of(content(models, draws=draws, seed=seed, setting=setting, cases=cases or ShownCases()))


def page_of(data: Mapping[str, Any], *, entry: str = "main", sheets: Sequence[str] = ("explorer.css",)) -> str:
    """A page of data, of a module with all that it imports, and of styles: it asks for nothing beside."""
    from markupsafe import Markup

    css, script = "\n".join(map(_asset, sheets)), bundle(entry)
    page = template_environment(WEB).get_template("explorer.html.j2")
    return page.render(
        warning=RESEARCH_ONLY,
        policy=f"default-src 'none'; style-src {_digest(css)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        css=Markup(css),  # noqa: S704 - the package's own file
        script=Markup(script),  # noqa: S704 - likewise
        data=Markup(as_script_data(data)),  # noqa: S704 - nothing in it can end the element
    )


def write_explorer(
    models: Model | Sequence[Model],
    path: str | Path,
    *,
    draws: int = 0,
    seed: int = 0,
    setting: str | None = None,
    cases: ShownCases | None = None,
) -> Path:
    """Write the model as one HTML page that opens from disk, needs no network, and answers for any case.

    Parameters
    ----------
    models
        a model, or several that differ in their prior set, to be seen side by side.
    path
        of the page.
    draws, seed
        how many draws of the statements the page carries, for its intervals; none without. A hundred are 0.4 MB of each
        prior set.
    setting
        that the page opens with, by default the first.
    cases
        that the page lists.

    Raises
    ------
    UsageError
        for a setting or a number of draws that cannot be, or prior sets that speak of other variables.
    OutputError
        where the file cannot be written.

    Examples
    --------
    >>> import riskmodel as rm, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_explorer(rm.load(), f"{folder}/explorer.html", setting="emergency")
    ...     page.stat().st_size < 600_000
    True
    """
    several = [models] if not isinstance(models, Sequence) else list(models)
    text = explorer_page(several, draws=draws, seed=seed, setting=setting, cases=cases)
    write_files({Path(path): text})
    return Path(path)


def as_script_data(data: Any) -> str:
    r"""JSON that may stand within a script element: no text of it can end the element or begin a comment.

    >>> as_script_data("</script><!--&")
    '"\\u003c/script\\u003e\\u003c!--\\u0026"'
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def bundle(*entries: str) -> str:
    """Modules and all that they import as one, each after what it imports; imports and exports are left out.

    The modules import each other by name (``import { a, b } from "./file.js";``) and no two give the same name to
    anything at their top, which the tests check.
    """
    order: dict[str, str] = {}

    def add(name: str) -> None:
        source = _asset(f"{name}.js") + "\n"
        for needed in IMPORT.findall(source):
            if needed not in order:
                add(needed)
        order[name] = EXPORT.sub("", IMPORT.sub("", source))

    for entry in entries:
        if entry not in order:
            add(entry)
    return "\n".join(order.values()).strip()


def _asset(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8").strip()


def _digest(text: str) -> str:
    """What a policy of contents names an inline style or script by."""
    digest = hashlib.sha256(f"\n{text}\n".encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
