// The requests that came, who sent them, and why they were rejected.

import { html, nothing } from "../vendor/lit-html.js";
import { openDownloads } from "../actions/download.js";
import { openFaultLike } from "../actions/fault.js";
import { get, post, root } from "../api.js";
import { filterOf, set, state } from "../state.js";
import { statusBadge } from "../parts/badge.js";
import { Changed } from "../parts/changed.js";
import { copyButton } from "../parts/copy.js";
import { bodyIsNot, curlIsNot, curlOf } from "../parts/curl.js";
import { details, facts, section } from "../parts/details.js";
import { choice, distinct, matcher, searchBox, searchable, tick } from "../parts/filter.js";
import { pretty, taken, time, timeOfDay } from "../parts/format.js";
import { latest } from "../parts/latest.js";
import { table } from "../parts/table.js";
import { announce, attempt } from "../parts/toast.js";

const NEW = 2500; // Milliseconds in which a row is marked as new.
const STATUSES = { "2xx": [200, 299], "3xx": [300, 399], "4xx": [400, 499], "5xx": [500, 599] };

const COLUMNS = [
	{ key: "number", title: "No.", width: "3rem", kind: "number faint", from: 560, cell: (row) => row.number, by: (row) => row.number },
	{ key: "time", title: "Time", width: "7rem", kind: "mono", cell: (row) => timeOfDay(row.received_at) },
	{ key: "caller", title: "Caller", width: "6rem", from: 860, cell: (row) => row.caller ?? html`<span class="faint">unknown</span>` },
	{ key: "operation", title: "Operation", width: "minmax(9rem, 1.3fr)", kind: "mono", cell: operationCell, by: (row) => row.operation ?? "" },
	{ key: "status", title: "Status", width: "4rem", cell: (row) => statusBadge(row.status), by: (row) => row.status },
	{ key: "reason", title: "Reason", width: "minmax(9rem, 1.7fr)", from: 480, cell: reasonCell },
	{ key: "path", title: "Request", width: "minmax(9rem, .8fr)", kind: "mono", from: 1200, cell: (row) => `${row.method} ${row.path}` },
	{ key: "seconds", title: "Took", width: "4.5rem", kind: "number", from: 980, cell: (row) => (row.seconds === null ? "" : taken(row.seconds)), by: (row) => row.seconds ?? Infinity },
];

function operationCell(row) {
	return row.operation ?? html`<span class="faint">${row.method} ${row.path}</span>`;
}

/** Return a reason in two: the sentence, and the schema file behind it in brackets, if any. */
function withoutSource(reason) {
	const at = reason.lastIndexOf(" [schemas/");
	return at < 0 ? [reason, ""] : [reason.slice(0, at), reason.slice(at + 2, -1)];
}

function reasonCell(row) {
	const notes = [...row.rules.map((rule) => `rule ${rule}`), row.delivery].filter(Boolean);
	return html`${withoutSource(row.reason)[0]}${notes.length ? html` <small class="note">${notes.join(", ")}</small>` : nothing}`;
}

// What is loaded: the rows by number, and the request that is open, in full.

const known = new Changed("requests", "requests", (row) => row.number);
const openFull = latest((row) => get(`requests/${row.number}`), (request) => set({ request }));
const arrived = new Map();

/** Load the requests that have come since the last time. */
export async function loadRequests() {
	const fresh = await known.load(({ oldest, received }) => {
		for (const number of known.records.keys()) if (number < oldest) known.records.delete(number);
		set({ requests: [...known.records.values()].sort((one, other) => other.number - one.number), received });
	});
	mark(fresh);
}

async function load() {
	await loadRequests();
	// Only the first steps ask which credentials are good.
	if (state.requests.length === 0) set({ auth: (await get("settings")).auth });
	await loadOpen();
}

function mark(fresh) {
	const numbers = fresh.map((row) => row.number).filter((number) => !arrived.has(number));
	if (numbers.length === 0) return;
	for (const number of numbers) arrived.set(number, true);
	setTimeout(() => {
		for (const number of numbers) arrived.delete(number);
		set({});
	}, NEW);
	const last = fresh.at(-1);
	const text = `${last.operation ?? last.path}, status ${last.status || "not known yet"}`;
	announce(numbers.length === 1 ? `New request: ${text}` : `${numbers.length} new requests, the last one: ${text}`);
}

/** Load the request that is open, unless it is there and complete. */
async function loadOpen() {
	const row = known.records.get(Number(state.open));
	if (row !== undefined) await openFull(row);
}

// The filter.

/** Return the rows that the filter lets through. */
export function filtered(rows) {
	const { text, status, operation, caller, failed } = filterOf("journal");
	const isFound = matcher(text);
	const [least, most] = STATUSES[status] ?? [0, 999];
	return rows.filter(
		(row) =>
			row.status >= least &&
			row.status <= most &&
			(!failed || row.status >= 400 || row.delivery) &&
			(!operation || (row.operation ?? "no route") === operation) &&
			(!caller || (row.caller ?? "unknown") === caller) &&
			isFound(searched(row)),
	);
}

const searched = searchable(
	({ method, path, operation, status, reason, caller, request_id: id, rules, delivery }) =>
		`${method} ${path} ${operation ?? "no route"} ${status} ${reason} ${caller ?? ""} ${id} ${rules} ${delivery}`,
);

// The view.

function view(state) {
	const rows = state.requests ?? [];
	const found = filtered(rows);
	const isFiltered = found.length !== rows.length;
	return html`
		<div class="bar">
			<h1>Requests</h1>
			${searchBox("journal", "Search path, operation, reason, caller, id")}
			${choice("journal", "status", "Status", Object.keys(STATUSES))}
			${choice("journal", "operation", "Operation", distinct(rows, "operation", "no route"))}
			${choice("journal", "caller", "Caller", distinct(rows, "caller", "unknown"))}
			${tick("journal", "failed", "Failures only")}
			<span class="space"></span>
			<button title="Download the requests, the state, or everything about what has happened" @click=${openDownloads}>Download…</button>
			<span class="faint">${amount(found.length, rows.length, state.received)}</span>
		</div>
		<div class="split">
			${table({
				id: "journal-table",
				label: "Requests, the newest first",
				columns: COLUMNS,
				rows: found,
				rowKey: (row) => String(row.number),
				rowClass: (row) => (arrived.has(row.number) ? "new" : ""),
				selected: state.open,
				open: (row) => (location.hash = `#/journal/${row.number}`),
				empty: state.requests === undefined ? "" : isFiltered ? "No request matches the filter." : firstSteps(state),
			})}
			${state.open === "" ? nothing : openRequest(state)}
		</div>`;
}

function amount(found, kept, received = 0) {
	const parts = found === kept ? [`${kept}`] : [`${found} of ${kept}`];
	if (received > kept) parts.push(`the last of ${received}`);
	return kept ? parts.join(", ") : "";
}

function firstSteps(state) {
	const isStrict = state.auth === "strict";
	const token = isStrict ? (state.token ?? "TOKEN") : "any";
	const line = `curl -i ${root()}/v2/images -H 'X-Auth-Token: ${token}' -H 'Content-Type: application/json' -d '{"name": "web", "min_disk": 39}'`;
	return html`<h2>No requests yet</h2>
		<p>Each request to this mock is shown here at once, with the reason if it is rejected. Try one:</p>
		<pre>${line}</pre>
		${isStrict && !state.token ? html`<p><button class="small" @click=${newToken}>Put a token into it</button> This mock checks credentials.</p>` : nothing}
		<p>${copyButton(line, "Copy the line")} It is rejected with 400, and the reason names the field.</p>
		<p>To point a client at the mock, run <code>ims-mock env sdk --url ${root()}</code>, or
		<code>openstack</code>, <code>terraform</code>, <code>otc</code>, <code>curl</code> in the place of <code>sdk</code>: it prints the settings.</p>`;
}

const newToken = () => attempt(async () => set({ token: (await post("tokens", {})).token }));

function openRequest(state) {
	const entry = state.request;
	const close = () => (location.hash = "#/journal");
	if (entry?.number !== Number(state.open)) {
		if (known.records.has(Number(state.open))) {
			loadOpen().catch(() => {});
			return nothing;
		}
		const text = state.requests === undefined ? "" : "The journal no longer has this request.";
		return details({ title: `Request ${state.open}`, close, body: html`<p class="faint">${text}</p>` });
	}
	return details({
		title: `${entry.method} ${entry.path}`,
		close,
		actions: html`${entry.operation
			? html`<button class="small" @click=${() => openFaultLike(entry)}>Fail requests like this one…</button>`
			: nothing}${curlIsNot(entry) ? nothing : copyButton(() => curlOf(entry), "Copy as curl")}`,
		body: requestBody(entry),
	});
}

function requestBody(entry) {
	const rules = entry.rules.map((rule) => html`<a href="#/rules/${rule}">${rule}</a> `);
	return html`
		${entry.reason ? reasonOf(entry) : nothing}
		${facts([
			["Status", statusBadge(entry.status)],
			["Operation", html`<span class="mono">${entry.operation ?? "no route"}</span>`],
			["Caller", entry.caller ? `${entry.caller}, project ${entry.project_id}` : entry.project_id && `unknown, project ${entry.project_id}`],
			["Time", `${time(entry.received_at)} UTC, by the mock's clock`],
			["Took", entry.responded_at ? taken(entry.seconds) : "no response yet"],
			["Rules that fired", entry.rules.length ? rules : ""],
			["Delivery", entry.delivery],
			["Not read", entry.ignored.length ? html`<span class="mono">${entry.ignored.join(", ")}</span>` : ""],
			["Request id", html`<span class="mono">${entry.request_id}</span>`],
		])}
		${entry.operation ? nothing : html`<p class="faint">No rule applies to this request, as it is of no operation.</p>`}
		${section("Request", html`<p class="mono line">${entry.method} ${entry.path}</p>${headersOf(entry.request_headers)}${bodyOf(entry.request_headers, entry.request_body)}`, copyOf(entry.request_body))}
		${section("Response", html`<p class="mono line">${entry.status || "none yet"}</p>${headersOf(entry.response_headers)}${bodyOf(entry.method === "HEAD" ? {} : entry.response_headers, entry.response_body)}`, copyOf(entry.response_body))}
		${section("The same again with curl", ...againOf(entry))}
	`;
}

/** Return the line of curl and the button that copies it, or why there is none. */
function againOf(entry) {
	const why = curlIsNot(entry);
	if (why) return [html`<p class="faint">${why}</p>`];
	const line = curlOf(entry);
	const isMasked = line.includes("***");
	return [html`<pre>${line}</pre>${isMasked ? html`<p class="faint">Replace each *** by the credential.</p>` : nothing}`, copyButton(line)];
}

function reasonOf(entry) {
	const [sentence, source] = withoutSource(entry.reason);
	const kind = entry.status >= 500 ? "bad" : entry.status >= 400 ? "warn" : "";
	return html`<p class="reason ${kind}">${sentence}${source ? html`<br><small class="mono">${source}</small>` : nothing}</p>`;
}

function headersOf(headers) {
	const names = Object.keys(headers);
	return html`<details><summary>${names.length} headers</summary>
		<dl class="facts mono">${names.map((name) => html`<dt>${name}</dt><dd>${headers[name]}</dd>`)}</dl></details>`;
}

const copyOf = (body) => (body ? copyButton(body, "Copy the body") : nothing);

function bodyOf(headers, body) {
	const note = bodyIsNot(headers, body);
	return html`${note || !body ? html`<p class="faint">${note || "No body."}</p>` : nothing}${body ? html`<pre>${pretty(body)}</pre>` : nothing}`;
}

export const panel = {
	id: "journal",
	title: "Requests",
	parts: ["journal", "settings"],
	load,
	view,
	count: (state) => state.counts.requests,
};
