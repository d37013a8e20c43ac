// One statement: its slider, its number, who says it, and the bar of what it does to the case.

import { at, element } from "./dom.js";
import { logit, percent } from "./words.js";

const STEPS = 1000;
const SCALES = {
  logit: [logit, (x) => 1 / (1 + Math.exp(-x))],
  log: [Math.log, Math.exp],
  linear: [(x) => x, (x) => x],
};

export const figure = (value) => String(Number(value.toPrecision(4)));

export class Slider {
  // `moved(id, value)` is told of each new value, `reset(id)` when it is to be as stated.
  constructor(statement, moved, reset) {
    this.statement = statement;
    this.value = statement.value;
    const [to, back] = SCALES[statement.scale];
    this.to = to;
    this.back = back;
    const { id, says, least, most, low, high } = statement;
    this.ends = [this.to(least), this.to(most)];
    this.range = element("input", {
      type: "range", min: 0, max: STEPS, step: 1, "aria-label": says,
      oninput: () => moved(id, this.#valueAt(Number(this.range.value))),
      onchange: () => this.show(this.value),
    });
    this.number = element("input", {
      type: "number", step: "any", "aria-label": `${says}: number`,
      onchange: () => (this.number.value === "" ? this.show(this.value) : moved(id, Number(this.number.value))),
    });
    this.undo = element("button", { type: "button", class: "link", hidden: true, onclick: () => reset(id) }, "as stated");
    this.problem = element("p", { class: "problem", role: "status", hidden: true });
    this.bar = element("div", { class: "hangs" });
    const interval = `${figure(statement.value)}, 95 % range ${figure(low)} to ${figure(high)} (${statement.interval})`;
    const more = [statement.title, ...statement.history, statement.note].filter(Boolean);
    this.node = element(
      "div", { class: "statement" },
      element("p", { class: "says" }, says),
      element("div", { class: "slide" }, element("div", { class: "track" }, this.#band(low, high), this.range), this.number, this.bar),
      this.problem,
      element("p", { class: "faint source" }, `${interval}. ${statement.who}. `, this.undo),
      more.length > 0 && element("details", { class: "faint source" }, element("summary", {}, id), more.map((text) => element("p", {}, text))),
      more.length === 0 && element("p", { class: "faint source" }, id),
    );
    this.show(statement.value);
  }

  // The statement's own range behind the slider, and a mark at the stated value.
  #band(low, high) {
    const [left, right] = [low, high].map((value) => this.#share(value));
    return element(
      "div", { class: "band", "aria-hidden": "true" },
      at(element("i", { class: "interval" }), left, right - left), at(element("i", { class: "base" }), this.#share(this.statement.value)),
    );
  }

  #share(value) {
    const [first, last] = this.ends;
    return Math.min(Math.max((this.to(value) - first) / (last - first), 0), 1);
  }

  #valueAt(step) {
    const [first, last] = this.ends;
    return Number(this.back(first + (step / STEPS) * (last - first)).toPrecision(3));
  }

  matches(text) {
    const { id, says, who, title } = this.statement;
    const plain = (words) => words.toLowerCase().replaceAll("_", " ");
    const all = plain(`${id} ${says} ${who} ${title}`);
    return plain(text).split(/\s+/).every((word) => all.includes(word));
  }

  // The value that holds; the slider is left alone while it is dragged.
  show(value) {
    this.value = value;
    if (!this.range.matches(":active")) this.range.value = String(Math.round(STEPS * this.#share(value)));
    this.range.setAttribute("aria-valuetext", figure(value));
    this.number.value = figure(value);
    const isMoved = value !== this.statement.value;
    this.undo.hidden = !isMoved;
    this.node.classList.toggle("is-moved", isMoved);
  }

  // Why a number cannot be; the last good one holds.
  refuse(text) {
    this.show(this.value);
    this.problem.hidden = !text;
    this.problem.textContent = text ? `${text.replace(/\.$/, "")}. It stays at ${figure(this.value)}.` : "";
  }

  // The posterior with the statement at either end of its range, on an axis of log-odds that all bars share.
  hang(low, high, stated, axis) {
    if (low === null || high === null) {
      this.bar.replaceChildren(element("span", { class: "faint" }, "impossible at one end"));
      return;
    }
    const share = (p) => (axis[1] > axis[0] ? (logit(p) - axis[0]) / (axis[1] - axis[0]) : 0.5);
    const [left, right] = [low, high].map(share).sort((a, b) => a - b);
    const text = `${percent(low)} to ${percent(high)}`;
    this.bar.replaceChildren(
      element(
        "div", { class: "axis", role: "img", "aria-label": text },
        at(element("i", { class: "interval" }), left, right - left), at(element("i", { class: "now" }), share(stated)),
      ),
      element("span", { class: "faint" }, text),
    );
  }

  still() {
    this.bar.replaceChildren();
  }
}
