// All statements as sliders: those that the case hangs on most, then the others by what they speak of; and what is moved.

import { actionSentence, urgencyWords } from "./action_view.js";
import { element } from "./dom.js";
import { impossibleText } from "./results_view.js";
import { Slider } from "./sliders.js";
import { mostRaised } from "./weights.js";
import { capital, logit, percent, words } from "./words.js";

const FIRST = 10; // statements that are shown at first
const MOST_FOUND = 40; // of a search
const LEAST_EFFECT = 1e-4; // in log-odds: what moves a posterior less is not said to be something that the case hangs on
const NEAREST = 1e-12; // of a probability to 0 and 1 on the axis of the bars

const certain = (p) => Math.min(Math.max(p, NEAREST), 1 - NEAREST);

export class StatementsView {
  // `acts`: move(id, value), reset(id or null), copy() -> a word.
  constructor(statements, acts) {
    this.statements = new Map(statements.map((statement) => [statement.id, statement]));
    this.acts = acts;
    this.sliders = new Map();
    this.tornado = null;
    this.numbers = {};
    this.moved = [];
    this.recording = "";
    this.about = null;
    this.count = element("span", { class: "count" });
    this.word = element("p", { class: "faint", role: "status" });
    this.search = element("input", { type: "search", placeholder: "Find a statement", "aria-label": "Find a statement", oninput: () => this.#list() });
    this.copied = element("span", { class: "faint", role: "status" });
    this.changes = element("p", { id: "moved", class: "moved-what" });
    this.buttons = element(
      "p", { class: "buttons", hidden: true },
      element("button", { type: "button", onclick: () => acts.reset(null) }, "All as stated"),
      element("button", { type: "button", onclick: async () => (this.copied.textContent = await acts.copy()) }, "Copy as Python"),
      this.copied,
    );
    this.list = element("div", { class: "statements" });
    this.others = element("div", {});
    this.node = element(
      "details", { id: "statements", open: true },
      element("summary", {}, element("h2", {}, "What the case hangs on"), this.count),
      this.changes, this.buttons, this.word,
      element("p", { class: "search" }, this.search),
      this.list, this.others,
    );
  }

  slider(id) {
    if (!this.sliders.has(id)) {
      const slider = new Slider(this.statements.get(id), this.acts.move, this.acts.reset);
      this.sliders.set(id, slider);
      slider.show(this.numbers[id]?.value ?? slider.statement.value);
      this.#hang(slider);
    }
    return this.sliders.get(id);
  }

  // The statements that speak under the recording profile that the page shows.
  #inUse() {
    return [...this.statements.values()].filter(({ profile }) => !profile || profile === this.recording);
  }

  // The numbers that hold: those that were moved, and those that had to follow.
  showNumbers(moved, numbers) {
    this.numbers = numbers;
    for (const [id, slider] of this.sliders) {
      slider.show(numbers[id]?.value ?? slider.statement.value);
      slider.refuse("");
    }
    this.moved = Object.keys(moved).filter((id) => this.statements.has(id));
    const isSeen = (id) => this.sliders.get(id)?.node.checkVisibility() ?? false;
    if (!this.moved.every(isSeen) && !this.search.value) this.#list(); // what was moved from Python
    this.buttons.hidden = !this.moved.length;
    this.copied.textContent = "";
  }

  // What was done before and is done now; nothing while nothing is moved.
  showChange(moved, before, now) {
    const count = Object.keys(moved).length;
    this.changes.hidden = !count;
    if (!count) return;
    const [old, fresh] = [before, now].map((answer) => impossibleText(answer) || actionSentence(answer));
    const output = this.#output(now);
    const name = words(now.priors.network.outputs[output].name);
    const [was, is] = [before, now].map((answer) => percent(answer.result.probability[output]));
    this.changes.replaceChildren(
      element("strong", {}, `${count} statement${count > 1 ? "s" : ""} moved. `),
      `${capital(name)} ${was} \u2192 ${is}. `,
      old === fresh ? `The action stays: ${urgencyWords(now).toLowerCase()}.` : element("strong", { class: "moved" }, `${old} \u2192 ${fresh}.`),
    );
  }

  refuse(id, text) {
    if (this.statements.has(id)) this.slider(id).refuse(text);
    else this.word.textContent = text;
  }

  // Bars of an earlier question are grey until the new ones come.
  stale(isStale) {
    this.node.classList.toggle("stale", isStale);
  }

  // `sorts`: whether the order follows; it stays while a slider is moved, so that nothing jumps away from the hand.
  showTornado(tornado, answer, sorts) {
    this.tornado = tornado?.possible ? tornado : null;
    this.recording = answer.recording;
    this.stale(false);
    this.#axis(answer);
    for (const slider of this.sliders.values()) this.#hang(slider);
    if (sorts || !this.order) {
      this.order = this.#ranked();
      this.#list();
    }
    this.#count(answer);
  }

  // In place of the bars, where they would not be of what the page shows.
  without(text) {
    this.tornado = null;
    this.stale(false);
    for (const slider of this.sliders.values()) slider.still();
    this.word.textContent = text;
  }

  #output(answer) {
    const { conditions } = answer.priors.network;
    const chosen = conditions.findIndex(({ name }) => name === this.about);
    return chosen < 0 ? mostRaised(answer) : chosen;
  }

  #count(answer) {
    const { outputs } = answer.priors.network;
    const all = this.#inUse().length;
    const speaking = this.tornado ? this.tornado.statements.length : 0;
    this.count.textContent = this.tornado ? `${speaking} of ${all} statements speak of this case` : `${all} statements`;
    if (!this.tornado) return;
    const name = words(outputs[this.#output(answer)].name);
    this.word.textContent = `Bars: the probability of ${name} with a statement at either end of its 95 % range, all others as they are.`;
  }

  // Both posteriors of a statement at the ends of its range, of the output that the bars are of.
  #ends(id) {
    const column = this.columns?.get(id);
    if (!this.tornado || column === undefined) return null;
    return [this.tornado.atLow[this.output][column], this.tornado.atHigh[this.output][column]];
  }

  #axis(answer) {
    this.output = this.#output(answer);
    if (!this.tornado) return;
    this.columns = new Map(this.tornado.statements.map((id, column) => [id, column]));
    const { atLow, atHigh, stated } = this.tornado;
    const all = [...atLow[this.output], ...atHigh[this.output], stated[this.output]].filter((p) => p !== null).map((p) => logit(certain(p)));
    this.axis = [Math.min(...all), Math.max(...all)];
  }

  #hang(slider) {
    const ends = this.#ends(slider.statement.id);
    if (!ends) return slider.still();
    const [low, high] = ends.map((p) => (p === null ? null : certain(p)));
    slider.hang(low, high, certain(this.tornado.stated[this.output]), this.axis);
  }

  #effect(id) {
    const ends = this.#ends(id);
    if (!ends || ends.includes(null)) return 0;
    const all = [...ends, this.tornado.stated[this.output]].map((p) => logit(certain(p)));
    return Math.max(...all) - Math.min(...all);
  }

  #ranked() {
    const effects = this.#inUse().map(({ id }) => ({ id, effect: this.#effect(id) }));
    return effects.filter(({ effect }) => effect > LEAST_EFFECT).sort((a, b) => b.effect - a.effect).map(({ id }) => id);
  }

  #list() {
    const text = this.search.value.trim();
    if (text) {
      const hits = this.#inUse().filter(({ id }) => this.slider(id).matches(text)).map(({ id }) => id);
      this.list.replaceChildren(...hits.slice(0, MOST_FOUND).map((id) => this.slider(id).node));
      const more = hits.length > MOST_FOUND ? `; the first ${MOST_FOUND} are shown` : "";
      this.others.replaceChildren(element("p", { class: "faint", role: "status" }, `${hits.length} found${more}`));
      return;
    }
    const hangs = this.order?.slice(0, FIRST) ?? [];
    const first = [...this.moved.filter((id) => !hangs.includes(id)), ...hangs];
    this.list.replaceChildren(...first.map((id) => this.slider(id).node));
    const groups = this.#groups(new Set(first));
    const isOpen = this.others.querySelector("details")?.open ?? false;
    this.others.replaceChildren(element(
      "details", { open: isOpen }, element("summary", {}, `All ${this.#inUse().length - first.length} others, by what they speak of`), groups,
    ));
  }

  // All others by what they speak of, folded; a fold is filled when it is opened.
  #groups(shown) {
    const byAbout = new Map();
    for (const { id, about } of this.#inUse()) {
      if (!shown.has(id)) byAbout.set(about, [...(byAbout.get(about) ?? []), id]);
    }
    const rank = new Map((this.order ?? []).map((id, place) => [id, place]));
    const groups = [...byAbout].map(([about, ids]) => ({ about, ids, first: Math.min(...ids.map((id) => rank.get(id) ?? Infinity)) }));
    groups.sort((a, b) => (a.first === b.first ? 0 : a.first - b.first));
    return groups.map(({ about, ids }) => {
      const body = element("div", { class: "statements" });
      const fill = () => {
        if (group.open) body.replaceChildren(...ids.map((id) => this.slider(id).node));
      };
      const group = element(
        "details", { class: "of-variable", ontoggle: fill },
        element("summary", {}, capital(about), element("span", { class: "count" }, ` ${ids.length}`)), body,
      );
      return group;
    });
  }
}
