// A policy applied to one case, as riskmodel/decision does: rules in three values, then what is asked for and by when.

const YES = 1;
const NO = 0;
const OPEN = 0.5; // not assessed: with these numbers "and" is the least, "or" the greatest
const NEVER = 255;
const SUBSCALE_FROM = 4; // the psychosocial items of STarT Back
const HIGH_SUBSCALE = 4;
const LOW_TOTAL = 3;
const COMPARISONS = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">=": (a, b) => a >= b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  "<": (a, b) => a < b,
};

export const fullMask = (variable) => (1 << variable.states.length) - 1;

// What is not written down is not assessed here, whatever a recording profile makes of it.
export function heard(variables, masks) {
  return masks.map((mask, row) => (mask === 0 ? fullMask(variables[row]) : mask));
}

// What the plain reading of a scan and its parts say of each other.
export function settled(form, masks) {
  const result = [...masks];
  for (const { row, parts } of form.readings) {
    const normal = result[row] === 1;
    const shown = parts.some((part) => (result[part] & 1) === 0);
    if (normal) for (const part of parts) if (result[part] === fullMask(form.variables[part])) result[part] = 1;
    if (shown && result[row] === fullMask(form.variables[row])) result[row] = 2;
  }
  return result;
}

// What is assessed, or is a result of a scan of which any result is.
export function reported(form, masks) {
  const result = heard(form.variables, masks).map((mask, row) => mask !== fullMask(form.variables[row]));
  for (const { row, parts } of form.readings) {
    const all = [row, ...parts];
    const any = all.some((one) => result[one]);
    for (const one of all) result[one] = any;
  }
  return result;
}

// What can still be told: neither assessed nor settled by a scan; a part only once its scan is done.
export function open(form, masks) {
  const parts = new Set(form.readings.flatMap((reading) => reading.parts));
  const known = settled(form, heard(form.variables, masks));
  const done = reported(form, masks);
  return known.map((mask, row) => mask === fullMask(form.variables[row]) && (!parts.has(row) || done[row]));
}

function band(edges, value) {
  let state = -1;
  for (const edge of edges) if (edge <= value) state++;
  return state;
}

// The STarT Back groups that the answers leave possible, one bit each; 0 where they contradict each other.
export function startBackGroups(startback, masks) {
  const { items, total, subscale, edges } = startback;
  const least = (rows) => rows.filter((row) => masks[row] === 2).length;
  const most = (rows) => rows.filter((row) => masks[row] !== 1).length;
  const others = items.slice(0, SUBSCALE_FROM);
  const psychosocial = items.slice(SUBSCALE_FROM);
  let groups = 0;
  for (let first = least(others); first <= most(others); first++) {
    for (let second = least(psychosocial); second <= most(psychosocial); second++) {
      const fits = (masks[total] >> band(edges[0], first + second)) & (masks[subscale] >> band(edges[1], second)) & 1;
      if (fits) groups |= 1 << (first + second <= LOW_TOTAL ? 0 : second >= HIGH_SUBSCALE ? 2 : 1);
    }
  }
  return groups;
}

function within(possible, mask) {
  if ((possible & ~mask) === 0) return YES;
  return (possible & mask) === 0 ? NO : OPEN;
}

function count(operands, comparison, bound) {
  const least = operands.filter((value) => value === YES).length;
  const most = operands.filter((value) => value !== NO).length;
  const compare = COMPARISONS[comparison];
  const ends = [compare(least, bound), compare(most, bound)];
  if (comparison === "==" || comparison === "!=") {
    const outside = bound < least || bound > most;
    if (outside) return comparison === "==" ? NO : YES;
    return least === most ? Number(ends[0]) : OPEN;
  }
  return ends[0] === ends[1] ? Number(ends[0]) : OPEN;
}

function combined(step, values) {
  const operands = step[1].map((slot) => values[slot]);
  if (step[0] === "not") return 1 - operands[0];
  if (step[0] === "all") return Math.min(...operands);
  if (step[0] === "any") return Math.max(...operands);
  return count(operands, step[2], step[3]);
}

// The steps that read no posterior.
function findingValues(policy, form, masks) {
  const values = [];
  for (const step of policy.steps.slice(0, policy.fromFindings)) {
    if (step[0] === "holds") values.push(within(masks[step[1]], step[2]));
    else if (step[0] === "enough") values.push(Number(step[1].every((row, i) => masks[row] !== step[2][i])));
    else if (step[0] === "prognosis") values.push(within(startBackGroups(form.startback, masks) || 7, step[1]));
    else values.push(combined(step, values));
  }
  return values;
}

// Whether a step that compares a probability is true: "posterior" or "raised".
function isTrueOf(step, beliefs, thresholds) {
  const p = beliefs.posterior[step[1]];
  if (step[0] === "posterior") return COMPARISONS[step[2]](p, step[4] in thresholds ? thresholds[step[4]] : step[3]);
  const base = beliefs.baseline[step[1]];
  return p * (1 - base) >= step[2] * base * (1 - p) && p > base;
}

const readsBeliefs = (step) => step[0] === "posterior" || step[0] === "raised";

function complete(policy, values, beliefs, thresholds) {
  const all = [...values];
  for (const step of policy.steps.slice(policy.fromFindings)) {
    all.push(readsBeliefs(step) ? Number(isTrueOf(step, beliefs, thresholds)) : combined(step, all));
  }
  return all;
}

// All that a policy reads of the probabilities, as a text: where it is the same, so is the decision on the same findings.
export function readOf(policy, beliefs, thresholds) {
  let read = "";
  for (const step of policy.steps) if (readsBeliefs(step)) read += isTrueOf(step, beliefs, thresholds) ? "1" : "0";
  return read;
}

// All that the findings settle, whatever the posteriors: to be used for any number of these.
export function findingsOf(policy, form, evidence) {
  const masks = heard(form.variables, evidence);
  const known = settled(form, masks);
  const isReported = reported(form, known);
  const undone = known.map((mask, row) => (form.variables[row].role === "test" && !isReported[row] ? 1 : mask));
  const withoutMore = findingValues(policy, form, undone);
  const noResult = policy.rules.map((rule) => {
    if (rule.required.length) return !rule.required.every((row) => isReported[row]);
    return rule.readsResults && withoutMore[rule.condition] === NO;
  });
  const done = Object.fromEntries(
    Object.entries(policy.results).map(([token, rows]) => [
      token,
      rows.some((row) => masks[row] !== fullMask(form.variables[row])),
    ]),
  );
  const values = findingValues(policy, form, known);
  let fallback = policy.otherwise.length - 1;
  for (let i = fallback; i >= 0; i--) {
    const { condition } = policy.otherwise[i];
    if (condition !== null && values[condition] === YES) fallback = i;
  }
  return { values, noResult, done, fallback, masks, settled: known, reported: isReported };
}

// By when each token is wanted: united, less what is done, swapped or superseded. Changes fired and undetermined.
function unite(policy, done, fired, undetermined) {
  const times = Object.fromEntries([...policy.imaging, ...policy.tests, ...policy.referral].map((name) => [name, NEVER]));
  const removeDone = () => {
    for (const token of Object.keys(done)) if (done[token]) times[token] = NEVER;
  };
  policy.rules.forEach((rule, r) => {
    if (rule.insteadOf.length || !fired[r]) return;
    for (const [token, time] of rule.asks) times[token] = Math.min(times[token], time);
  });
  removeDone();
  policy.rules.forEach((rule, r) => {
    if (!rule.insteadOf.length) return;
    const replaced = Math.min(...rule.insteadOf.map((token) => times[token]));
    fired[r] = fired[r] && replaced !== NEVER;
    undetermined[r] = undetermined[r] && replaced !== NEVER;
    if (fired[r]) {
      for (const token of rule.insteadOf) times[token] = NEVER;
      for (const [token] of rule.asks) times[token] = Math.min(times[token], replaced);
    }
    removeDone();
  });
  const asked = Object.fromEntries(Object.entries(times).map(([token, time]) => [token, time !== NEVER]));
  for (const [stronger, weaker] of policy.supersedes) {
    if (asked[stronger]) for (const token of weaker) times[stronger] = Math.min(times[stronger], times[token]);
  }
  for (const [stronger, weaker] of policy.supersedes) {
    if (asked[stronger]) for (const token of weaker) times[token] = NEVER;
  }
  return times;
}

// Which rules fire, which are undetermined, how urgent it is, and by when each scan, test and referral is asked for.
export function decide(policy, findings, beliefs, thresholds = {}) {
  const values = complete(policy, findings.values, beliefs, thresholds);
  const isCleared = (rule) => rule.cleared.some((slot) => values[slot] === YES);
  const fired = policy.rules.map((rule) => values[rule.condition] === YES && !isCleared(rule));
  const undetermined = policy.rules.map(
    (rule, r) => values[rule.condition] === OPEN && !isCleared(rule) && !findings.noResult[r],
  );
  let urgency = policy.urgencies.length;
  policy.rules.forEach((rule, r) => {
    if (fired[r] && !rule.insteadOf.length) urgency = Math.min(urgency, rule.urgency);
  });
  const times = unite(policy, findings.done, fired, undetermined);
  const fallback = urgency === policy.urgencies.length ? findings.fallback : -1;
  if (fallback >= 0) {
    const entry = policy.otherwise[fallback];
    urgency = entry.urgency;
    for (const token of entry.referral) times[token] = entry.urgency;
  }
  const asked = (tokens) => tokens.filter((token) => times[token] !== NEVER);
  return {
    urgency,
    fallback,
    fired,
    undetermined,
    times,
    imaging: asked(policy.imaging),
    tests: asked(policy.tests),
    referral: asked(policy.referral),
  };
}

// The variables that keep rules from being determined, those of the most urgent rules first.
export function waitingFor(policy, form, findings, decision) {
  const scans = new Set(policy.imaging.flatMap((token) => policy.results[token]).filter((row) => !findings.reported[row]));
  const rows = new Set();
  const rules = policy.rules.filter((_, r) => decision.undetermined[r]).sort((a, b) => a.urgency - b.urgency);
  const visit = (slot) => {
    const step = policy.steps[slot];
    if (step[0] === "holds") {
      const mask = findings.settled[step[1]];
      if (!scans.has(step[1]) && mask & step[2] && mask & ~step[2]) rows.add(step[1]);
    } else if (step[0] === "prognosis") {
      const groups = startBackGroups(form.startback, findings.masks);
      if (![1, 2, 4].includes(groups)) rows.add(form.startback.total);
    } else if (Array.isArray(step[1]) && step[0] !== "enough") step[1].forEach(visit);
  };
  for (const rule of rules) visit(rule.condition);
  return [...rows];
}
