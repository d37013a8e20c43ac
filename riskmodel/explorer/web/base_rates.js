// Base rates that are moved: the joint states of the conditions weighed so that each moved condition has its new rate.

const ROUNDS = 200;
const NEAR = 1e-13;

// One factor for each joint state, or null where nothing is moved. With one condition moved its odds are multiplied, and
// all that is given the condition stays; with several the factors are found together (iterative proportional fitting).
export function tiltFor(network, { joint, evidence }, moved) {
  const wanted = network.conditions.filter(({ name }) => name in moved).map(({ name, bit }) => ({ bit, rate: moved[name] }));
  if (!wanted.length) return null;
  const tilt = new Float64Array(network.joint).fill(1 / evidence);
  for (let round = 0; round < ROUNDS; round++) {
    let furthest = 0;
    for (const { bit, rate } of wanted) {
      let present = 0;
      let total = 0;
      for (let state = 0; state < network.joint; state++) {
        total += joint[state] * tilt[state];
        if (state & bit) present += joint[state] * tilt[state];
      }
      const [up, down] = [(rate * total) / present, ((1 - rate) * total) / (total - present)];
      furthest = Math.max(furthest, Math.abs(up - 1));
      for (let state = 0; state < network.joint; state++) tilt[state] *= (state & bit ? up : down) / total;
    }
    if (furthest < NEAR) break;
  }
  return tilt;
}
