"use strict";
(() => {
  // Where a year is wider than the screen, its last day with rows is shown first.
  for (const year of document.querySelectorAll(".year .scroll")) {
    const last = [...year.querySelectorAll("rect:not(.s0)")].reduce((right, cell) => Math.max(right, cell.getBoundingClientRect().right), 0);
    year.scrollLeft += Math.max(0, last + 30 - year.getBoundingClientRect().right);
  }
  const table = document.getElementById("days");
  if (!table) return;
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = [...body.rows].map((row) => [key(row, column), row]);
      keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
      body.append(...keyed.map(([, row]) => row));
    });
  });
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const show = () => {
    const words = search.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) count += 1;
    }
    found.textContent = words.length ? `${count} of ${body.rows.length}` : "";
  };
  search.addEventListener("input", show);
  search.closest("p").hidden = false;
})();
