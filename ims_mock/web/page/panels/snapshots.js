// The states that were kept under a name.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { table } from "../parts/table.js";

const COLUMNS = [{ key: "name", title: "Name", width: "1fr", kind: "mono", cell: (row) => row.name }];

async function load() {
  set({ snapshots: (await get("snapshots")).snapshots.map((name) => ({ name })) });
}

function view(state) {
  return html`<div class="bar"><h1>Snapshots</h1></div>
    <div class="split">${table({ id: "snapshots-table", label: "Snapshots", columns: COLUMNS, rows: state.snapshots ?? [], rowKey: (row) => row.name, empty: "No snapshot has been taken." })}</div>`;
}

export const panel = { id: "snapshots", title: "Snapshots", parts: ["snapshots"], load, view, count: (state) => state.snapshots?.length };
