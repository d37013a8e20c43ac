// How numbers and names are shown.

export const words = (name) =>
  name.replaceAll("_", " ").replace(/\b(mri|ct|xray|esr|crp|iv)\b/g, (short) => SHORT[short]);

const SHORT = { mri: "MRI", ct: "CT", xray: "X-ray", esr: "ESR", crp: "CRP", iv: "IV" };

// A probability as a person reads it: two significant digits below 10 %, never 100 % for less.
export function percent(p) {
  const share = 100 * p;
  if (Number.isNaN(share)) return "–";
  if (share > 99.99 && share < 100) return "> 99.99\u00a0%";
  if (share === 0 || p === 1) return `${share.toFixed(0)}\u00a0%`;
  if (share >= 99.95) return `${share.toFixed(2)}\u00a0%`;
  if (share >= 99.5) return `${share.toFixed(1)}\u00a0%`;
  const digits = share >= 10 ? 0 : 1 - Math.floor(Math.log10(share));
  return `${share.toFixed(Math.max(digits, 0))}\u00a0%`;
}

export function listed(parts, last = "and") {
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} ${last} ${parts.at(-1)}` : (parts[0] ?? "");
}

export const logit = (p) => Math.log(p / (1 - p));
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
