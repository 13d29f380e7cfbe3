#include "app/page/report_assets.hpp"

namespace app {

std::string_view report_style() noexcept {
    return R"css(
:root {
  --page: #ffffff; --card: #f5f7f9; --ink: #17212b; --soft: #5a6876; --line: #dde3e8;
  --good: #1a7f4b; --bad: #b3261e;
  --s0: #eceff2; --s1: #cfe3f5; --s2: #9cc4ea; --s3: #5f9fd8; --s4: #2b76b9; --s5: #114f86;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11161b; --card: #1a2128; --ink: #e3e9ee; --soft: #98a5b1; --line: #2c363f;
    --good: #57c78b; --bad: #ff8a80;
    --s0: #1f272e; --s1: #16344f; --s2: #1e5079; --s3: #2c74ab; --s4: #4f9fd9; --s5: #9fd0f7;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .7rem; }
.verdict { margin: .25rem 0 0; font-weight: 600; overflow-wrap: anywhere; }
.subject { margin: .25rem 0 1.4rem; color: var(--soft); overflow-wrap: anywhere; }
.good { color: var(--good); }
.bad { color: var(--bad); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin: 0; }
dl div { background: var(--card); border-radius: .5rem; padding: .55rem .75rem; min-width: 0; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
.year { margin: 0 0 1rem; }
figcaption { color: var(--soft); margin-bottom: .2rem; }
figcaption b { color: var(--ink); margin-right: .4rem; }
svg { display: block; width: 100%; min-width: 640px; height: auto; }
svg text { font-size: 10px; fill: var(--soft); }
svg rect { width: 11px; height: 11px; rx: 2px; }
.s0 { fill: var(--s0); background: var(--s0); } .s1 { fill: var(--s1); background: var(--s1); }
.s2 { fill: var(--s2); background: var(--s2); } .s3 { fill: var(--s3); background: var(--s3); }
.s4 { fill: var(--s4); background: var(--s4); } .s5 { fill: var(--s5); background: var(--s5); }
.legend { color: var(--soft); font-size: .8rem; margin: 0; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin: 0 .12rem; vertical-align: -1px; }
.legend i:first-of-type { margin-left: .4rem; }
.legend i:last-of-type { margin-right: .4rem; }
.lane, .axis { display: grid; grid-template-columns: 5.5rem 1fr; align-items: center; }
.lane > span { color: var(--soft); font-size: .8rem; }
.lane > div { position: relative; height: 1.5rem; border-bottom: 1px solid var(--line); overflow: hidden; }
.lane i { position: absolute; top: 2px; bottom: 2px; min-width: 2px; background: var(--s4); border-radius: 2px;
  overflow: hidden; box-shadow: 0 0 0 .5px var(--page); }
.lane i:nth-child(even) { background: var(--s3); }
.lane i span { color: #fff; font: 600 .72rem/1.25rem system-ui, sans-serif; padding: 0 .3rem; white-space: nowrap; }
@media (prefers-color-scheme: dark) { .lane i span { color: #0c1116; } .lane i:nth-child(even) span { color: #fff; } }
.axis > div { position: relative; height: 1.3rem; }
.axis i { position: absolute; font: .72rem/1.3rem system-ui, sans-serif; color: var(--soft); padding-left: .2rem;
  border-left: 1px solid var(--line); white-space: nowrap; }
.note { color: var(--soft); font-size: .85rem; }
.search { margin: 0 0 .6rem; color: var(--soft); }
input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
  padding: .3rem .6rem; width: min(18rem, 60vw); }
input:focus-visible, button:focus-visible { outline: 2px solid var(--s4); outline-offset: 1px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 400; }
thead th { color: var(--soft); font-size: .8rem; font-weight: 600; }
.n { text-align: right; }
.bar { background: linear-gradient(var(--s3), var(--s3)) no-repeat right bottom / var(--share) 3px; }
thead button { all: unset; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " \2191"; }
th[aria-sort=descending] button::after { content: " \2193"; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .8rem; overflow-wrap: anywhere; }
@media print { .search { display: none; } .scroll { overflow: visible; } }
)css";
}

std::string_view report_script() noexcept {
    return R"js(
"use strict";
(() => {
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
)js";
}

} // namespace app
