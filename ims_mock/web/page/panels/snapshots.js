// The states that were kept under a name.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { table } from "../parts/table.js";

const COLUMNS = [{ key: "name", title: "Name", width: "1fr", cell: (row) => row.name }];

async function load() {
  set({ snapshots: (await get("snapshots")).snapshots.map((name) => ({ name })) });
}

function view(state) {
  return html`
    <div class="bar"><h1>Snapshots</h1></div>
    <div class="split">
      ${table({
        id: "snapshots-table",
        label: "Snapshots",
        columns: COLUMNS,
        rows: state.snapshots ?? [],
        rowKey: (row) => row.name,
        empty: state.snapshots === undefined ? "" : html`<h2>No snapshot was taken</h2><p>A snapshot keeps images, files, jobs, accounts and the time under a name, to go back to.</p>`,
      })}
    </div>`;
}

export const panel = {
  id: "snapshots",
  title: "Snapshots",
  parts: ["snapshots"],
  load,
  view,
  count: (state) => state.counts.snapshots,
};
