// The results: one sentence that is read out, the action, the posteriors, and what they rest on.

import { actionSentence, actionView, reasonsView, urgencyWords } from "./action_view.js";
import { element } from "./dom.js";
import { posteriorsTable } from "./posteriors_view.js";
import { capital, listed, percent, words } from "./words.js";

const GROUPS = ["low", "medium", "high"];
const FEWEST_EFFECTIVE = 30;

export function impossibleText(answer) {
  if (answer.startback === 0) return "The STarT Back answers contradict each other: check the items against the total.";
  if (!answer.possible) return "These findings cannot occur together: check them, above all a scan against what it shows.";
  return "";
}

// The serious conditions, the most likely first.
function likeliest(answer, limits = null) {
  const serious = answer.priors.form.variables.filter((variable) => variable.serious).map(({ name }) => name);
  const { network } = answer.priors;
  return network.outputs
    .map(({ name }, output) => ({ name, p: answer.result.probability[output], limits: limits?.[output] }))
    .filter(({ name }) => serious.includes(name))
    .sort((a, b) => b.p - a.p);
}

export function sentence(answer, limits) {
  const likely = likeliest(answer, limits).slice(0, 2).map(({ name, p, limits: ends }) => {
    const interval = ends ? ` (${percent(ends[0])} to ${percent(ends[1])})` : "";
    return `${words(name)} ${percent(p)}${interval}`;
  });
  return `${actionSentence(answer)}. Most likely of the serious conditions: ${listed(likely)}.`;
}

// How many of the draws agree, and what they are worth.
function sureness({ priors }, { sameUrgency, sameAction, effective }) {
  return element(
    "p", { id: "sureness" },
    `How sure: ${percent(sameUrgency)} of the draws give the same urgency, ${percent(sameAction)} the same urgency and scans. `,
    element(
      "span", { class: "faint" },
      `${priors.draws} draws of the statements, weighted by this case; worth ${effective.toFixed(0)} equal ones.`,
      effective < FEWEST_EFFECTIVE ? " These are few: take the intervals and shares as rough." : "",
    ),
  );
}

// What was moved away from what is stated; empty where nothing was.
export function movedText({ moved, stakes, base, policy, priors }) {
  const output = (name) => priors.network.outputs.findIndex((entry) => entry.name === name);
  const rates = Object.entries(moved).map(([name, rate]) => `base rate of ${words(name)} ${percent(rate)} in place of ${percent(base.stated[output(name)])}`);
  const thresholds = Object.entries(stakes).filter(([name]) => Object.hasOwn(policy.thresholds, name)).map(([name, { harm, benefit }]) => {
    const stated = policy.thresholds[name];
    return `threshold ${words(name)} ${percent(harm / (harm + benefit))} in place of ${percent(stated.harm / (stated.harm + stated.benefit))}`;
  });
  const all = [...rates, ...thresholds];
  return all.length ? `Moved by hand: ${all.join("; ")}.` : "";
}

export class ResultsView {
  constructor(go) {
    this.go = go;
    this.live = element("p", { id: "summary", role: "status", "aria-live": "polite", "aria-atomic": "true" });
    this.body = element("div", {});
    this.extra = element("div", {}); // the next questions, which come later
    this.short = element("a", { id: "short", href: "#results", onclick: (event) => this.#leadFrom(event) });
    this.node = element("section", { id: "results", "aria-label": "Results", tabindex: -1 }, this.live, this.body);
  }

  // The bar of small screens leads here; the address stays that of the case.
  #leadFrom(event) {
    event.preventDefault();
    this.lead();
  }

  lead() {
    this.node.scrollIntoView();
    this.node.scrollTop = 0;
    this.node.focus({ preventScroll: true });
  }

  // `weights`: what speaks for and against, made when there is something to show.
  show(answer, interval, beside, weights) {
    const problem = impossibleText(answer);
    const limits = interval?.limits ?? null;
    const text = problem || sentence(answer, limits);
    if (this.live.textContent !== text) this.live.textContent = text;
    this.live.classList.toggle("problem", Boolean(problem));
    if (problem) {
      this.short.textContent = "These answers contradict each other";
      return this.body.replaceChildren();
    }
    const [first] = likeliest(answer);
    this.short.textContent = `${urgencyWords(answer)}${first ? `; ${words(first.name)} ${percent(first.p)}` : ""}`;
    const unfolded = new Set([...this.body.querySelectorAll("details[open]")].map(({ dataset }) => dataset.keep));
    const startback = GROUPS.filter((_, group) => answer.startback === 1 << group)[0];
    this.body.replaceChildren(
      ...[
        actionView(answer),
        movedText(answer) && element("p", { id: "moved", class: "moved" }, movedText(answer)),
        element("h2", {}, "How likely"),
        posteriorsTable(answer, limits, beside),
        startback && element("p", {}, `STarT Back risk: ${capital(startback)}`),
        interval && sureness(answer, interval),
        reasonsView(answer, this.go),
        this.extra,
        weights(),
      ].filter(Boolean),
    );
    for (const details of this.body.querySelectorAll("details")) details.open = unfolded.has(details.dataset.keep);
  }
}
