// Draws of the tables' numbers, unpacked from steps of log-odds, and intervals of posteriors from them.

import { Tables, posterior } from "./engine.js";
import { unpack } from "./unpack.js";

const NEVER_LEVEL = -128; // in place of a level: a probability of 0 or 1
const ALWAYS_LEVEL = 127;

// One column's probability in each draw.
function spread(all, column, start, step, levels) {
  for (let draw = 0; draw < levels.length; draw++) {
    const level = levels[draw];
    if (level === NEVER_LEVEL || level === ALWAYS_LEVEL) all[draw][column] = level === ALWAYS_LEVEL ? 1 : 0;
    else all[draw][column] = 1 / (1 + Math.exp(-(start + step * level)));
  }
}

// The tables of every draw, the stated values first.
export async function unpackDraws(network, free, stated, { draws, column, step, start, levels }) {
  const [columnOf, steps, starts, signed] = await Promise.all([
    unpack(column, Uint16Array),
    unpack(step, Float32Array),
    unpack(start, Float32Array),
    unpack(levels, Int8Array),
  ]);
  const drawn = [stated];
  const all = Array.from({ length: draws }, () => new Float64Array(steps.length));
  for (let c = 0; c < steps.length; c++) spread(all, c, starts[c], steps[c], signed.subarray(c * draws, (c + 1) * draws));
  for (const values of all) {
    const entries = free.slice();
    for (let entry = 0; entry < entries.length; entry++) if (columnOf[entry]) entries[entry] = values[columnOf[entry] - 1];
    drawn.push(new Tables(network, network.complete(entries)));
  }
  return drawn;
}

// The smallest value at which the weights up to and including it reach the target.
function quantile(order, values, weights, target) {
  let sum = 0;
  for (const k of order) {
    sum += weights[k];
    if (sum >= target) return values[k];
  }
  return values[order[order.length - 1]];
}

// The rates of a recording profile in a draw, by row; the first draw is the stated one.
export function ratesIn({ rates, drawn }, draw) {
  if (!drawn || draw === 0) return rates;
  return Object.fromEntries(
    Object.entries(drawn.at).map(([row, at]) => [row, at.map((states) => states.map((column) => drawn.columns[column][draw - 1]))]),
  );
}

// Weighted quantiles of each output; `effective` equally weighted draws would tell as much. `evidenceIn` gives the case as
// each draw takes it, `bases` are the results of the setting alone: where base rates are moved their sum is not 1.
export function intervals(drawn, evidenceIn, bases, level) {
  const results = drawn.map((tables, draw) => posterior(tables, evidenceIn(draw)));
  const weights = results.map((result, k) => result.evidence / bases[k].evidence);
  const total = weights.reduce((a, b) => a + b, 0);
  const squares = weights.reduce((a, b) => a + b * b, 0);
  const tail = ((1 - level) / 2) * total;
  const limits = results[0].probability.map((_, output) => {
    const values = results.map(({ probability }, k) => (weights[k] > 0 ? probability[output] : 0));
    const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
    return [quantile(order, values, weights, tail), quantile(order, values, weights, total - tail)];
  });
  return { limits, effective: (total * total) / squares, weights, results };
}

// The weighted share of draws of which something is true.
export function shareOf(weights, isTrue) {
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.reduce((sum, weight, k) => (isTrue(k) ? sum + weight : sum), 0) / total;
}
