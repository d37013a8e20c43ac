// What the policy asks for: urgency, scans, tests and referrals with their times, why, and what is undetermined.

import { element } from "./dom.js";
import { capital, listed, words } from "./words.js";

// What is asked for of each kind: the tokens of one time together.
function asked({ policy, decision }) {
  return ["imaging", "tests", "referral"].flatMap((kind) => {
    const times = [...new Set(decision[kind].map((token) => decision.times[token]))].sort((a, b) => a - b);
    return times.map((time) => ({
      kind,
      tokens: decision[kind].filter((token) => decision.times[token] === time).map(words),
      time: words(policy.urgencies[time]),
    }));
  });
}

export const urgencyWords = ({ policy, decision }) => capital(words(policy.urgencies[decision.urgency]));

export function actionSentence(answer) {
  const { policy, decision } = answer;
  const wanted = asked(answer).map(({ kind, tokens, time }) => `${kind}: ${listed(tokens)} (${time})`);
  return [`Urgency: ${words(policy.urgencies[decision.urgency])}`, ...wanted].join("; ");
}

function advice({ policy, decision }) {
  const given = policy.rules.filter((_, r) => decision.fired[r]).map((rule) => rule.advice);
  if (decision.fallback >= 0) given.push(policy.otherwise[decision.fallback].advice);
  return [...new Set(given.filter(Boolean))];
}

const REASONS_SHOWN = 3; // reasons at first

function reasons({ policy, decision }) {
  const fired = policy.rules.filter((_, r) => decision.fired[r]);
  const entries = decision.fallback >= 0 ? [{ id: "no rule fires", ...policy.otherwise[decision.fallback] }] : fired;
  const items = [...entries].sort((a, b) => a.urgency - b.urgency).map(({ id, reason, source, when, urgency }) =>
    element(
      "li", {}, element("span", {}, reason), " ",
      element("span", { class: "faint" }, `${words(policy.urgencies[urgency])}; ${source}; `, element("code", { title: when ?? "" }, id)),
    ),
  );
  const more = items.slice(REASONS_SHOWN);
  return [
    element("ul", { class: "reasons" }, items.slice(0, REASONS_SHOWN)),
    more.length > 0 && element("details", { "data-keep": "reasons" }, element("summary", {}, `${more.length} more reason${more.length > 1 ? "s" : ""}`), element("ul", { class: "reasons" }, more)),
  ];
}

export function actionView(answer) {
  const { policy, decision } = answer;
  return element(
    "section", { class: `action urgency-${Math.min(decision.urgency, 5)}`, "aria-labelledby": "action" },
    element("h2", { id: "action" }, element("span", { class: "heard" }, "What to do: "), urgencyWords(answer)),
    element(
      "dl", {},
      asked(answer).map(({ kind, tokens, time }) => [
        element("dt", {}, capital(kind)), element("dd", {}, listed(tokens), element("span", { class: "faint" }, ` ${time}`)),
      ]),
    ),
    advice({ policy, decision }).map((text) => element("p", { class: "advice" }, text)),
  );
}

const AWAITED = 6; // findings at first

// Why the action is asked for, and what could still change it; `go` leads to a finding of the form.
export function reasonsView(answer, go) {
  const { policy, decision, waiting, priors } = answer;
  const open = policy.rules.filter((_, r) => decision.undetermined[r]);
  const buttons = waiting.map((row) =>
    element("li", {}, element("button", { type: "button", class: "link", onclick: () => go(row) }, priors.form.variables[row].label)),
  );
  const more = buttons.slice(AWAITED);
  return element(
    "section", {},
    element("h2", {}, "Why"),
    reasons(answer),
    open.length > 0 && [
      element("h2", {}, "Not determined yet"),
      element("p", {}, `${open.length} rule${open.length > 1 ? "s wait" : " waits"} for:`),
      element("ul", { class: "inline" }, buttons.slice(0, AWAITED)),
      more.length > 0 && element("details", { "data-keep": "awaited" }, element("summary", {}, `${more.length} more`), element("ul", { class: "inline" }, more)),
      element(
        "details", { "data-keep": "open-rules" }, element("summary", {}, "Which rules"),
        element("ul", { class: "reasons" }, open.map(({ id, when }) => element("li", {}, element("code", {}, id), ": ", when))),
      ),
    ],
  );
}
