// The next best questions: those of which a single answer can change the action.

import { element } from "./dom.js";
import { capital, percent } from "./words.js";

const QUESTIONS_SHOWN = 6;
const HOURS_OF_LIFE_YEAR = 365.25 * 24;

// What an answer is worth in quality-adjusted hours of life.
function worthText(worth) {
  const hours = worth * HOURS_OF_LIFE_YEAR;
  return Math.abs(hours) >= 99.5 ? `${(hours / 24).toFixed(0)} days` : `${hours.toFixed(hours <= -10 || hours >= 10 ? 0 : 1)} h`;
}

// Rules that one finding keeps from firing, as another explanation of the others: { rule, row } each.
export function explainedAwayView(form, entries) {
  if (!entries.length) return null;
  return element(
    "section", { id: "explained-away" }, element("h2", {}, "Explained away"),
    element("p", {}, "These rules do not fire, but would if one finding were not known: it is another explanation of the others."),
    element("ul", { class: "reasons" }, entries.map(({ rule, row }) => element(
      "li", {}, element("b", {}, capital(form.variables[row].label)), ": ", element("span", {}, rule.reason), " ", element("code", {}, rule.id),
    ))),
  );
}

// `questions` ranked; null while they are being worked out.
export function questionsView(form, questions, go) {
  const node = element("section", { id: "questions" }, element("h2", {}, "What to ask next"));
  if (questions === null) {
    node.append(element("p", { class: "faint" }, "…"));
    return node;
  }
  const moving = questions.filter(({ moves }) => moves);
  if (!moving.length) {
    node.append(element("p", {}, "No single answer can change urgency, imaging or referral. What would tell most about the serious conditions:"));
  }
  const shown = moving.length ? moving.slice(0, QUESTIONS_SHOWN) : [...questions].sort((a, b) => b.information - a.information).slice(0, QUESTIONS_SHOWN);
  const cells = ({ row, worth, change, information, inTime }) => [
    element("th", { scope: "row" }, element("button", { type: "button", class: "link", onclick: () => go(row) }, capital(form.variables[row].label))),
    element("td", {}, form.variables[row].asking?.way ?? "", inTime ? "" : " (too late)"),
    element("td", { class: "number" }, Number.isNaN(change) ? "not known" : percent(change)),
    element("td", { class: "number" }, worthText(worth)),
    element("td", { class: "number" }, information.toFixed(3)),
  ];
  const heads = ["Question or test", "How", "Changes the action", "Worth", "Tells, bits"];
  node.append(
    element(
      "table", { class: "asked" },
      element("caption", {}, "Worth: hours of quality-adjusted life that the answer adds, less what it costs"),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, shown.map((question) => element("tr", {}, cells(question)))),
    ),
  );
  return node;
}
