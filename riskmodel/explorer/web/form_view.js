// The form: every finding with its states, searchable, by keyboard alone.

import { element } from "./dom.js";
import { fullMask } from "./policy.js";
import { capital, words } from "./words.js";

const SHORTEST_STEM = 4; // letters of a word's beginning
const ENDING = 3; // letters that may be others

export class FormView {
  // `changed` is called after each change of the state, `leave` when the person wants to see the results.
  constructor(state, changed, leave) {
    this.state = state;
    this.changed = changed;
    this.controls = new Map();
    this.search = element("input", {
      type: "search", id: "search", placeholder: "fever, MRI, bladder …", autocomplete: "off", "aria-describedby": "hits",
      oninput: () => this.filter(),
    });
    this.hits = element("span", { id: "hits", class: "faint", "aria-live": "polite" });
    this.sections = state.explorer.data.sections.map((section) => this.#section(section)).filter(Boolean);
    this.node = element(
      "form", { id: "case", "aria-labelledby": "case-title", onsubmit: (event) => event.preventDefault() },
      element("h2", { id: "case-title" }, "The case"),
      element("p", { class: "search" }, element("label", { for: "search" }, "Search ", element("kbd", {}, "/")), this.search, this.hits),
      element("p", { class: "keys faint" }, element("kbd", {}, "Enter"), " to the first hit, ", element("kbd", {}, "Esc"), " to the results"),
      this.sections.map(({ node }) => node),
    );
    document.addEventListener("keydown", (event) => {
      const isOtherText = event.target instanceof Element && event.target !== this.search && event.target.matches("input[type=search]");
      if (event.key !== "/" || isOtherText) return;
      event.preventDefault();
      this.search.focus();
      this.search.select();
    });
    this.node.addEventListener("keydown", (event) => this.#key(event, leave));
  }

  #key(event, leave) {
    const isSearch = event.target === this.search;
    if (event.key === "Enter" && isSearch) this.#focusFirst();
    else if (event.key === "Escape" && !(isSearch && this.search.value)) leave();
    else return;
    event.preventDefault();
  }

  // The first finding that the search leaves.
  #focusFirst() {
    const node = [...this.controls.values()].map((control) => control.node).filter((control) => !control.hidden);
    const [first] = node.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    if (first) this.#enter(first);
  }

  #enter(node) {
    node.closest("details").open = true;
    node.scrollIntoView({ block: "center" });
    (node.querySelector("input[type=number]") ?? node.querySelector("input:checked") ?? node.querySelector("input")).focus();
  }

  #section({ id, title }) {
    const rows = this.state.explorer.variables.map((_, row) => row);
    const members = rows.filter((row) => this.state.explorer.variables[row].section === id);
    if (!members.length) return null;
    const count = element("span", { class: "count" });
    const node = element(
      "details", { class: "section", id: `section-${id}`, open: !["circumstances", "prognosis"].includes(id) },
      element("summary", {}, element("h3", {}, title), count),
      members.map((row) => this.#control(row)),
    );
    return { id, node, members, count };
  }

  #control(row) {
    const variable = this.state.explorer.variables[row];
    const options = [
      this.#option(row, "", null), this.#option(row, "not assessed", fullMask(variable)),
      ...variable.states.map((state, s) => this.#option(row, words(state), 1 << s)),
    ];
    const several = element("span", { class: "several", hidden: true });
    const number = variable.edges.length ? this.#number(row) : null;
    const node = element(
      "fieldset", { class: "control", "data-row": row, title: variable.definition },
      element("legend", {}, capital(variable.label)),
      element("div", { class: "options" }, number && number.node, options.map((option) => option.node), several),
      element("p", { class: "definition" }, variable.definition),
    );
    this.controls.set(row, { node, options, several, number });
    return node;
  }

  #option(row, label, mask) {
    const input = element("input", {
      type: "radio", name: `row-${row}`, onchange: () => {
        this.state.setMask(row, mask);
        this.#done(row);
      },
    });
    const text = element("span", {}, label);
    return { mask, input, text, node: element("label", { class: mask === null ? "option blank" : "option" }, input, text) };
  }

  #number(row) {
    const { unit, edges, maximum, label } = this.state.explorer.variables[row];
    const wrong = element("span", { class: "wrong", role: "alert" });
    const input = element("input", {
      type: "number", min: edges[0], max: maximum, step: "any", inputmode: "decimal", placeholder: " ",
      "aria-label": `${label} in ${unit}`, title: `${edges[0]} to ${maximum} ${unit}`,
      oninput: () => {
        if (input.value === "") this.state.setMask(row, null);
        const isGood = input.value === "" ? input.validity.valid : this.state.setNumber(row, Number(input.value));
        input.setAttribute("aria-invalid", String(!isGood));
        if (!isGood) this.state.setMask(row, null);
        wrong.textContent = isGood ? "" : `Not used: a number from ${edges[0]} to ${maximum} is allowed.`;
        this.#done(row, input);
      },
    });
    return { input, wrong, node: element("label", { class: "measured" }, input, ` ${unit} `, wrong) };
  }

  #done(row, typed = null) {
    this.show(row, typed);
    this.state.caseId = "";
    this.changed();
  }

  // Set the controls as the state says; what is being typed stays as it is.
  showAll() {
    for (const row of this.controls.keys()) this.show(row);
    this.#count();
  }

  show(row, typed = null) {
    const { node, options, several, number } = this.controls.get(row);
    const variable = this.state.explorer.variables[row];
    const value = this.state.values.get(row);
    const isRead = this.state.isRead(row);
    const [blank, unknown] = options;
    blank.text.textContent = isRead ? "not written down" : "not assessed";
    unknown.node.hidden = !isRead;
    let isShown = false;
    for (const { input, mask } of options) {
      input.checked = value ? mask === value.mask && (mask !== fullMask(variable) || isRead) : mask === null;
      isShown ||= input.checked;
    }
    several.hidden = isShown;
    if (!isShown) several.textContent = variable.states.filter((_, s) => (value.mask >> s) & 1).map(words).join(" or ");
    if (number && number.input !== typed) {
      number.input.value = value?.number ?? "";
      number.input.setAttribute("aria-invalid", "false");
      number.wrong.textContent = "";
    }
    node.classList.toggle("assessed", Boolean(value));
    this.#count();
  }

  #count() {
    for (const { members, count } of this.sections) {
      const assessed = members.filter((row) => this.state.values.has(row)).length;
      count.textContent = assessed ? `${assessed} of ${members.length}` : `${members.length}`;
    }
  }

  // Findings that have all the words; where none has, those that have how the words begin.
  filter() {
    const wanted = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let hits = this.#showHits(wanted);
    if (!hits) hits = this.#showHits(wanted.map((word) => word.slice(0, Math.max(SHORTEST_STEM, word.length - ENDING))));
    this.hits.textContent = wanted.length ? (hits ? `${hits} found` : "nothing found: try another word, or a part of one") : "";
  }

  #showHits(wanted) {
    let hits = 0;
    for (const { node, members } of this.sections) {
      let any = false;
      for (const row of members) {
        const { label, name, definition, states } = this.state.explorer.variables[row];
        const text = `${label} ${name} ${definition} ${states.join(" ")}`.toLowerCase();
        const isHit = wanted.every((word) => text.includes(word));
        this.controls.get(row).node.hidden = !isHit;
        any ||= isHit;
        hits += isHit;
      }
      node.hidden = !any;
      if (wanted.length && any) node.open = true;
    }
    return hits;
  }

  // Lead the person to a finding.
  focus(row) {
    this.search.value = "";
    this.filter();
    this.#enter(this.controls.get(row).node);
  }
}
