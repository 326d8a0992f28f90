"use strict";
// All that the page says is there without this: it filters, sorts, and opens what a link leads to.
const table = document.querySelector("table.wheels");
const rows = [...table.tBodies[0].rows];
const details = new Map([...document.querySelectorAll("details[data-wheel]")].map((one) => [one.dataset.wheel, one]));
const words = document.getElementById("filter");
const python = document.getElementById("python");
const shown = document.getElementById("shown");

function fits(row) {
  const text = row.textContent.toLowerCase().replace(/\s+/g, " ");
  const wanted = words.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
  const forPython = !python || !python.value || row.dataset.pythons.split(" ").includes(python.value);
  return forPython && wanted.every((word) => text.includes(word));
}

function filter() {
  let count = 0;
  for (const row of rows) {
    const visible = fits(row);
    row.hidden = !visible;
    details.get(row.dataset.wheel).hidden = !visible;
    count += visible;
  }
  shown.textContent = `${count} of ${rows.length} wheels`;
  document.getElementById("none").hidden = count > 0;
}

function sort(header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  const column = header.cellIndex;
  const value = (row) => row.cells[column].dataset.value;
  const compare = header.dataset.sort === "number"
    ? (a, b) => value(a) - value(b)
    : (a, b) => value(a).localeCompare(value(b), "en", { numeric: true });
  rows.sort((a, b) => (ascending ? compare(a, b) : compare(b, a)));
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  table.tBodies[0].append(...rows);
}

function open() {
  const target = details.get(location.hash.slice(1));
  if (!target) return;
  target.hidden = false;
  target.open = true;
  target.scrollIntoView();
  target.querySelector("summary").focus({ preventScroll: true });
}

for (const header of table.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = header.textContent;
  button.addEventListener("click", () => sort(header));
  header.replaceChildren(button);
}
words.addEventListener("input", filter);
if (python) python.addEventListener("change", filter);
addEventListener("hashchange", open);
table.addEventListener("click", (event) => {
  // A second click on the same link changes no hash.
  if (event.target.closest(`a[href="${location.hash}"]`)) open();
});
document.querySelector(".tools").hidden = false;
filter();
open();
