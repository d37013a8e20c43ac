// Weights of evidence: what each finding says of one condition, alone and in this case.

import { evidenceOf, posterior, withWeights } from "./engine.js";
import { fullMask } from "./policy.js";

const DECIBANS = 10;
const odds = (p) => p / (1 - p);
const decibans = (p, base) => DECIBANS * Math.log10(odds(p) / odds(base));

// The serious condition whose odds rose most; where none rose, the one that fell least.
export function mostRaised({ priors, result, base }) {
  const rises = priors.leaders.map((output) => odds(result.probability[output]) / odds(base.probability[output]));
  return priors.leaders[rises.indexOf(Math.max(...rises))];
}

// For each finding of the case, in decibans: `weight` by itself, `change` what the condition's log-odds would lose without
// it; all that is not written down together comes last. The largest weight first.
export function weightsFor(form, answer, output) {
  const { priors, masks, evidence, base, result } = answer;
  const { network } = priors;
  const all = form.variables.map((variable) => new Float64Array(variable.states.length).fill(1));
  const p = (changed) => posterior(priors.forQuestions, changed).probability[output];
  const rows = form.variables.flatMap((variable, row) => {
    const isSaid = masks[row] !== 0 && masks[row] !== fullMask(variable);
    return isSaid && variable.section && network.speaksOf(row) ? [row] : [];
  });
  const weights = rows.map((row) => ({
    row,
    weight: decibans(p(withWeights(network, base.blank, row, evidence.weights[row])), base.probability[output]),
    change: decibans(result.probability[output], p(withWeights(network, evidence, row, all[row]))),
  }));
  weights.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  if (!masks.includes(0)) return weights;
  const heard = masks.map((mask, row) => (mask === 0 ? fullMask(form.variables[row]) : mask));
  const unread = evidenceOf(network, form.variables, heard, answer.rates, evidence.tilt);
  return [...weights, { row: -1, weight: NaN, change: decibans(result.probability[output], p(unread)) }];
}
