// Exact posteriors of one case, as riskmodel/inference explains: contexts x joint states of conditions x groups.

const KINDS = ["inner", "outer", "hidden"];

// What the evidence weighs in each state of a variable: 1 or 0, or how likely it is to be written so or left blank.
export function weightsOf(mask, states, rates) {
  const full = (1 << states) - 1;
  const weights = new Float64Array(states);
  for (let state = 0; state < states; state++) {
    if (mask === full) weights[state] = 1;
    else if (mask === 0) weights[state] = rates ? 1 - rates[state] : 1;
    else if ((mask >> state) & 1) weights[state] = rates ? rates[state] : 1;
  }
  return weights;
}

// The factor of a group, for each context combination and state of its bits; null where it changes nothing.
function rowOf(group, numbers, setting, weights) {
  const { width, states, sizes, factors } = group;
  const total = new Float64Array(width);
  const product = new Float64Array(width);
  for (let state = 0; state < states; state++) {
    let weight = 1;
    for (let member = sizes.length - 1, rest = state; member >= 0; member--) {
      weight *= weights[member][rest % sizes[member]];
      rest = Math.floor(rest / sizes[member]);
    }
    if (weight === 0) continue;
    product.fill(weight);
    for (const { base, setting: step, entry } of factors) {
      const start = base + step * setting;
      for (let k = 0, at = state * width; k < width; k++, at++) product[k] *= numbers[start + entry[at]];
    }
    for (let k = 0; k < width; k++) total[k] += product[k];
  }
  return total;
}

// One set of numbers (the stated values, or a draw), which keeps the factors of the last case: after a change only
// those of the groups that have changed are worked out again.
export class Tables {
  #keys = [];
  #rows = [];
  #contexts = null;
  #products;
  #joint;

  constructor(network, numbers) {
    this.network = network;
    this.numbers = numbers;
    this.#joint = new Float64Array(network.joint);
  }

  // P(joint state of the conditions, evidence | setting); the same array is filled each time.
  joint(evidence) {
    const changed = this.#update(evidence);
    const products = (this.#products ??= Object.fromEntries(KINDS.map((kind) => [kind, new Float64Array(this.network.joint)])));
    if (changed.inner || this.#contexts !== evidence.contexts) this.#inner(products.inner, evidence);
    if (changed.outer) this.#multiplied(products.outer, "outer");
    if (changed.hidden) this.#hidden(products.hidden);
    this.#contexts = evidence.contexts;
    const { inner, outer, hidden } = products;
    for (let state = 0; state < inner.length; state++) this.#joint[state] = inner[state] * outer[state] * hidden[state];
    return this.#joint;
  }

  // Work out the rows of the groups of which something has changed; which kinds these are.
  #update(evidence) {
    const isFirst = !this.#products;
    const changed = { inner: isFirst, outer: isFirst, hidden: isFirst };
    this.network.groups.forEach((group, g) => {
      const key = evidence.keys[g];
      if (this.#keys[g] === key) return;
      const weights = group.rows.map((row) => evidence.weights[row]);
      this.#rows[g] = key === null ? null : rowOf(group, this.numbers, evidence.setting, weights);
      this.#keys[g] = key;
      changed[group.kind] = true;
    });
    return changed;
  }

  #inner(result, evidence) {
    const { network } = this;
    const inner = new Float64Array(network.innerJoint);
    const product = new Float64Array(network.innerJoint);
    const spoken = network.numbersOf.inner.filter((g) => this.#rows[g]);
    for (let combination = 0; combination < network.combinations; combination++) {
      let weight = 1;
      network.contexts.forEach(({ row }, i) => (weight *= evidence.weights[row][network.contextStates[combination][i]]));
      if (weight === 0) continue;
      product.fill(weight);
      for (const g of spoken) {
        const { local, ofInner } = network.groups[g];
        multiply(product, this.#rows[g], ofInner, combination * local);
      }
      for (let state = 0; state < inner.length; state++) inner[state] += product[state];
    }
    for (let state = 0; state < result.length; state++) result[state] = inner[network.toInner[state]];
  }

  #multiplied(result, kind) {
    result.fill(1);
    for (const g of this.network.numbersOf[kind]) {
      if (this.#rows[g]) multiply(result, this.#rows[g], this.network.groups[g].of, 0);
    }
  }

  // Manifestation nodes are summed over within the bits of their conditions.
  #hidden(result) {
    this.#multiplied(result, "hidden");
    for (const { entry, half } of this.network.nodes) {
      const occult = this.numbers[entry];
      for (let state = 0; state < result.length; state++) {
        if (state & half) result[state] = occult * result[state ^ half] + (1 - occult) * result[state];
      }
    }
  }
}

function multiply(product, row, index, start) {
  for (let state = 0; state < product.length; state++) product[state] *= row[start + index[state]];
}

function keyOf(group, setting, weights) {
  const isUnknown = group.barren && group.rows.every((row) => weights[row].every((weight) => weight === 1));
  return isUnknown ? null : `${setting}|${group.rows.map((row) => weights[row].join()).join("|")}`;
}

const contextKey = (network, weights) => network.contexts.map(({ row }) => weights[row].join()).join("|");

// A case as the engine takes it: weights of each variable, and for each group a key that tells when it has changed.
export function evidenceOf(network, variables, masks, rates, tilt = null) {
  const { settingRow } = network.plan;
  const setting = settingRow < 0 ? 0 : Math.log2(masks[settingRow]);
  const weights = variables.map(({ states }, row) => {
    const table = rates?.[row];
    const atSetting = table && (table.length > 1 ? table[setting] : table[0]);
    return weightsOf(masks[row], states.length, atSetting);
  });
  const keys = network.groups.map((group) => keyOf(group, setting, weights));
  return { setting, weights, keys, contexts: contextKey(network, weights), tilt };
}

// The same with other weights of one variable.
export function withWeights(network, evidence, row, changed) {
  const weights = evidence.weights.with(row, changed);
  const keys = network.groups.map((group, g) =>
    group.rows.includes(row) ? keyOf(group, evidence.setting, weights) : evidence.keys[g],
  );
  return { ...evidence, weights, keys, contexts: contextKey(network, weights) };
}

// The probability of each output and of the evidence; NaN where the evidence is impossible. `joint` holds until the next
// case is asked of the same tables.
export function posterior(tables, evidence) {
  const { network } = tables;
  const joint = tables.joint(evidence);
  for (const { row, bit } of network.conditions) {
    const [absent, present] = evidence.weights[row];
    if (absent === present) continue;
    for (let state = 0; state < joint.length; state++) joint[state] *= state & bit ? present : absent;
  }
  if (evidence.tilt) {
    for (let state = 0; state < joint.length; state++) joint[state] *= evidence.tilt[state];
  }
  const probability = new Array(network.outputs.length);
  const folded = Float64Array.from(joint);
  for (let half = joint.length >> 1; half; half >>= 1) {
    let present = 0; // with the highest bit that is left
    for (let state = 0; state < half; state++) {
      present += folded[half + state];
      folded[state] += folded[half + state];
    }
    if (half in network.outputOf) probability[network.outputOf[half]] = present;
  }
  const [total] = folded;
  for (let output = network.conditions.length; output < network.outputs.length; output++) {
    let sum = 0;
    for (let state = 0; state < joint.length; state++) if (state & network.outputs[output].bits) sum += joint[state];
    probability[output] = sum;
  }
  return { probability: probability.map((sum) => sum / total), evidence: total, joint };
}
