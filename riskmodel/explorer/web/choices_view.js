// The choices above the case: setting, policy, prior sets, what a blank means; and what to do with the case.

import { element } from "./dom.js";
import { words } from "./words.js";

const CASES_LISTED = 50; // at once
const UNKNOWN_SHOWN = 5; // parts of an address
const LONGEST = 40; // letters of one

export class ChoicesView {
  constructor(state, changed, actions) {
    const { explorer } = state;
    this.state = state;
    this.selects = new Map();
    const select = (name, label, options) => {
      const node = element(
        "select", {
          id: `choose-${name}`, onchange: () => {
            state[name] = node.value;
            changed();
          },
        },
        options.map(([value, text]) => element("option", { value }, text)),
      );
      this.selects.set(name, node);
      return element("p", {}, element("label", { for: `choose-${name}` }, label), node);
    };
    const sets = explorer.sets.map(({ name }) => [name, words(name)]);
    this.status = element("span", { class: "faint", role: "status" });
    this.node = element(
      "section", { id: "choices", "aria-label": "Setting, policy and numbers" },
      select("setting", "Seen in", explorer.data.settings.map(({ name, label }) => [name, label])),
      select("policy", "Policy", explorer.policies.map(({ name }) => [name, words(name)])),
      select("set", "Prior set", sets),
      sets.length > 1 && select("beside", "Beside it", [["", "nothing"], ...sets]),
      select("recording", "A blank means", explorer.sets[0].data.profiles.map(({ name }) => [name, words(name)])),
      explorer.cases.length > 0 && this.#cases(explorer.cases, changed),
      element(
        "p", { class: "buttons" },
        Object.entries(actions).map(([label, act]) =>
          element("button", { type: "button", onclick: async () => (this.status.textContent = (await act()) ?? "") }, label),
        ),
        this.status,
      ),
    );
    this.unknown = element("p", { id: "unknown", role: "status", class: "problem", hidden: true });
    this.node.append(this.unknown);
  }

  // Of many cases those are listed whose names have the letters that are typed.
  #cases(cases, changed) {
    this.picked = element(
      "select", {
        id: "choose-case", onchange: () => {
          const chosen = cases[Number(this.picked.value)];
          if (this.picked.value !== "") this.state.loadCase(chosen);
          changed();
        },
      },
    );
    const find = element("input", { type: "search", id: "find-case", placeholder: "part of a name", autocomplete: "off", oninput: () => this.#list(cases, find.value) });
    this.#list(cases, "");
    return [
      cases.length > CASES_LISTED && element("p", {}, element("label", { for: "find-case" }, `Find one of ${cases.length} cases`), find),
      element("p", {}, element("label", { for: "choose-case" }, "Case of the file"), this.picked),
    ];
  }

  #list(cases, text) {
    const wanted = text.trim().toLowerCase();
    const hits = [...cases.keys()].filter((k) => cases[k].id.toLowerCase().includes(wanted));
    const more = hits.length - CASES_LISTED;
    const title = wanted ? `${hits.length} of ${cases.length} have “${text.trim()}”` : `one of ${cases.length}`;
    this.picked.replaceChildren(
      element("option", { value: "" }, title),
      ...hits.slice(0, CASES_LISTED).map((k) => element("option", { value: k, selected: cases[k].id === this.state.caseId }, cases[k].id)),
      ...(more > 0 ? [element("option", { disabled: true }, `… and ${more} more: type a part of the name`)] : []),
    );
    if (wanted) this.status.textContent = title;
  }

  show() {
    for (const [name, select] of this.selects) select.value = this.state[name];
    if (this.picked) this.#pick();
    const { unknown } = this.state;
    const shown = unknown.slice(0, UNKNOWN_SHOWN).map((text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text));
    const more = unknown.length - shown.length;
    this.unknown.hidden = !unknown.length;
    this.unknown.textContent = `This page does not know all that the address asks for, and leaves out: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
  }

  // The case that is shown, among those that are listed.
  #pick() {
    const { cases } = this.state.explorer;
    const option = [...this.picked.options].find(({ value }) => value !== "" && cases[Number(value)]?.id === this.state.caseId);
    this.picked.selectedIndex = option ? option.index : 0;
  }
}
