// Weights of evidence as bars to both sides of nothing.

import { at, element } from "./dom.js";
import { originsView } from "./origins_view.js";
import { weightsFor } from "./weights.js";
import { capital, words } from "./words.js";

const LEAST_SCALE = 10; // decibans at the end of the bars
const LEAST_TOLD = 1; // decibans by itself from which on it is worth saying that another cause explains a finding

function balance(weight, scale) {
  const size = Math.min(Math.abs(weight) / scale, 1) / 2;
  const node = element("i", { class: weight >= 0 ? "for" : "against" });
  return element("div", { class: "balance", "aria-hidden": "true" }, at(node, weight >= 0 ? 0.5 : 0.5 - size, size));
}

const signed = (value) => (Number.isFinite(value) ? `${value >= 0 ? "+" : "\u2212"}${Math.abs(value).toFixed(1)}` : value > 0 ? "+\u221e" : "\u2212\u221e");
const times = (decibans) => {
  const ratio = 10 ** (decibans / 10);
  return Number.isFinite(ratio) ? `\u00d7 ${ratio >= 9.95 ? ratio.toFixed(0) : ratio.toPrecision(2)}` : "";
};

// A finding that speaks for the condition by itself, but not beside all others, is explained by these.
const remark = (weight, change) =>
  weight >= LEAST_TOLD && change <= 0 && element("span", { class: "faint explained" }, " explained by other findings or causes");

// `choose` is told which condition the bars are to speak of.
export function weightsView(form, answer, output, texts, choose) {
  const { network } = answer.priors;
  const weights = weightsFor(form, answer, output);
  const select = element(
    "select", { id: "about", onchange: () => choose(select.value) },
    network.conditions.map(({ name }) => element("option", { value: name, selected: name === network.outputs[output].name }, words(name))),
  );
  const scale = Math.max(LEAST_SCALE, ...weights.flatMap(({ weight, change }) => [weight, change].filter(Number.isFinite).map(Math.abs)));
  const label = (row) => (row < 0 ? "All that is not written down" : `${capital(form.variables[row].label)}: ${texts.get(row)}`);
  return element(
    "section", {},
    element("h2", {}, element("label", { for: "about" }, "What speaks for and against "), select),
    weights.length
      ? element(
          "table", { class: "weights" },
          element("caption", {}, "Weight of each finding by itself, in decibans and as a factor of the odds; in this case: what it adds to all others"),
          element("thead", {}, element("tr", {}, ["Finding", "", "By itself", "In this case"].map((head) => element("th", { scope: "col", "aria-hidden": head === "" && "true" }, head)))),
          element("tbody", {}, weights.map(({ row, weight, change }) => element(
            "tr", {},
            element("th", { scope: "row" }, label(row), remark(weight, change)),
            element("td", { class: "chart", "aria-hidden": "true" }, balance(Number.isNaN(weight) ? change : weight, scale)),
            element("td", { class: "number" }, Number.isNaN(weight) ? "" : [signed(weight), element("span", { class: "faint" }, ` ${times(weight)}`)]),
            element("td", { class: "number" }, signed(change)),
          ))),
        )
      : element("p", { class: "faint" }, "Nothing is known yet."),
    originsView(form, answer, network.outputs[output].name, weights.flatMap(({ row }) => (row < 0 ? [] : [row]))),
  );
}
