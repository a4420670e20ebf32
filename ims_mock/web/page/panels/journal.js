// What was asked, and why it was rejected.

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { filterOf, set, state } from "../state.js";
import { statusBadge } from "../parts/badge.js";
import { details, facts } from "../parts/details.js";
import { matcher, searchBox } from "../parts/filter.js";
import { pretty, taken, time, timeOfDay } from "../parts/format.js";
import { table } from "../parts/table.js";

const COLUMNS = [
  { key: "time", title: "Time", width: "7.5rem", kind: "mono", cell: (row) => timeOfDay(row.received_at) },
  { key: "status", title: "Status", width: "4.5rem", cell: (row) => statusBadge(row.status) },
  { key: "operation", title: "Operation", width: "minmax(12rem, 1fr)", kind: "mono", cell: (row) => row.operation ?? "no route" },
  { key: "caller", title: "Caller", width: "7rem", from: 620, cell: (row) => row.caller ?? "" },
  { key: "reason", title: "Reason", width: "minmax(14rem, 2fr)", from: 520, cell: (row) => row.reason },
];

async function load() {
  const { entries, received } = await get("journal");
  set({ journal: entries.reverse(), received });
}

function view(state) {
  const rows = state.journal ?? [];
  const isFound = matcher(filterOf("journal").text);
  const found = rows.filter((row) => isFound(`${row.operation} ${row.path} ${row.status} ${row.reason}`.toLowerCase()));
  const open = rows.find((row) => String(row.number) === state.open);
  return html`
    <div class="bar"><h1>Requests</h1>${searchBox("journal", "Search the requests")}</div>
    <div class="split">
      ${table({ id: "journal-table", label: "Requests", columns: COLUMNS, rows: found, rowKey: (row) => String(row.number), selected: state.open, open: openRow, empty: "No request has come so far." })}
      ${open ? request(open) : nothing}
    </div>`;
}

function openRow(row) {
  location.hash = `#/journal/${row.number}`;
}

function request(entry) {
  return details({
    title: `${entry.method} ${entry.path}`,
    close: () => (location.hash = "#/journal"),
    body: html`${facts([["Reason", entry.reason], ["Status", statusBadge(entry.status)], ["Time", time(entry.received_at)], ["Took", taken(entry.seconds)], ["Rules", entry.rules.join(", ")]])}
      <h3>Request</h3><pre>${pretty(entry.request_body)}</pre><h3>Response</h3><pre>${pretty(entry.response_body)}</pre>`,
  });
}

export const panel = { id: "journal", title: "Requests", parts: ["journal"], load, view, count: () => state.received };
