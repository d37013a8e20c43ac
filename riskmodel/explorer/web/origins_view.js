// Where the numbers come from that speak for and against a condition: what each says and who says it.

import { element } from "./dom.js";
import { numbersBehind } from "./origins.js";
import { capital } from "./words.js";

function entry({ says, history, source }, sources) {
  const where = sources[source];
  return element(
    "li", {}, element("span", {}, says),
    where && element("span", { class: "faint" }, ` (${where})`),
    history.map((sentence) => element("p", { class: "faint" }, sentence)),
  );
}

// Folded away; filled when it is unfolded, for `findings` in the order in which they are shown.
export function originsView(form, answer, about, findings) {
  const list = element("div", {});
  const fill = async () => {
    if (!node.open || list.hasChildNodes()) return;
    const origins = await answer.priors.origins();
    const behind = numbersBehind(form, origins, answer, about, findings);
    const rows = [...new Set(behind.map(({ row }) => row))];
    list.replaceChildren(...rows.flatMap((row) => [
      element("h3", {}, capital(form.variables[row].label)),
      element("ul", { class: "reasons" }, behind.filter((statement) => statement.row === row).map((statement) => entry(statement, origins.sources))),
    ]));
  };
  const node = element("details", { "data-keep": "origins", ontoggle: fill }, element("summary", {}, "Where these numbers come from"), list);
  return node;
}
