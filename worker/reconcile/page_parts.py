"""What never changes on the page of a report: its looks, its few lines of script, and the frame of its table."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5c6675; --paper: #f6f7f9; --card: #fff; --line: #dfe3e9;
  --good: #1d7f4f; --warn: #a35b00; --accent: #2b5fb8; --ins: #d9f2e3; --del: #fbe0dd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --paper: #14181e; --card: #1c222a;
  --line: #303945; --good: #56c08d; --warn: #e0a050; --accent: #7fa9f0; --ins: #1c4631; --del: #552824; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 32px 0 10px; }
header p, .note { color: var(--soft); margin: 4px 0; }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; margin: 20px 0 0; }
.totals div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.totals dt { color: var(--soft); font-size: .85rem; }
.totals dd { margin: 0; font-size: 1.5rem; font-weight: 600; }
.totals small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft); }
.in_step dd { color: var(--good); }
.differs dd, .not_in_plex dd, .ambiguous dd, .refused dd { color: var(--warn); }
.well { margin-top: 20px; color: var(--good); }
.bars { list-style: none; margin: 0; padding: 0; max-width: 640px; }
.bars li { display: grid; grid-template-columns: 6.5rem 1fr 4rem; gap: 10px; align-items: center; }
.bars b { font-weight: 500; font-variant-numeric: tabular-nums; }
.bars div { background: var(--line); border-radius: 5px; height: 10px; }
.bars div div { background: var(--accent); }
.filters { display: flex; flex-wrap: wrap; gap: 10px 16px; margin: 10px 0; }
.filters label { display: flex; gap: 6px; align-items: center; color: var(--soft); font-size: .9rem; }
.filters output { align-self: center; color: var(--soft); font-size: .9rem; }
input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: 4px 8px; min-width: 0; max-width: 100%; }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { text-align: left; vertical-align: top; padding: 6px 10px; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; unicode-bidi: isolate; }
.scenes td:first-child { white-space: nowrap; }
.scenes td:nth-child(2) { width: 22%; }
.change { display: grid; grid-template-columns: 7rem 1fr 1fr; gap: 0 12px; }
.change + .change, .change + .matched { border-top: 1px solid var(--line); margin-top: 4px; padding-top: 4px; }
.change > div { white-space: pre-line; min-width: 0; }
.change b { font-weight: 500; }
th .change b { font-weight: 600; }
.change small { color: var(--warn); display: block; font-weight: 400; }
.path { color: var(--soft); display: block; font-size: .85rem; }
.path summary { cursor: pointer; }
th { position: sticky; top: 0; background: var(--card); padding: 0; box-shadow: 0 1px var(--line); }
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 8px 10px;
  width: 100%; text-align: left; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
a { color: var(--accent); }
i { color: var(--soft); }
code { font-size: .85em; }
ins { background: var(--ins); text-decoration: none; border-radius: 3px; padding: 0 2px; }
del { background: var(--del); border-radius: 3px; padding: 0 2px; }
@media (max-width: 700px) {
  table, thead, tbody, tr, td { display: block; width: auto !important; border: 0; background: none; }
  thead tr { display: flex; flex-wrap: wrap; gap: 6px; }
  th { position: static; border: 1px solid var(--line); border-radius: 6px; box-shadow: none; }
  th button { padding: 4px 8px; font-size: .85rem; }
  tbody tr { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
  tbody tr { margin: 10px 0; padding: 6px 0; }
  td { position: relative; padding: 3px 12px 3px 5.5rem; }
  td:not([data-label]) { padding-left: 12px; }
  td::before { content: attr(data-label); position: absolute; left: 12px; color: var(--soft); font-size: .85rem; }
  td .change { grid-template-columns: 1fr; }
  .change > div { padding-left: 4.6rem; position: relative; }
  .change > div::before { content: attr(data-label); position: absolute; left: 0; color: var(--soft);
    font-size: .85rem; }
  th .change { display: block; }
  th .change span { display: none; }
}
tbody tr[hidden] { display: none; }
@media print { .filters { display: none; } th { position: static; } }
"""

SCRIPT = """
"use strict";
const tables = [...document.querySelectorAll("table")];
if (tables.length) {
  const rows = tables.flatMap(table => [...table.tBodies[0].rows]);
  const order = new Intl.Collator(undefined, { numeric: true });
  const words = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
  tables.forEach(table => {
    const heads = [...table.querySelectorAll("th")];
    const own = [...table.tBodies[0].rows];
    heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const keys = new Map(own.map(row => [row, row.cells[column].textContent]));
      own.sort((one, other) => (down ? -1 : 1) * order.compare(keys.get(one), keys.get(other)));
      heads.forEach(each => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.tBodies[0].append(...own);
    }));
  });
  const kind = document.getElementById("kind"), text = document.getElementById("text");
  const count = document.getElementById("count"), stash = document.getElementById("stash");
  const filter = () => {
    const wanted = text.value.toLowerCase();
    rows.forEach(row => {
      const fits = !kind.value || row.dataset.kinds.split("|").includes(kind.value);
      row.hidden = !(fits && words.get(row).includes(wanted));
    });
    const shown = rows.filter(row => !row.hidden).length;
    count.textContent = shown === 1 ? "1 row" : `${shown} rows`;
  };
  kind.addEventListener("change", filter);
  text.addEventListener("input", filter);
  stash.addEventListener("change", () => {
    const base = stash.value.replace(/\\/+$/, "");
    const links = /^https?:\\/\\//.test(base) ? document.querySelectorAll("a[data-path]") : [];
    links.forEach(link => { link.href = base + link.dataset.path; });
  });
  filter();
}
"""

FILTERS = (
    '<div class="filters"><label>Show <select id="kind"><option value="">everything</option>{options}</select></label>'
    '<label>Find <input id="text" type="search"></label>'
    '<label title="Where the links in the table lead">Stash at <input id="stash" type="url" value="{stash_url}">'
    '</label><output id="count"></output></div>\n'
)


def _head(name: str, *columns: str) -> str:
    heads = "".join(f'<th scope="col"><button type="button">{column}</button></th>' for column in columns)
    return f'<table class="{name}"><thead><tr>{heads}</tr></thead><tbody>\n'


SCENES_HEAD = _head(
    "scenes", "Scene", "Title", '<span class="change"><b>Field</b><span>In Plex</span><span>In Stash</span></span>'
)
FILES_HEAD = _head("files", "File", "Library", "Note")
ONLY_IN_PLEX = (
    '<p class="note">Each file here is in a library that PlexSync looks at, and belongs to no scene in Stash. '
    "Have Stash scan its folder, or take it out of the library in Plex.</p>"
)
