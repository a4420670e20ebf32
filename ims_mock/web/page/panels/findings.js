// What the client did that it should not do.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { table } from "../parts/table.js";

const COLUMNS = [
  { key: "rule", title: "Finding", width: "12rem", kind: "mono", cell: (row) => row.rule },
  { key: "message", title: "What was seen", width: "minmax(14rem, 1fr)", cell: (row) => row.text },
];

async function load() {
  set({ findings: (await get("audit")).findings.map((finding, index) => ({ ...finding, key: String(index) })) });
}

function view(state) {
  return html`<div class="bar"><h1>Findings</h1></div>
    <div class="split">${table({ id: "findings-table", label: "Findings", columns: COLUMNS, rows: state.findings ?? [], rowKey: (row) => row.key, empty: "The requests so far show no bad manners." })}</div>`;
}

export const panel = { id: "findings", title: "Findings", parts: ["journal"], load, view, count: (state) => state.findings?.length };
