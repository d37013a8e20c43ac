"use strict";
document.documentElement.classList.add("js");

// A click on a heading sorts its table by that column: numbers from large to small first, text from a to z.
function sort(heading) {
  const table = heading.closest("table");
  const place = heading.cellIndex;
  const number = heading.classList.contains("number");
  const before = heading.getAttribute("aria-sort");
  const falling = before === "none" ? number : before === "ascending";
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => {
    const cell = row.cells[place];
    const text = cell.dataset.sort ?? cell.textContent;
    return { row, key: number ? parseFloat(text) : text };
  });
  const empty = (key) => (number ? Number.isNaN(key) : key === "");
  rows.sort((one, other) => {
    if (empty(one.key) || empty(other.key)) return empty(one.key) - empty(other.key);
    const order = number ? one.key - other.key : one.key.localeCompare(other.key, "en");
    return falling ? -order : order;
  });
  const hidden = body.querySelectorAll("tr.more").length;
  rows.forEach(({ row }, i) => {
    row.classList.toggle("more", i >= rows.length - hidden);
    body.append(row);
  });
}

function open(table, all) {
  const button = table.closest(".table").querySelector("button.all");
  table.classList.toggle("open", all);
  button.setAttribute("aria-expanded", String(all));
  button.dataset.closed ??= button.textContent;
  button.textContent = all ? "Show fewer rows" : button.dataset.closed;
}

for (const button of document.querySelectorAll("thead button")) {
  button.addEventListener("click", () => sort(button.closest("th")));
}
for (const button of document.querySelectorAll("button.all")) {
  const table = button.closest(".table").querySelector("table");
  button.addEventListener("click", () => open(table, !table.classList.contains("open")));
}
// A link may lead to a row that is not shown yet.
function reveal() {
  const target = document.getElementById(location.hash.slice(1));
  const table = target?.closest("table.long");
  if (table && target.classList.contains("more")) open(table, true);
  target?.scrollIntoView();
}
addEventListener("hashchange", reveal);
if (location.hash) reveal();

// What is wider than the page says that it scrolls, and where there is more.
const HINT = "Scroll sideways to see all of it \u2192";
function measure(box) {
  const wide = box.scrollWidth > box.clientWidth + 1;
  const more = box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
  box.classList.toggle("wide", wide);
  box.classList.toggle("rightwards", more);
  let hint = box.previousElementSibling;
  if (wide && !hint?.classList.contains("hint")) {
    hint = document.createElement("p");
    hint.className = "hint";
    hint.textContent = HINT;
    box.before(hint);
  }
  if (hint?.classList.contains("hint")) hint.hidden = !wide;
}
const boxes = document.querySelectorAll(".scroll");
const measured = new ResizeObserver((changes) => changes.forEach(({ target }) => measure(target.closest(".scroll"))));
for (const box of boxes) {
  box.addEventListener("scroll", () => measure(box), { passive: true });
  measured.observe(box);
  measured.observe(box.firstElementChild);
}
