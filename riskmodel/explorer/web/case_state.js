// What is chosen and typed: kept in the page's address alone, and read from there.

import { fullMask } from "./policy.js";
import { words } from "./words.js";

export const NOT_ASSESSED = "not_assessed";
const CHOICES = ["set", "beside", "setting", "policy", "recording", "about"];

// The value of a finding: { mask, number }; without one it is as a blank cell of a case file.
// A text as a cell of CSV, as riskmodel/casefiles/write/plain writes it: what a spreadsheet would run as a formula gets an
// apostrophe before it.
export function csvCell(text) {
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-][0-9]+(\.[0-9]+)?$/.test(text);
  const plain = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

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
  unknown = []; // parts of the address that this page does not know

  constructor(explorer) {
    this.explorer = explorer;
    this.rows = new Map(explorer.variables.flatMap(({ name, column }, row) => [[name, row], [column, row]]));
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
    this.unknown = [];
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

  // What is known of the case, in the order of the columns: { row, text, shown }, as in a file and for a person.
  known() {
    return this.explorer.variables.flatMap((variable, row) => {
      const value = this.values.get(row);
      if (!variable.section || !value) return [];
      const text = this.#cell(row, value);
      const shown = value.number === undefined ? words(text).replaceAll("|", " or ") : `${text} ${variable.unit}`;
      return [{ row, text, shown }];
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
    if (variable.edges.length && /^[0-9.]+$/.test(text)) return this.setNumber(row, Number(text));
    const states = text === NOT_ASSESSED ? [...variable.states.keys()] : text.split("|").map((state) => variable.states.indexOf(state));
    if (states.includes(-1)) return false;
    this.setMask(row, states.reduce((mask, state) => mask | (1 << state), 0));
    return true;
  }

  // A case of the file; in its own setting, or in the one that is chosen.
  loadCase({ id, masks }, keepsSetting = false) {
    this.clearCase();
    this.caseId = id;
    masks.forEach((mask, row) => {
      const variable = this.explorer.variables[row];
      const isSaid = mask !== 0 && mask !== fullMask(variable);
      if (row === this.explorer.settingRow) this.setting = keepsSetting ? this.setting : variable.states[Math.log2(mask)];
      else if (variable.section && (isSaid || (mask !== 0 && this.isRead(row)))) this.setMask(row, mask);
    });
  }

  address() {
    const parts = new URLSearchParams();
    for (const name of CHOICES) if (this[name]) parts.set(name, this[name]);
    if (this.caseId) parts.set("case", this.caseId);
    for (const { row, text } of this.known()) parts.set(this.explorer.variables[row].name, text);
    for (const [name, rate] of Object.entries(this.moved)) parts.set(`rate.${name}`, rate);
    for (const [name, { harm, benefit }] of Object.entries(this.stakes)) parts.set(`stake.${name}`, `${harm}/${benefit}`);
    return parts.toString();
  }

  // What the address says. All that this page does not know stands in `unknown` and is left out.
  readAddress(text) {
    this.clear();
    const parts = [...new URLSearchParams(text)];
    const take = (entries, takes) => entries.filter(([key, value]) => !takes(key, value));
    const chosen = take(parts, (key, value) => this.#choose(key, value));
    const rest = take(chosen, (key, value) => key === "case" && this.#openNamed(value, parts));
    this.unknown = take(rest, (key, value) => this.#readPart(key, value)).map((part) => part.filter(Boolean).join("="));
  }

  #choose(key, value) {
    const { sets, policies, data } = this.explorer;
    const named = (entries) => entries.some(({ name }) => name === value);
    const isKnown = {
      set: () => named(sets),
      beside: () => value === "" || named(sets),
      setting: () => named(data.settings),
      policy: () => named(policies),
      recording: () => named(data.sets[0].profiles),
      about: () => value === "" || named(data.sets[0].plan.conditions),
    };
    if (!CHOICES.includes(key) || !isKnown[key]()) return false;
    this[key] = value;
    return true;
  }

  // A case of the file by its name; where the address has findings as well, the name alone.
  #openNamed(id, parts) {
    const listed = this.explorer.cases.find((entry) => entry.id === id);
    const isWhole = !parts.some(([key]) => this.#askedRow(key) >= 0);
    if (listed && isWhole) this.loadCase(listed, parts.some(([key]) => key === "setting"));
    else if (!isWhole) this.caseId = id;
    return Boolean(listed) || !isWhole;
  }

  // The row of a finding by its name or column; -1 where there is none that is asked for.
  #askedRow(key) {
    const row = this.rows.get(key) ?? -1;
    return row >= 0 && this.explorer.variables[row].section ? row : -1;
  }

  #readPart(key, value) {
    const row = this.#askedRow(key);
    if (row >= 0) return this.read(row, value);
    if (key.startsWith("rate.")) return this.moveRate(key.slice(5), Number(value));
    return key.startsWith("stake.") && this.moveStake(key.slice(6), ...value.split("/").map(Number));
  }

  moveRate(name, rate) {
    const isCondition = this.explorer.data.sets[0].plan.conditions.some((condition) => condition.name === name);
    if (!isCondition || !(rate > 0 && rate < 1)) return false;
    this.moved[name] = rate;
    return true;
  }

  moveStake(name, harm, benefit) {
    const isThreshold = this.explorer.policies.some(({ thresholds }) => Object.hasOwn(thresholds, name));
    if (!isThreshold || !(harm > 0 && benefit > 0 && Number.isFinite(harm + benefit))) return false;
    this.stakes[name] = { harm, benefit };
    return true;
  }

  csv() {
    const known = this.known().map(({ row, text }) => [this.explorer.variables[row].column, text]);
    const columns = [["case_id", this.caseId || "case_1"], ["setting", this.setting], ...known];
    return [0, 1].map((line) => `${columns.map((column) => csvCell(column[line])).join(",")}\n`).join("");
  }
}
