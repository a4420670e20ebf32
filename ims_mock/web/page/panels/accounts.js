// The users and projects, without what gives access.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { table } from "../parts/table.js";

const COLUMNS = [
  { key: "name", title: "User", width: "minmax(8rem, 1fr)", cell: (row) => row.name },
  { key: "access", title: "AK", width: "minmax(8rem, 1fr)", kind: "mono", cell: (row) => row.access },
  { key: "roles", title: "Roles", width: "minmax(10rem, 2fr)", cell: (row) => Object.entries(row.roles).map(([project, roles]) => `${roles.join(", ")} in ${project}`).join("; ") },
  { key: "id", title: "Id", width: "19rem", kind: "mono", from: 760, cell: (row) => row.id },
];

async function load() {
  set({ accounts: await get("accounts") });
}

function view(state) {
  return html`<div class="bar"><h1>Accounts</h1></div>
    <div class="split">${table({ id: "users-table", label: "Users", columns: COLUMNS, rows: state.accounts?.users ?? [], empty: "There are no users." })}</div>`;
}

export const panel = { id: "accounts", title: "Accounts", parts: ["accounts"], load, view };
