"""A notebook's cell without a notebook: the widget's script in a browser, and Python behind it."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

from riskmodel.notebook.explore import Explorer
from tests.support.browser import Browser

SECONDS = 60
# What anywidget gives a widget's script: a model with traits, and messages that wait until somebody takes them.
BRIDGE = """
window.sent = [];
window.traits = TRAITS;
window.handlers = {};
window.bridge = {
  get: (name) => traits[name],
  set: (name, value) => { traits[name] = value; },
  save_changes: () => { sent.push({ saved: { address: traits.address } }); },
  send: (message) => { sent.push({ message }); },
  on: (name, act) => { (handlers[name] ??= []).push(act); },
  off: (name, act) => { handlers[name] = (handlers[name] ?? []).filter((each) => each !== act); },
};
window.change = (name, value) => { traits[name] = value; (handlers[`change:${name}`] ?? []).forEach((act) => act()); };
window.answer = (message, buffers) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const views = buffers.map((text) => new DataView(bytes(text).buffer));
  (handlers["msg:custom"] ?? []).forEach((act) => act(message, views));
};
"""


class Widget:
    """In place of the anywidget: what Python sets and sends goes to the browser."""

    def __init__(self, browser: Browser, explorer: Explorer) -> None:
        self.browser, self.explorer = browser, explorer
        self.asked: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    def __setattr__(self, name: str, value: Any) -> None:
        changed = getattr(self, name, None) != value
        object.__setattr__(self, name, value)
        if name in ("address", "moved") and changed:
            self.browser.run(f"change({json.dumps(name)}, {json.dumps(value)})")

    def send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.answers.append(message)
        texts = [base64.b64encode(each).decode() for each in buffers]
        self.browser.run(f"answer({json.dumps(message)}, {json.dumps(texts)})")


class Cell:
    """An explorer, shown in a browser."""

    def __init__(self, browser: Browser, explorer: Explorer, folder: Path, **how: Any) -> None:
        self.browser, self.explorer = browser, explorer
        script = Path(__file__).parents[2] / "riskmodel" / "notebook" / "web" / "cell.js"
        module = script.read_text(encoding="utf-8").replace("export default { render };", "window.render = render;")
        traits = {
            "page": explorer.page(live=True),
            "address": explorer._address,
            "moved": explorer.moved,
            "height": 800,
        }
        text = json.dumps(traits).replace("<", "\\u003c")
        file = folder / "cell.html"
        file.write_text(
            f"<!DOCTYPE html><meta charset=utf-8><title>cell</title><div id=cell></div><script>"
            f"{BRIDGE.replace('TRAITS', text)}</script><script type=module>{module}\n"
            "window.take = render({ model: bridge, el: document.getElementById('cell') });</script>"
        )
        browser.open("about:blank")
        browser.open(file.as_uri(), **how)
        self.widget = explorer._widget = Widget(browser, explorer)
        self._session = self._of_frame()
        for domain in ("Runtime", "Log", "Performance"):
            self.call(f"{domain}.enable")

    def _of_frame(self) -> str:
        """The frame, which has a process of its own."""
        self.browser.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self.browser.wait("Target.attachedToTarget")
        attached = [e["params"] for e in self.browser.events if e["method"] == "Target.attachedToTarget"]
        return next(each["sessionId"] for each in attached if each["targetInfo"]["type"] == "iframe")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the frame's process."""
        outer, self.browser._session = self.browser._session, self._session
        try:
            return self.browser.call(method, **params)
        finally:
            self.browser._session = outer

    def run(self, script: str) -> Any:
        """The value of an expression in the page within the frame."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["exception"]["description"])
        return done["result"].get("value")

    def until(self, expression: str) -> None:
        """Let Python answer until an expression is true in the page."""
        end = time.monotonic() + SECONDS
        while not self.run(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            self.turn()

    def turn(self) -> None:
        """Python hears what was sent, as a notebook's kernel does."""
        for each in json.loads(self.browser.run("JSON.stringify(sent.splice(0))")):
            if "message" in each:
                self.widget.asked.append(each["message"])
                self.explorer.hear(self.widget, each["message"], [])
            else:
                vars(self.widget)["address"] = each["saved"]["address"]  # the browser has it already
                self.explorer._put(each["saved"]["address"])
        time.sleep(0.01)
