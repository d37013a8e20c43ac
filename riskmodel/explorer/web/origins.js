// Which numbers are behind an answer, as riskmodel/answers/numbers_behind chooses them.

import { fullMask } from "./policy.js";

// The statements on how frequent a condition is, then those on each of some findings, in their order.
export function numbersBehind(form, { statements }, { masks, priors }, about, findings) {
  const { settingRow } = priors.network.plan;
  const isAssessed = (row) => row === settingRow || (masks[row] !== 0 && masks[row] !== fullMask(form.variables[row]));
  const holds = ({ needs }) => needs.every(([row, mask]) => row >= 0 && isAssessed(row) && masks[row] & mask);
  const speaks = ({ about: conditions }) => conditions === null || conditions.includes(about);
  const condition = form.variables.findIndex(({ name }) => name === about);
  const ofCondition = statements.filter((statement) => statement.row === condition && holds(statement));
  const ofEach = findings.flatMap((row) =>
    statements.filter((statement) => statement.row === row && row !== condition && speaks(statement) && holds(statement)),
  );
  return [...ofCondition, ...ofEach];
}
