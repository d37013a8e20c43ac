// What is chosen and typed: kept in the page's address alone, and read from there.

import { fullMask } from "./policy.js";

export const NOT_ASSESSED = "not_assessed";
const CHOICES = ["set", "beside", "setting", "policy", "recording", "about"];

// The value of a finding: { mask, number }; without one it is as a blank cell of a case file.
export class CaseState {
  set = ""; // a prior set
  beside = ""; // another one, or none
  setting = "";
  policy = "";
  recording = "";
  about = ""; // the condition of the weights; none: the one that rose most
  caseId = "";
  values = new Map();
  moved = {}; // base rates by condition
  stakes = {}; // harm and benefit by threshold

  constructor(explorer) {
    this.explorer = explorer;
    this.rows = new Map(explorer.variables.map(({ name }, row) => [name, row]));
    const { start } = explorer.data;
    this.start = { ...start, set: explorer.sets[0].name, beside: "", about: "" };
    this.clear();
  }

  clear() {
    Object.assign(this, this.start);
    this.clearCase();
    this.moved = {};
    this.stakes = {};
  }

  clearCase() {
    this.values = new Map();
    this.caseId = "";
  }

  setMask(row, mask) {
    if (mask === null) this.values.delete(row);
    else this.values.set(row, { mask });
  }

  // A number becomes the band that holds it; false where it has none.
  setNumber(row, number) {
    const { edges, maximum } = this.explorer.variables[row];
    if (!(number >= edges[0]) || (maximum !== null && number > maximum)) return false;
    this.values.set(row, { mask: 1 << (edges.filter((edge) => edge <= number).length - 1), number });
    return true;
  }

  // Whether a blank of a variable says something under the recording profile.
  isRead(row) {
    return row in this.explorer.sets[0].rates(this.recording);
  }

  masks() {
    const masks = this.explorer.blank(this.setting);
    this.explorer.variables.forEach((variable, row) => {
      if (this.values.has(row)) masks[row] = this.values.get(row).mask;
      else if (variable.section && this.isRead(row)) masks[row] = 0;
    });
    return masks;
  }

  // What is known of the case, in the order of the columns: { row, text }.
  known() {
    return this.explorer.variables.flatMap((variable, row) => {
      const value = this.values.get(row);
      return variable.section && value ? [{ row, text: this.#cell(row, value) }] : [];
    });
  }

  #cell(row, { mask, number }) {
    const variable = this.explorer.variables[row];
    if (number !== undefined) return String(number);
    if (mask === fullMask(variable)) return NOT_ASSESSED;
    return variable.states.filter((_, state) => (mask >> state) & 1).join("|");
  }

  read(row, text) {
    const variable = this.explorer.variables[row];
    if (text === NOT_ASSESSED) return this.setMask(row, fullMask(variable));
    if (variable.edges.length && /^[0-9.]+$/.test(text)) return this.setNumber(row, Number(text));
    const states = text.split("|").map((state) => variable.states.indexOf(state));
    if (!states.includes(-1)) this.setMask(row, [...new Set(states)].reduce((mask, state) => mask | (1 << state), 0));
  }

  loadCase({ id, masks }) {
    this.clearCase();
    this.caseId = id;
    masks.forEach((mask, row) => {
      const variable = this.explorer.variables[row];
      const isSaid = mask !== 0 && mask !== fullMask(variable);
      if (row === this.explorer.settingRow) this.setting = variable.states[Math.log2(mask)];
      else if (variable.section && (isSaid || (mask !== 0 && this.isRead(row)))) this.setMask(row, mask);
    });
  }

  address() {
    const parts = new URLSearchParams();
    for (const name of CHOICES) if (this[name]) parts.set(name, this[name]);
    for (const { row, text } of this.known()) parts.set(this.explorer.variables[row].name, text);
    for (const [name, rate] of Object.entries(this.moved)) parts.set(`rate.${name}`, rate);
    for (const [name, { harm, benefit }] of Object.entries(this.stakes)) parts.set(`stake.${name}`, `${harm}/${benefit}`);
    return parts.toString();
  }

  // What the address says and the model knows; all else in it is passed over.
  readAddress(text) {
    this.clear();
    const allowed = {
      set: this.explorer.sets.map(({ name }) => name),
      beside: ["", ...this.explorer.sets.map(({ name }) => name)],
      setting: this.explorer.data.settings.map(({ name }) => name),
      policy: this.explorer.policies.map(({ name }) => name),
      recording: this.explorer.sets[0].data.profiles.map(({ name }) => name),
      about: ["", ...this.explorer.sets[0].network.conditions.map(({ name }) => name)],
    };
    const parts = new URLSearchParams(text);
    for (const name of CHOICES) if (allowed[name].includes(parts.get(name))) this[name] = parts.get(name);
    for (const [key, value] of parts) {
      const row = this.rows.get(key);
      if (row !== undefined && this.explorer.variables[row].section) this.read(row, value);
      if (key.startsWith("rate.")) this.moveRate(key.slice(5), Number(value));
      if (key.startsWith("stake.")) this.moveStake(key.slice(6), ...value.split("/").map(Number));
    }
  }

  moveRate(name, rate) {
    const isCondition = this.explorer.sets[0].network.conditions.some((condition) => condition.name === name);
    if (isCondition && rate > 0 && rate < 1) this.moved[name] = rate;
  }

  moveStake(name, harm, benefit) {
    const isThreshold = this.explorer.policies.some(({ thresholds }) => name in thresholds);
    if (isThreshold && harm > 0 && benefit > 0 && Number.isFinite(harm + benefit)) this.stakes[name] = { harm, benefit };
  }

  csv() {
    const known = this.known().map(({ row, text }) => [this.explorer.variables[row].column, text]);
    const columns = [["case_id", this.caseId || "case_1"], ["setting", this.setting], ...known];
    const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    return [0, 1].map((line) => `${columns.map((column) => cell(column[line])).join(",")}\n`).join("");
  }
}
