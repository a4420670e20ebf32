// The rules that make requests fail, with how often each has.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { table } from "../parts/table.js";

const COLUMNS = [
  { key: "id", title: "Rule", width: "4rem", kind: "mono", cell: (row) => row.id },
  { key: "fault", title: "Fault", width: "minmax(10rem, 1fr)", kind: "mono", cell: (row) => faultText(row.fault) },
  { key: "operation", title: "Operation", width: "minmax(10rem, 1fr)", kind: "mono", cell: (row) => row.operation ?? "every one" },
  { key: "hits", title: "Hits", width: "5rem", kind: "number", cell: (row) => row.hits },
];

function faultText({ kind, ...fields }) {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [kind, ...shown].join(" ");
}

async function load() {
  set({ rules: (await get("faults")).faults });
}

function view(state) {
  return html`<div class="bar"><h1>Rules</h1></div>
    <div class="split">${table({ id: "rules-table", label: "Rules", columns: COLUMNS, rows: state.rules ?? [], selected: state.open, empty: "No rule is armed: every request is served as it should be." })}</div>`;
}

export const panel = { id: "rules", title: "Rules", parts: ["rules", "journal"], load, view, count: (state) => state.rules?.length };
