// Reports of sweeps and of contract checks, from files of the user's own machine; nothing of them is sent anywhere.

import { html, nothing } from "../vendor/lit-html.js";
import { filterOf, set, state } from "../state.js";
import { badge } from "../parts/badge.js";
import { copyButton } from "../parts/copy.js";
import { details, facts, section } from "../parts/details.js";
import { choice, matcher, searchBox } from "../parts/filter.js";
import { table } from "../parts/table.js";
import { toast } from "../parts/toast.js";

const GOOD = ["survived", "failed_cleanly"];
const KINDS = { unread: "bad", break: "bad", drift: "warn", note: "calm" };

const SWEEP = [
	{ key: "verdict", title: "Verdict", width: "8.5rem", cell: (row) => badge(row.verdict, kindOf(row)), by: (row) => row.verdict },
	{ key: "id", title: "Plan", width: "minmax(12rem, 1fr)", kind: "mono", cell: (row) => row.id, by: (row) => row.id },
	{ key: "detail", title: "Result", width: "minmax(10rem, 1.4fr)", from: 560, cell: (row) => row.detail },
];

const CONTRACT = [
	{ key: "severity", title: "Severity", width: "5.5rem", cell: (row) => badge(row.severity, KINDS[row.severity]), by: (row) => Object.keys(KINDS).indexOf(row.severity) },
	{ key: "operation", title: "Operation", width: "minmax(10rem, 1fr)", kind: "mono", cell: (row) => row.operation ?? "none", by: (row) => row.operation ?? "" },
	{ key: "place", title: "Where", width: "minmax(8rem, 1fr)", kind: "mono", from: 560, cell: (row) => `${row.side} ${row.pointer}`, by: (row) => `${row.side} ${row.pointer}` },
	{ key: "message", title: "What", width: "minmax(12rem, 2fr)", cell: (row) => row.message },
];

function kindOf(row) {
	return GOOD.includes(row.verdict) ? "good" : "bad";
}

/**
 * Return the JSON of a report: the whole file, or what a report in HTML keeps in a template. The HTML itself is not
 * parsed, so nothing that stands in it can be run or loaded here.
 */
async function jsonOf(text) {
	if (!/^\s*</.test(text)) return text;
	const kept = /<template id="ims-mock-report">([\w+/=]*)<\/template>/.exec(text);
	if (kept === null) throw new Error("it is HTML, and no report of this version of ims_mock; open it in a tab of its own");
	const packed = Uint8Array.from(atob(kept[1]), (character) => character.charCodeAt(0));
	return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/** Throw where an entry of a report lacks one of the texts that each has. */
function check(entries, ...names) {
	const at = Array.isArray(entries) ? entries.findIndex((entry) => names.some((name) => typeof entry?.[name] !== "string")) : -1;
	if (at >= 0) throw new Error(`its entry ${at + 1} needs these texts: ${names.join(", ")}`);
}

/** Read a report; return {name, kind, rows}. */
async function read(name, text) {
	const json = JSON.parse(await jsonOf(text));
	check(json?.plans, "id", "verdict", "detail", "reproduce");
	check(json?.findings, "severity", "message");
	if (Array.isArray(json?.plans)) return { name, kind: "sweep", rows: json.plans.map((plan, index) => ({ ...plan, key: String(index) })) };
	if (Array.isArray(json?.findings)) {
		const unread = (json.unreadable ?? []).map(({ file, message }) => ({ id: "unreadable", severity: "unread", side: "file", pointer: file, message }));
		return { name, kind: "contract", rows: [...unread, ...json.findings].map((found, index) => ({ ...found, key: String(index) })) };
	}
	throw new Error("it has neither the plans of a sweep nor the findings of a contract check");
}

async function open(file) {
	if (file === undefined) return;
	try {
		set({ report: await read(file.name, await file.text()) });
		location.hash = "#/reports";
	} catch (error) {
		toast(`${file.name} is no report: ${error.message}`, "bad");
	}
}

function drop(event) {
	event.preventDefault();
	open(event.dataTransfer.files[0]);
}

function view(state) {
	const { report } = state;
	const isSweep = report?.kind === "sweep";
	return html`
		<div class="bar" @dragover=${(event) => event.preventDefault()} @drop=${drop}>
			<h1>Reports</h1>
			${report ? html`${searchBox("reports", "Search the report")} ${choice("reports", "verdict", isSweep ? "Verdict" : "Severity", verdictsOf(report))}
				<span class="faint">${report.name}, ${report.rows.length} ${isSweep ? "plans" : "findings"}</span>` : nothing}
			<span class="space"></span>
			<label class="button">Open a report…<input class="unseen" type="file" accept=".json,.html" aria-label="Open a report"
				@change=${(event) => { open(event.target.files[0]); event.target.value = ""; }}></label>
		</div>
		<div class="split" @dragover=${(event) => event.preventDefault()} @drop=${drop}>${report ? rowsOf(report, state) : html`<div class="empty">${none()}</div>`}</div>`;
}

const verdictOf = (row) => row.verdict ?? row.severity;
const verdictsOf = (report) => [...new Set(report.rows.map(verdictOf))].sort();

function rowsOf(report, state) {
	const { text, verdict } = filterOf("reports");
	const isFound = matcher(text);
	const rows = report.rows.filter((row) => (!verdict || verdictOf(row) === verdict) && isFound(JSON.stringify(row).toLowerCase()));
	const chosen = report.rows.find((row) => row.key === state.open);
	return html`${table({
		id: "reports-table",
		label: "The report",
		columns: report.kind === "sweep" ? SWEEP : CONTRACT,
		rows,
		rowKey: (row) => row.key,
		selected: state.open,
		open: (row) => (location.hash = `#/reports/${row.key}`),
		empty: report.rows.length ? "Nothing in the report matches the filter." : "The report is empty: nothing was found.",
	})}
	${chosen ? (report.kind === "sweep" ? openPlan(chosen) : openFinding(chosen)) : nothing}`;
}

const close = () => (location.hash = "#/reports");

function openPlan(plan) {
	return details({
		title: plan.id,
		close,
		body: html`
			<p class="reason ${kindOf(plan) === "good" ? "" : "bad"}">${plan.verdict}: ${plan.detail}</p>
			${section("Repeat it", html`<pre>${plan.reproduce}</pre>`, copyButton(plan.reproduce))}
			${section("Requests of the run", html`<pre>${plan.requests?.join?.("\n") || "none"}</pre>`)}
			${section("Rules", html`<pre>${JSON.stringify(plan.faults, null, 2)}</pre>`)}`,
	});
}

function openFinding(found) {
	const { key, message, ...others } = found;
	return details({
		title: found.id,
		close,
		body: html`<p class="reason ${KINDS[found.severity]}">${message}</p>
			${facts(Object.entries(others).map(([name, value]) => [name, typeof value === "object" && value !== null ? html`<pre>${JSON.stringify(value, null, 2)}</pre>` : value]))}`,
	});
}

function none() {
	return html`<h2>No report is open</h2>
		<p>Open the report of a sweep or of a contract check, in JSON or HTML, or drop it here. It stays in this browser.</p>
		<pre>ims-mock sweep --format json --output report.json -- COMMAND
ims-mock contract check --format json recording.har > report.json</pre>
		<p>With <code>--format html</code> both write one page, which can also be opened in a tab of its own.</p>`;
}

export const panel = { id: "reports", title: "Reports", parts: [], load: async () => {}, view };
