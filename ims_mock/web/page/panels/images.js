// The images of every project.

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { filterOf, set } from "../state.js";
import { badge } from "../parts/badge.js";
import { details } from "../parts/details.js";
import { matcher, searchBox } from "../parts/filter.js";
import { table } from "../parts/table.js";

const COLUMNS = [
  { key: "name", title: "Name", width: "minmax(10rem, 2fr)", cell: (row) => row.name },
  { key: "status", title: "Status", width: "6rem", cell: (row) => badge(row.status) },
  { key: "visibility", title: "Visibility", width: "6rem", cell: (row) => row.visibility },
  { key: "id", title: "Id", width: "20rem", kind: "mono", from: 760, cell: (row) => row.id },
];

async function load() {
  const saved = await get("state");
  set({ images: saved.images.map((placed) => placed.image) });
}

function view(state) {
  const rows = state.images ?? [];
  const isFound = matcher(filterOf("images").text);
  const found = rows.filter((row) => isFound(`${row.name} ${row.id} ${row.status}`.toLowerCase()));
  const open = rows.find((row) => row.id === state.open);
  return html`
    <div class="bar"><h1>Images</h1>${searchBox("images", "Search the images")}</div>
    <div class="split">
      ${table({ id: "images-table", label: "Images", columns: COLUMNS, rows: found, selected: state.open, open: (row) => (location.hash = `#/images/${row.id}`), empty: "There are no images." })}
      ${open ? details({ title: open.name || open.id, close: () => (location.hash = "#/images"), body: html`<pre>${JSON.stringify(open, null, 2)}</pre>` }) : nothing}
    </div>`;
}

export const panel = { id: "images", title: "Images", parts: ["images"], load, view, count: (state) => state.images?.length };
