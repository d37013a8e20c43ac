// The choices above the case: setting, policy, prior sets, what a blank means; and what to do with the case.

import { element } from "./dom.js";
import { words } from "./words.js";

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
      explorer.data.cases.length > 0 && this.#cases(explorer.data.cases, changed),
      element(
        "p", { class: "buttons" },
        Object.entries(actions).map(([label, act]) =>
          element("button", { type: "button", onclick: async () => (this.status.textContent = (await act()) ?? "") }, label),
        ),
        this.status,
      ),
    );
  }

  #cases(cases, changed) {
    this.picked = element(
      "select", {
        id: "choose-case", onchange: () => {
          const chosen = cases[this.picked.selectedIndex - 1];
          if (chosen) this.state.loadCase(chosen);
          changed();
        },
      },
      element("option", { value: "" }, `one of ${cases.length}`),
      cases.map(({ id }) => element("option", { value: id }, id)),
    );
    return element("p", {}, element("label", { for: "choose-case" }, "Case of the file"), this.picked);
  }

  show() {
    for (const [name, select] of this.selects) select.value = this.state[name];
    if (this.picked && !this.state.caseId) this.picked.selectedIndex = 0;
  }
}
