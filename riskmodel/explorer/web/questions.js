// What to ask next: what each answer could change and what it is worth, as riskmodel/answers/questions explains.

import { posterior, withWeights } from "./engine.js";
import { decide, findingsOf, open } from "./policy.js";

const SAME = 1e-15; // gains of so little are rounding
const entropy = (p) => (p > 0 && p < 1 ? -p * Math.log2(p) - (1 - p) * Math.log2(1 - p) : 0);

// The scans that the policy chooses about: of each the conditions it serves with benefits, and the harm, by rising harm.
export function scansOf(policy, stakes) {
  const best = new Map();
  for (const { threshold, condition, asks } of policy.stakes) {
    const scan = asks.find((token) => policy.imaging.includes(token));
    if (!scan) continue;
    const { harm, benefit } = stakes[threshold] ?? policy.thresholds[threshold];
    const held = best.get(condition);
    if (!held || harm / benefit < held.harm / held.benefit) best.set(condition, { condition, scan, harm, benefit });
  }
  return [...grouped([...best.values()]).values()].map((members) =>
    [...new Set(members.map(({ harm }) => harm))].sort((a, b) => a - b).map((harm) => ({
      harm,
      members: members.filter((member) => member.harm <= harm),
    })),
  );
}

function grouped(members) {
  const groups = new Map();
  for (const member of members) groups.set(member.scan, [...(groups.get(member.scan) ?? []), member]);
  return groups;
}

// Net benefit of the best of not scanning and the options of each scan, in quality-adjusted life years.
function netBenefit(network, scans, { joint, evidence, probability }) {
  const of = new Map(network.conditions.map(({ name, bit }, output) => [name, { bit, p: probability[output] }]));
  let total = 0;
  for (const options of scans) {
    let best = 0;
    for (const { harm, members } of options) {
      const bits = members.reduce((mask, { condition }) => mask | of.get(condition).bit, 0);
      let none = 0;
      for (let state = 0; state < joint.length; state++) if (!(state & bits)) none += joint[state];
      const gained = members.reduce((sum, { condition, benefit }) => sum + benefit * of.get(condition).p, 0);
      best = Math.max(best, gained - (harm * none) / evidence);
    }
    total += best;
  }
  return total;
}

function differs(before, after) {
  if (before.urgency !== after.urgency) return true;
  const earliest = (decision, kind) => Math.min(...decision[kind].map((token) => decision.times[token]));
  return ["imaging", "referral"].some(
    (kind) => before[kind].join() !== after[kind].join() || earliest(before, kind) !== earliest(after, kind),
  );
}

export class Questions {
  constructor(form, answer) {
    const { policy, priors, stakes } = answer;
    this.form = form;
    this.answer = answer;
    this.policy = policy;
    this.tables = priors.forQuestions;
    this.network = priors.network;
    this.scans = scansOf(policy, stakes);
    this.now = this.#told(posterior(this.tables, answer.evidence));
    this.hoursLeft = form.waits ? (form.waits[policy.urgencies[answer.decision.urgency]] ?? Infinity) : Infinity;
    const isOpen = open(form, answer.masks);
    this.rows = form.variables.flatMap(({ section, name }, row) =>
      section && section !== "prognosis" && isOpen[row] && !policy.imaging.includes(name) ? [row] : [],
    );
  }

  #told(result) {
    const leaders = this.answer.priors.leaders;
    return {
      evidence: result.evidence,
      value: netBenefit(this.network, this.scans, result),
      doubt: leaders.reduce((sum, output) => sum + entropy(result.probability[output]), 0),
      probability: result.probability,
    };
  }

  // What one question would tell.
  of(row) {
    const { answer, form, network } = this;
    const { cost = 0, hours = 0 } = form.variables[row].asking ?? {};
    const isInside = network.speaksOf(row);
    let [gain, information, change, moves] = [0, 0, 0, false];
    const states = form.variables[row].states.length;
    for (let state = 0; state < states; state++) {
      const after = isInside ? this.#after(row, state) : this.now;
      if (!(after.evidence > 0)) continue;
      const masks = answer.masks.with(row, 1 << state);
      const decision = this.#decided(masks, after);
      const isChanged = differs(answer.decision, decision);
      moves ||= isChanged;
      if (!isInside) continue;
      const share = after.evidence / this.now.evidence;
      gain += share * (after.value - this.now.value);
      information += share * (this.now.doubt - after.doubt);
      if (isChanged) change += share;
    }
    gain = Math.abs(gain) > SAME ? Math.max(gain, 0) : 0;
    return {
      row,
      gain,
      worth: gain - cost / (form.lifeYear ?? 1),
      information: Math.max(information, 0),
      change: isInside ? change : NaN,
      moves,
      inTime: hours <= this.hoursLeft,
      cost,
      hours,
    };
  }

  // The answer is one state; that it was not written down before stays true.
  #after(row, state) {
    const weights = this.answer.evidence.weights[row].map((weight, s) => (s === state ? weight : 0));
    return this.#told(posterior(this.tables, withWeights(this.network, this.answer.evidence, row, weights)));
  }

  #decided(masks, after) {
    const names = this.network.outputs.map(({ name }, output) => [name, after.probability[output]]);
    const beliefs = { posterior: Object.fromEntries(names), baseline: this.answer.beliefs.baseline };
    return decide(this.policy, findingsOf(this.policy, this.form, masks), beliefs, this.answer.thresholds);
  }
}

// Of those that can change the action and are in time the one that is worth most first; then by chance of a change, and by
// what it tells.
export function ranked(questions) {
  const keys = ({ moves, inTime, worth, change, information }) => [
    Number(moves), Number(inTime), Math.max(worth, 0), Number.isNaN(change) ? 0 : change, information,
  ];
  return questions
    .map((question) => ({ question, key: keys(question) }))
    .sort((a, b) => {
      const first = a.key.findIndex((value, i) => value !== b.key[i]);
      return first < 0 ? b.question.row - a.question.row : b.key[first] - a.key[first];
    })
    .map(({ question }) => question);
}
