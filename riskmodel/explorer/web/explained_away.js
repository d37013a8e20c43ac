// Rules on a probability that do not fire because one finding explains the others, as riskmodel/answers/explain finds them.

import { posterior, withWeights } from "./engine.js";
import { decide, findingsOf, fullMask } from "./policy.js";

// Each rule with the finding without which it would fire: { rule, row }.
export function explainedAway(form, answer) {
  const { priors, policy, masks, evidence, decision, base, thresholds } = answer;
  const { network } = priors;
  const open = policy.rules.map((rule, r) => rule.readsPosterior && !decision.fired[r]);
  if (!open.includes(true)) return [];
  const flags = form.variables.flatMap(({ flag }, row) => (flag && masks[row] && !(masks[row] & 1) && network.speaksOf(row) ? [row] : []));
  const baseline = Object.fromEntries(network.outputs.map(({ name }, output) => [name, base.probability[output]]));
  const firedWithout = flags.map((row) => {
    const { probability } = posterior(priors.forQuestions, withWeights(network, evidence, row, new Float64Array(form.variables[row].states.length).fill(1)));
    const beliefs = { posterior: Object.fromEntries(network.outputs.map(({ name }, output) => [name, probability[output]])), baseline };
    return decide(policy, findingsOf(policy, form, masks.with(row, fullMask(form.variables[row]))), beliefs, thresholds).fired;
  });
  return policy.rules.flatMap((rule, r) => (open[r] ? flags.flatMap((row, k) => (firedWithout[k][r] ? [{ rule, row }] : [])) : []));
}
