"""The modules of the explorer's page asked from Python: in node, or on a page of their own in a browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from riskmodel.explorer.page import as_script_data, bundle
from tests.support.browser import Browser

NODE = shutil.which("node")
MODULES = ("model", "questions", "weights", "case_state", "origins", "explained_away", "words")
COMPARE = Path(__file__).parents[1] / "explorer" / "compare.js"


def page_data(page: Path) -> dict[str, Any]:
    """What a page carries."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1])


def packed_json(text: str) -> Any:
    """What is packed as JSON on a page."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def _script() -> str:
    return f"{bundle(*MODULES)}\n{COMPARE.read_text(encoding='utf-8')}"


def in_node(data: dict[str, Any], expression: str, given: Any, folder: Path) -> Any:
    """The value of an expression of ``explorer`` and ``given``."""
    (folder / "data.json").write_text(json.dumps([data, given]))
    (folder / "run.mjs").write_text(
        f"{_script()}\n"
        'import { readFileSync } from "node:fs";\n'
        f"const [data, given] = JSON.parse(readFileSync({json.dumps(str(folder / 'data.json'))}));\n"
        "const explorer = await Explorer.open(data);\n"
        f"console.log(JSON.stringify(await ({expression})));\n"
    )
    done = subprocess.run([NODE, str(folder / "run.mjs")], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def open_page(browser: Browser, data: dict[str, Any], given: Any, folder: Path) -> None:
    """A page with the modules alone, on which ``ready`` gives ``explorer`` and ``given``."""
    path = folder / "modules.html"
    path.write_text(
        '<!DOCTYPE html><meta charset="utf-8">'
        f'<script type="application/json" id="data">{as_script_data([data, given])}</script>'
        f"<script type=module>{_script()}\n"
        'const [data, given] = JSON.parse(document.getElementById("data").textContent);\n'
        "Object.assign(window, { compare, compareQuestions });\n"
        "window.ready = Explorer.open(data).then((explorer) => ({ explorer, given }));\n"
        "</script>"
    )
    browser.open(path.as_uri())


def opened(browser, address, **how):
    browser.open("about:blank")
    browser.open(address, **how)
    shows(browser, "#results")


def shows(browser, selector):
    """Wait until the page has such an element."""
    until(browser, f"document.querySelector({json.dumps(selector)})")


def until(browser, expression):
    """Wait until an expression is true in the page."""
    browser.run(f"new Promise((done) => {{ const look = () => {expression} ? done() : setTimeout(look, 5); look(); }})")


def pressed(browser, *keys):
    codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39}
    for key in keys:
        how = {"windowsVirtualKeyCode": codes[key]} if key in codes else {"text": key}
        browser.call("Input.dispatchKeyEvent", type="keyDown", key=key, **how)
        browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)
