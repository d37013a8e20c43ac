// What can be moved: the base rates of the setting, and the harm and benefit behind the policy's thresholds.

import { element } from "./dom.js";
import { capital, percent, words } from "./words.js";

function field(label, value, attributes, changed) {
  const input = element("input", {
    type: "number", step: "any", value, "aria-label": label, ...attributes,
    onchange: () => changed(input.value === "" ? null : Number(input.value)),
  });
  return input;
}

const short = (value) => String(Number(value.toPrecision(4)));

export class WhatIfView {
  constructor(state, changed) {
    this.state = state;
    this.changed = changed;
    this.rates = element("tbody", {});
    this.stakes = element("tbody", {});
    const table = (caption, heads, body) => element(
      "table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))), body,
    );
    const reset = (text, act) => element("button", { type: "button", onclick: () => {
      act();
      changed();
    } }, text);
    this.node = element(
      "section", { id: "what-if", "aria-label": "What can be moved" },
      element(
        "details", { ontoggle: () => this.#fill() }, element("summary", {}, element("h2", {}, "Other base rates")),
        element("p", { class: "faint" }, "A clinic with more or less of a disease: its odds are multiplied, and whatever holds given the disease stays. An interval keeps its width on the log-odds."),
        table("Base rates in this setting", ["Condition", "As stated", "Here, %"], this.rates),
        reset("As stated", () => (state.moved = {})),
      ),
      element(
        "details", { ontoggle: () => this.#fill() }, element("summary", {}, element("h2", {}, "Other thresholds")),
        element("p", { class: "faint" }, "A threshold is harm / (harm + benefit): harm of acting in vain, benefit of acting in time, in quality-adjusted life years."),
        table("Thresholds of the policy", ["Threshold", "Harm", "Benefit", "Probability"], this.stakes),
        reset("As stated", () => (state.stakes = {})),
      ),
    );
  }

  // `stated`: the base rate of each output where nothing is moved.
  show(answer, stated) {
    this.shown = { ...answer, stated };
    this.#fill();
  }

  // What is folded away is made when it is opened.
  #fill() {
    const { state } = this;
    const { priors, policy, stated } = this.shown;
    const isOpen = (body) => body.closest("details").open;
    this.stakes.closest("details").hidden = !Object.keys(policy.thresholds).length;
    if (isOpen(this.rates)) this.#fillRates(state, priors, stated);
    if (isOpen(this.stakes)) this.#fillStakes(state, policy);
  }

  #fillRates(state, priors, stated) {
    this.rates.replaceChildren(...priors.network.conditions.map(({ name }, output) => {
      const value = name in state.moved ? short(100 * state.moved[name]) : "";
      const input = field(`base rate of ${words(name)}, %`, value, { min: 0.0001, max: 99.9, placeholder: short(100 * stated[output]) }, (typed) => {
        delete state.moved[name];
        if (typed !== null) state.moveRate(name, typed / 100);
        this.changed();
      });
      return element("tr", {}, element("th", { scope: "row" }, capital(words(name))), element("td", { class: "number faint" }, percent(stated[output])), element("td", {}, input));
    }));
  }

  #fillStakes(state, policy) {
    this.stakes.replaceChildren(...Object.entries(policy.thresholds).map(([name, threshold]) => {
      const { harm, benefit } = state.stakes[name] ?? threshold;
      const moved = (changes) => {
        delete state.stakes[name];
        state.moveStake(name, changes.harm ?? threshold.harm, changes.benefit ?? threshold.benefit);
        this.changed();
      };
      return element(
        "tr", { title: threshold.note },
        element("th", { scope: "row" }, capital(words(name))),
        element("td", {}, field(`harm, ${words(name)}`, short(harm), { min: 0 }, (typed) => moved({ harm: typed ?? undefined, benefit }))),
        element("td", {}, field(`benefit, ${words(name)}`, short(benefit), { min: 0 }, (typed) => moved({ harm, benefit: typed ?? undefined }))),
        element("td", { class: name in state.stakes ? "number moved" : "number" }, percent(harm / (harm + benefit))),
      );
    }));
  }
}
