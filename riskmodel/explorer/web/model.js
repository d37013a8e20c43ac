// The model of the page: answers for a case, in one prior set, policy and recording profile.

import { intervals, ratesIn, shareOf, unpackDraws } from "./draws.js";
import { Tables, evidenceOf, posterior } from "./engine.js";
import { Network } from "./network.js";
import { decide, findingsOf, fullMask, readOf, startBackGroups, waitingFor } from "./policy.js";
import { tiltFor } from "./base_rates.js";
import { unpack, unpackJson } from "./unpack.js";

const LEVEL = 0.95;

// One prior set: its network, the stated tables and, once asked for, those of the draws.
export class PriorSet {
  constructor(data, form, free) {
    this.name = data.name;
    this.data = data;
    this.form = form;
    this.free = free;
    this.made = {};
    this.drawn = null;
    this.unpackedOrigins = null;
    this.bases = { key: "", results: [], baselines: [] };
  }

  // What follows is made when it is first asked for: a set that nobody looks at costs nothing.
  #once(name, make) {
    this.made[name] ??= make();
    return this.made[name];
  }

  get network() {
    return this.#once("network", () => new Network(this.data.plan, this.form.variables));
  }

  get stated() {
    return this.#once("stated", () => new Tables(this.network, this.network.complete(this.free)));
  }

  // Tables of their own, as each keeps the factors of its last case.
  get forBlank() {
    return this.#once("forBlank", () => new Tables(this.network, this.stated.numbers));
  }

  get forQuestions() {
    return this.#once("forQuestions", () => new Tables(this.network, this.stated.numbers));
  }

  // The serious conditions, or all where none is serious.
  get leaders() {
    return this.#once("leaders", () => {
      const serious = this.network.conditions.flatMap(({ row }, output) => (this.form.variables[row].serious ? [output] : []));
      return serious.length ? serious : this.network.conditions.map((_, output) => output);
    });
  }

  // The statements and sources that the numbers rest on; unpacked when they are first asked for.
  origins() {
    this.unpackedOrigins ??= unpackJson(this.data.origins);
    return this.unpackedOrigins;
  }

  // What each draw says of the setting alone, kept until another setting or other base rates are asked for.
  drawnBases(setting, moved, blank) {
    const key = `${setting} ${JSON.stringify(moved)}`;
    if (this.bases.key !== key) {
      const results = this.drawn.map((tables) => posterior(tables, blank));
      this.bases = { key, results, baselines: results.map(({ probability }) => named(this.network, probability)) };
    }
    return this.bases;
  }

  profile(wanted) {
    return this.data.profiles.find(({ name }) => name === wanted);
  }

  rates(profile) {
    return this.profile(profile).rates;
  }

  get draws() {
    return this.data.drawn?.draws ?? 0;
  }

  async unpackDraws() {
    if (this.drawn || !this.data.drawn) return;
    this.drawn = await unpackDraws(this.network, this.free, this.stated, this.data.drawn);
  }

  // The probability of each output given the setting alone, and what moves its base rates where these are moved.
  baseline(setting, moved) {
    const masks = this.form.variables.map(fullMask);
    if (this.network.plan.settingRow >= 0) masks[this.network.plan.settingRow] = 1 << setting;
    const plain = evidenceOf(this.network, this.form.variables, masks, {});
    const stated = posterior(this.forBlank, plain);
    const tilt = tiltFor(this.network, stated, moved);
    const blank = { ...plain, tilt };
    const { probability } = tilt ? posterior(this.forBlank, blank) : stated;
    return { probability, stated: stated.probability, blank, tilt };
  }
}

function named(network, probability) {
  const byName = {};
  network.outputs.forEach(({ name }, output) => (byName[name] = Number.isNaN(probability[output]) ? 0 : probability[output]));
  return byName;
}

// The cases of a file: { id, masks }.
async function casesOf({ cases, variables }) {
  if (!cases) return [];
  const [ids, masks] = await Promise.all([unpackJson(cases.ids), unpack(cases.masks, Uint8Array)]);
  return ids.map((id, k) => ({ id, masks: [...masks.subarray(k * variables.length, (k + 1) * variables.length)] }));
}

export class Explorer {
  static async open(data) {
    const sets = [];
    for (const set of data.sets) sets.push(new PriorSet(set, data, await unpack(set.stated, Float64Array)));
    return new Explorer(data, sets, await unpackJson(data.policies), await casesOf(data));
  }

  constructor(data, sets, policies, cases) {
    this.data = data;
    this.cases = cases;
    this.variables = data.variables;
    this.sets = sets;
    this.policies = policies;
    this.settingRow = sets[0].data.plan.settingRow;
  }

  // A case of which nothing is known but the setting.
  blank(setting) {
    const masks = this.variables.map(fullMask);
    if (this.settingRow >= 0) masks[this.settingRow] = 1 << this.data.settings.findIndex(({ name }) => name === setting);
    return masks;
  }

  // `moved`: base rates by condition; `stakes`: harm and benefit by threshold, where they are others.
  answer({ set, policy: policyName, recording, masks, moved = {}, stakes = {} }) {
    const priors = this.sets.find(({ name }) => name === set);
    const policy = this.policies.find(({ name }) => name === policyName);
    const { network } = priors;
    const setting = this.settingRow < 0 ? 0 : Math.log2(masks[this.settingRow]);
    const base = priors.baseline(setting, moved);
    const rates = priors.rates(recording);
    const evidence = evidenceOf(network, this.variables, masks, rates, base.tilt);
    const thresholds = Object.fromEntries(Object.entries(stakes).map(([name, { harm, benefit }]) => [name, harm / (harm + benefit)]));
    const result = posterior(priors.stated, evidence);
    const beliefs = { posterior: named(network, result.probability), baseline: named(network, base.probability) };
    const findings = findingsOf(policy, this.data, masks);
    const decision = decide(policy, findings, beliefs, thresholds);
    return {
      priors,
      policy,
      setting,
      evidence,
      base,
      result,
      beliefs,
      findings,
      decision,
      masks,
      recording,
      rates,
      moved,
      stakes,
      thresholds,
      waiting: waitingFor(policy, this.data, findings, decision),
      startback: this.data.startback ? startBackGroups(this.data.startback, findings.masks) : 7,
      possible: result.evidence > 0,
    };
  }

  // Intervals of an answer's posteriors, and the weighted shares of draws that ask for the same: the urgency, and urgency
  // and imaging. Null while no draws are unpacked.
  intervals(answer) {
    const { priors, evidence, base, masks, recording, setting, moved } = answer;
    if (!priors.drawn) return null;
    const profile = priors.profile(recording);
    const isRead = masks.some((mask, row) => row in profile.rates && mask !== fullMask(this.variables[row]));
    const evidenceIn = (draw) =>
      isRead ? evidenceOf(priors.network, this.variables, masks, ratesIn(profile, draw), base.tilt) : evidence;
    const bases = priors.drawnBases(setting, moved, base.blank);
    const drawn = intervals(priors.drawn, evidenceIn, bases.results, LEVEL);
    return { ...drawn, ...this.#agreement(answer, drawn, bases.baselines) };
  }

  #agreement({ priors, policy, findings, decision, thresholds }, { results, weights }, baselines) {
    const decided = new Map(); // by what the policy reads of the probabilities: many draws are alike
    const decisions = results.map(({ probability }, k) => {
      const beliefs = { posterior: named(priors.network, probability), baseline: baselines[k] };
      const read = readOf(policy, beliefs, thresholds);
      if (!decided.has(read)) decided.set(read, decide(policy, findings, beliefs, thresholds));
      return decided.get(read);
    });
    const isSameUrgency = (k) => decisions[k].urgency === decision.urgency;
    const isSameImaging = (k) => decisions[k].imaging.join() === decision.imaging.join();
    return { sameUrgency: shareOf(weights, isSameUrgency), sameAction: shareOf(weights, (k) => isSameUrgency(k) && isSameImaging(k)) };
  }
}
