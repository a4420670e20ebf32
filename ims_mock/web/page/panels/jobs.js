// The jobs of every project, with how far they are.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { badge } from "../parts/badge.js";
import { table } from "../parts/table.js";

const COLUMNS = [
  { key: "type", title: "Type", width: "minmax(10rem, 1fr)", kind: "mono", cell: (row) => row.type },
  { key: "status", title: "Status", width: "6rem", cell: (row) => badge(row.status) },
  { key: "percent", title: "Progress", width: "9rem", cell: (row) => progress(row) },
  { key: "id", title: "Id", width: "20rem", kind: "mono", from: 620, cell: (row) => row.id },
  { key: "reason", title: "Error", width: "minmax(8rem, 1fr)", from: 760, cell: (row) => [row.error_code, row.fail_reason].filter(Boolean).join(": ") },
];

function progress(job) {
  const percent = Math.round(job.percent * 100);
  return html`<progress max="100" .value=${percent} aria-label="Progress of the job"></progress> <small>${percent} %</small>`;
}

async function load() {
  set({ jobs: (await get("jobs")).jobs });
}

function view(state) {
  return html`<div class="bar"><h1>Jobs</h1></div>
    <div class="split">${table({ id: "jobs-table", label: "Jobs", columns: COLUMNS, rows: state.jobs ?? [], selected: state.open, empty: "No job has begun so far." })}</div>`;
}

export const panel = { id: "jobs", title: "Jobs", parts: ["jobs", "clock"], load, view, count: (state) => state.jobs?.length };
