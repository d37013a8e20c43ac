// Posteriors of all conditions on an axis of log-odds, with intervals and the setting's base rate.

import { at, element } from "./dom.js";
import { capital, logit, percent, words } from "./words.js";

const ENDS = [logit(0.00001), logit(0.99)];
const TICKS = [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9];
const LABELLED = [0.0001, 0.01, 0.1, 0.9]; // the others would stand too near
const share = (p) => Math.min(Math.max((logit(p) - ENDS[0]) / (ENDS[1] - ENDS[0]), 0), 1);

function bar(p, limits, base, second) {
  const node = element("div", { class: "axis", "aria-hidden": "true" }, TICKS.map((tick) => at(element("i", { class: "tick" }), share(tick))));
  if (limits) node.append(at(element("i", { class: "interval" }), share(limits[0]), Math.max(share(limits[1]) - share(limits[0]), 0.004)));
  node.append(at(element("i", { class: "base" }), share(base)));
  if (second !== null) node.append(at(element("i", { class: "second" }), share(second)));
  node.append(at(element("i", { class: "point" }), share(p)));
  return node;
}

function axisRow(hasSecond) {
  const labels = LABELLED.map((tick) => at(element("span", {}, `${100 * tick}`), share(tick)));
  return element("tr", { class: "ticks", "aria-hidden": "true" }, element("td", {}, "%"), element("td", {}, element("div", { class: "axis" }, labels)), element("td", { colspan: hasSecond ? 3 : 2 }));
}

// The heading of a column, where the screen is too narrow for headings.
const narrow = (text) => element("span", { class: "narrow", "aria-hidden": "true" }, `${text} `);

// `beside`: the answer of the second prior set, or null; `limits`: of each output, or null.
export function posteriorsTable(answer, limits, beside) {
  const { network } = answer.priors;
  const serious = new Set(answer.priors.form.variables.filter((variable) => variable.serious).map(({ name }) => name));
  const rows = network.outputs.map(({ name }, output) => ({ name, output, p: answer.result.probability[output] }));
  const isComposite = (name) => !network.conditions.some((condition) => condition.name === name);
  const rank = ({ name }) => (isComposite(name) ? 0 : serious.has(name) ? 1 : 2);
  rows.sort((a, b) => rank(a) - rank(b) || a.output - b.output);
  const body = rows.map(({ name, output, p }) => {
    const base = answer.base.probability[output];
    const second = beside ? beside.result.probability[output] : null;
    const ratio = p / (1 - p) / (base / (1 - base));
    const interval = limits ? `${percent(limits[output][0])} to ${percent(limits[output][1])}` : "";
    return element(
      "tr", { class: ["whole", "serious", "other"][rank({ name })] },
      element("th", { scope: "row" }, capital(words(name))),
      element("td", { class: "chart", "aria-hidden": "true" }, bar(p, limits && limits[output], base, second)),
      element("td", { class: "number" }, element("b", {}, percent(p)), interval && element("span", { class: "faint" }, ` ${interval}`)),
      beside && element("td", { class: "number second" }, narrow(beside.priors.name), percent(second)),
      element("td", { class: "number faint" }, narrow("base rate"), percent(base), element("span", { class: "factor" }, ratioText(ratio))),
    );
  });
  const heads = ["Condition", "", limits ? "Probability, 95 % interval" : "Probability", beside && beside.priors.name, "Base rate, odds ×"];
  const marks = ["dot: given all that is known", limits && "bar: 95 % interval", "dashes: base rate of the setting", beside && `ring: ${beside.priors.name}`];
  const caption = `On an axis of log-odds; ${marks.filter(Boolean).join("; ")}.`;
  return element(
    "table", { class: "posteriors" },
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, heads.filter((head) => head !== null).map((head) => element("th", { scope: "col", "aria-hidden": head === "" && "true" }, head)))),
    element("tbody", {}, body, axisRow(Boolean(beside))),
  );
}

function ratioText(ratio) {
  if (!Number.isFinite(ratio)) return "";
  return ` × ${Number(ratio.toPrecision(2)).toLocaleString("en", { maximumSignificantDigits: 2 })}`;
}
