// The reports of sweeps and of contract checks.

import { html } from "../vendor/lit-html.js";

function view() {
  return html`<div class="bar"><h1>Reports</h1></div>
    <div class="empty">A sweep writes its report as one page: <code>ims-mock sweep --format html --output report.html -- COMMAND</code>.</div>`;
}

export const panel = { id: "reports", title: "Reports", parts: [], load: async () => {}, view };
