// The page: its parts, and the answer anew after each change.

import { CaseState } from "./case_state.js";
import { ChoicesView } from "./choices_view.js";
import { element } from "./dom.js";
import { explainedAway } from "./explained_away.js";
import { FormView } from "./form_view.js";
import { readPlace, writePlace } from "./place.js";
import { Questions, ranked } from "./questions.js";
import { explainedAwayView, questionsView } from "./questions_view.js";
import { ResultsView, impossibleText, movedText, sentence } from "./results_view.js";
import { mostRaised } from "./weights.js";
import { weightsView } from "./weights_view.js";
import { WhatIfView } from "./what_if_view.js";
import { words } from "./words.js";

const ADDRESS_AFTER = 200; // milliseconds without a change: browsers take no more than some writes a second
const SLICE = 12; // milliseconds of work before the page may answer to the person again

const pause = () => new Promise((resume) => setTimeout(resume, 0));

export class Page {
  constructor(explorer) {
    this.explorer = explorer;
    this.state = new CaseState(explorer);
    this.state.readAddress(readPlace());
    this.form = new FormView(this.state, () => this.update(), () => this.results.lead());
    this.results = new ResultsView((row) => this.form.focus(row));
    this.choices = new ChoicesView(this.state, () => this.refresh(), {
      "New case": () => this.clear(),
      "Copy as CSV": () => this.copy(this.state.csv()),
      "Copy as a sentence": () => this.copy(this.sentence()),
      Print: () => window.print(),
    });
    this.whatIf = new WhatIfView(this.state, () => this.update());
    const case_ = element("div", {}, this.form.node, this.whatIf.node);
    const columns = element("div", { class: "columns" }, case_, this.results.node);
    const main = element("main", {}, this.#skip(), this.choices.node, columns, this.results.short);
    document.getElementById("app").replaceChildren(main);
    addEventListener("hashchange", () => {
      if (readPlace() === this.state.address()) return;
      this.state.readAddress(readPlace());
      this.refresh();
    });
    this.refresh();
  }

  // For keys: past all that stands before.
  #skip() {
    const link = (text, id, act) => element("a", { href: `#${id}`, onclick: (event) => {
      event.preventDefault(); // the address stays that of the case
      act();
    } }, text);
    return element(
      "p", { class: "skip" },
      link("To the search", "search", () => this.form.search.focus()), link("To the results", "results", () => this.results.lead()),
    );
  }

  clear() {
    this.state.clearCase();
    this.refresh();
  }

  // All controls as the state says, then the answer.
  refresh() {
    this.form.showAll();
    this.choices.show();
    this.update();
  }

  ask(set) {
    const { state } = this;
    return this.explorer.answer({
      set,
      policy: state.policy,
      recording: state.recording,
      masks: state.masks(),
      moved: state.moved,
      stakes: state.stakes,
    });
  }

  update() {
    const start = performance.now();
    const { state } = this;
    this.answer = this.ask(state.set);
    const beside = state.beside && state.beside !== state.set ? this.ask(state.beside) : null;
    this.interval = impossibleText(this.answer) ? null : this.explorer.intervals(this.answer);
    this.results.show(this.answer, this.interval, beside?.possible ? beside : null, () => this.weights());
    this.whatIf.show(this.answer, this.answer.base.stated);
    clearTimeout(this.writing);
    this.writing = setTimeout(() => writePlace(state.address()), ADDRESS_AFTER);
    document.documentElement.dataset.milliseconds = (performance.now() - start).toFixed(2);
    const isWaiting = !this.interval && this.answer.priors.draws && !impossibleText(this.answer);
    document.dispatchEvent(new Event("answered"));
    if (isWaiting) this.unpackDraws(this.answer.priors); // the questions come after the intervals
    else this.askNext();
  }

  weights() {
    const { state, answer } = this;
    const { conditions } = answer.priors.network;
    const chosen = conditions.findIndex(({ name }) => name === state.about);
    const texts = new Map(state.known().map(({ row, shown }) => [row, shown]));
    return weightsView(this.explorer.data, answer, chosen < 0 ? mostRaised(answer) : chosen, texts, (name) => {
      state.about = name;
      this.update();
      document.getElementById("about").focus();
    });
  }

  // The next best questions, worked out in slices once the answer is shown; a new answer ends what is under way.
  async askNext() {
    const { answer } = this;
    const { data } = this.explorer;
    if (impossibleText(answer)) return;
    if (!this.results.extra.hasChildNodes()) this.results.extra.replaceChildren(questionsView(data, null));
    await pause();
    if (answer !== this.answer) return;
    const away = explainedAwayView(data, explainedAway(data, answer));
    const questions = new Questions(data, answer);
    const told = [];
    let start = performance.now();
    for (const row of questions.rows) {
      if (performance.now() - start > SLICE) {
        await pause();
        if (answer !== this.answer) return;
        start = performance.now();
      }
      told.push(questions.of(row));
    }
    this.results.extra.replaceChildren(...[away, questionsView(data, ranked(told), (row) => this.form.focus(row))].filter(Boolean));
  }

  async unpackDraws(priors) {
    if (priors.drawn || this.unpacking === priors) return;
    this.unpacking = priors;
    this.results.extra.replaceChildren(questionsView(this.explorer.data, null));
    await pause(); // the page is shown first
    await priors.unpackDraws();
    this.unpacking = null;
    this.update();
  }

  sentence() {
    const known = this.state.known().map(({ row, shown }) => `${this.explorer.variables[row].label}: ${shown}`);
    const case_ = known.length ? known.join(", ") : "nothing known";
    const { set, policy, setting } = this.state;
    const problem = impossibleText(this.answer);
    const result = problem || sentence(this.answer, this.interval?.limits);
    const moved = movedText(this.answer);
    const { note, version } = this.explorer.data;
    const model = `riskmodel ${version}, ${words(set)}, ${words(policy)}, model ${this.answer.priors.data.hash}`;
    return `${note} Seen in ${words(setting)}; ${case_}. ${result}${moved && ` ${moved}`} (${model})`;
  }

  // The clipboard is written after a click only.
  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element("textarea", { class: "offscreen", value: text });
      document.body.append(area);
      area.select();
      const isCopied = document.execCommand("copy");
      area.remove();
      if (!isCopied) return "not copied: the browser does not allow it";
    }
    return "copied";
  }
}
