// The page in the cell of a notebook: with a kernel behind it statements have sliders, and Python builds the tables anew.

import { element } from "./dom.js";
import { Kernel } from "./kernel.js";
import { Explorer, PriorSet } from "./model.js";
import { Page } from "./page.js";
import { keepPlace } from "./place.js";
import { figure } from "./sliders.js";
import { StatementsView } from "./statements_view.js";

const NO_FURTHER = 1e-9; // how far the page's probabilities may lie from Python's

// The case and the choices as Python has them: which prior set is shown follows from what is moved.
function addressOf(state) {
  const parts = new URLSearchParams(state.address());
  for (const name of ["set", "beside"]) parts.delete(name);
  return parts.toString();
}

class Moving {
  constructor(page, statements) {
    this.page = page;
    const { explorer } = page;
    this.stated = explorer.sets[0];
    this.moved = {};
    this.wanted = {};
    this.asked = ""; // the case that the bars are of
    this.exact = null;
    this.kernel = new Kernel(
      (message, buffers) => this.heard(message, buffers),
      (text) => (this.status.textContent = text),
    );
    this.view = new StatementsView(statements, {
      move: (id, value) => this.move(id, value),
      reset: (id) => this.reset(id),
      copy: () => page.copy(this.python),
    });
    this.status = element("p", { class: "problem", role: "status" });
    this.python = "model";
    page.form.node.before(this.status, this.view.node);
    document.addEventListener("answered", () => this.answered());
    this.kernel.tell({ ready: true });
  }

  move(id, value) {
    this.page.state.about ||= this.page.answer.priors.network.outputs[this.view.output ?? 0].name;
    this.wanted = { ...this.wanted, [id]: value };
    this.last = id;
    this.ask("move");
  }

  reset(id) {
    this.wanted = id === null ? {} : Object.fromEntries(Object.entries(this.wanted).filter(([name]) => name !== id));
    this.last = id ?? "";
    this.ask("move");
  }

  ask(kind) {
    if (kind === "tornado") this.view.stale(true);
    this.kernel.ask(kind, () => ({
      address: addressOf(this.page.state), moved: kind === "move" ? this.wanted : this.moved, of: this.last ?? "",
    }));
  }

  // The case and all else that the bars depend on.
  case() {
    const { state, answer } = this.page;
    return JSON.stringify([answer.masks, state.recording, state.about]);
  }

  heard(message, buffers) {
    if (message.hello) this.start(message);
    else if (message.address !== undefined && !message.answer) this.show(message.address);
    else if (message.answer === "move") this.accept(message, buffers);
    else if (message.answer === "refused") this.refuse(message);
    else if (message.answer === "failed") this.status.textContent = `Python has stopped: ${message.message}`;
    else if (message.answer === "tornado") this.hang(message);
  }

  start({ address, moved }) {
    this.show(address);
    this.wanted = moved;
    if (Object.keys(moved).length) this.ask("move");
    else this.ask("tornado");
  }

  // A case that Python sets.
  show(address) {
    const { page } = this;
    if (address === addressOf(page.state)) return;
    page.state.readAddress(address);
    this.#choose();
    page.refresh();
  }

  // New tables: every part of the page is of these.
  accept(message, buffers) {
    const { page } = this;
    const { explorer } = page;
    const { data } = this.stated;
    this.moved = message.moved;
    if (!this.kernel.pending("move")) this.wanted = { ...message.moved };
    this.python = message.python;
    this.exact = message;
    const profiles = data.profiles.map((profile) => ({ ...profile, rates: message.rates?.[profile.name] ?? profile.rates, drawn: null }));
    const moved = { ...data, name: `${data.name}_moved`, hash: message.hash, plan: message.plan ?? data.plan, profiles, drawn: null };
    const set = new PriorSet(moved, explorer.data, new Float64Array(buffers[0]));
    set.origins = () => this.origins(message.numbers);
    explorer.sets = [this.stated, set];
    this.#choose();
    this.view.showNumbers(this.moved, message.numbers);
    page.update();
    this.ask("tornado");
  }

  // Where the numbers come from: those that were moved, from this page.
  async origins(numbers) {
    const origins = await this.stated.origins();
    const statements = origins.statements.map((statement) => (statement.id in numbers
      ? { ...statement, says: `moved to ${figure(numbers[statement.id].value)}; stated: ${statement.says}` }
      : statement));
    return { ...origins, statements };
  }

  #choose() {
    const { state, explorer } = this.page;
    const isMoved = Object.keys(this.moved).length > 0;
    state.set = isMoved ? explorer.sets[1].name : this.stated.name;
    state.beside = isMoved ? this.stated.name : "";
  }

  // The last good numbers hold.
  refuse({ of, message }) {
    this.wanted = { ...this.moved };
    this.view.refuse(of, message);
  }

  hang(message) {
    const { state, answer } = this.page;
    const isNow = JSON.stringify(message.moved ?? this.moved) === JSON.stringify(this.moved) && message.address === addressOf(state);
    if (!isNow || this.kernel.pending("move")) return; // bars of what the page no longer shows
    if (message.possible) this.compare(Object.fromEntries(message.outputs.map((name, output) => [name, message.stated[output]])));
    const now = this.case();
    this.view.showTornado(message, answer, now !== this.sorted);
    this.sorted = now;
  }

  // After each answer of the page.
  answered() {
    const { page } = this;
    const { state, answer } = page;
    this.view.about = state.about;
    this.view.showChange(this.moved, page.ask(this.stated.name), answer);
    if (Object.keys(state.moved).length) {
      this.asked = "";
      this.view.without("Base rates are moved on the page; bars and sliders are of the statements alone. Take the base rates back to see the bars.");
      return;
    }
    const now = `${this.case()}${JSON.stringify(this.moved)}`;
    if (this.asked !== now) {
      this.asked = now;
      this.ask("tornado");
    }
    const { exact } = this;
    if (exact?.address !== addressOf(state) || !exact.exact.possible) return;
    this.compare(exact.exact.posterior, Object.keys(state.stakes).length ? null : exact.exact.urgency);
  }

  // Python's own answer to the same case, policy and numbers must be the page's.
  compare(posterior, urgency = null) {
    const { answer } = this.page;
    const { outputs } = answer.priors.network;
    const furthest = Math.max(...outputs.map(({ name }, output) => Math.abs(posterior[name] - answer.result.probability[output])));
    const isSame = urgency === null || urgency === answer.policy.urgencies[answer.decision.urgency];
    if (furthest <= NO_FURTHER && isSame) return;
    this.status.textContent = "The page and Python do not give the same answer. Do not use this page, and report it, please.";
  }
}

const data = JSON.parse(document.getElementById("data").textContent);
const given = data.cell;
const isLive = Boolean(given.statements);
keepPlace(given.address, () => isLive && parent.postMessage({ riskmodel: { place: addressOf(page.state) } }, "*"));
const page = new Page(await Explorer.open(data));
if (isLive) new Moving(page, given.statements);
else page.form.node.before(element("p", { class: "faint" }, given.word));
