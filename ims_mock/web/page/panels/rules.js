// The rules that make requests fail, with how often each has.

import { html, nothing } from "../vendor/lit-html.js";
import { disarm, disarmAll, disarmLines, linesOf, openFaultForm } from "../actions/fault.js";
import { get } from "../api.js";
import { set, state } from "../state.js";
import { exact } from "../parts/json.js";
import { badge } from "../parts/badge.js";
import { ask } from "../parts/dialog.js";
import { details, facts, isGone, section } from "../parts/details.js";
import { table } from "../parts/table.js";
import { loadRequests } from "./journal.js";

const COLUMNS = [
	{ key: "id", title: "Rule", width: "3rem", kind: "mono", cell: (row) => row.id },
	{ key: "fault", title: "Fault", width: "minmax(9rem, 1fr)", kind: "mono", cell: (row) => faultText(row.fault) },
	{ key: "operation", title: "Operation", width: "minmax(9rem, 1fr)", kind: "mono", from: 480, cell: operationOf },
	{ key: "narrow", title: "Only", width: "minmax(6rem, 1fr)", kind: "mono", from: 760, cell: (row) => conditions(row).join(" ") },
	{ key: "hits", title: "Hits", width: "6rem", cell: hitsOf },
];

/** Return a fault as a line: its kind, and the fields that are set. */
export function faultText({ kind, ...fields }) {
	return [kind, ...Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(" ");
}

function operationOf(row) {
	return row.operation ?? html`<span class="faint">every one</span>`;
}

function conditions({ id, fault, operation, hits, times, name, optional, ...others }) {
	return Object.entries(others).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
}

function hitsOf(row) {
	const times = JSON.stringify(row.times);
	const isSpent = row.hits >= Number(times);
	const text = times === undefined ? `${row.hits}` : `${row.hits} of ${times}`;
	return badge(text, isSpent ? "calm" : row.hits ? "warn" : "busy");
}

async function load() {
	const [{ faults }] = await Promise.all([get("faults", { parse: exact }), loadRequests()]);
	set({ rules: faults });
}

function view(state) {
	const rows = state.rules ?? [];
	const open = rows.find((row) => row.id === state.open);
	return html`
		<div class="bar">
			<h1>Rules</h1><span class="space"></span>
			<button class="primary" @click=${() => openFaultForm()}>Arm a rule…</button>
			<button ?disabled=${rows.length === 0} @click=${() => ask("Disarm all", "This removes every rule, with its hits.", disarmAll)}>Disarm all</button>
		</div>
		<div class="split">
			${table({
				id: "rules-table",
				label: "Rules, the outermost first",
				columns: COLUMNS,
				rows,
				selected: state.open,
				open: (row) => (location.hash = `#/rules/${row.id}`),
				empty: state.rules === undefined ? "" : noRules(),
			})}
			${open ? openRule(open) : state.open && state.rules ? isGone("rule", "rules") : nothing}
		</div>`;
}

function noRules() {
	return html`<h2>No rule is armed</h2><p>Every request is served normally. A rule makes some of them fail:</p>
		<pre>ims_mock.faults.add(Fail(503), operation="glance_list_images", times=1)</pre>
		<p><button @click=${() => openFaultForm()}>Arm a rule…</button></p>`;
}

const isMasked = ({ headers = {}, json = {} }) => [...Object.values(headers), ...Object.values(json)].includes("***");

function openRule(rule) {
	const fired = (state.requests ?? []).filter((row) => row.rules.includes(rule.id)).slice(0, 20);
	return details({
		title: `Rule ${rule.id}: ${faultText(rule.fault)}`,
		close: () => (location.hash = "#/rules"),
		actions: html`<button class="small danger" @click=${() => disarm(rule)}>Disarm</button>`,
		body: html`
			${facts([
				["Operation", html`<span class="mono">${operationOf(rule)}</span>`],
				["Hits", hitsOf(rule)],
				["Name", rule.name],
				["Optional", rule.optional ? "A test may end without it having fired." : ""],
				...conditions(rule).map((text) => ["Only", html`<span class="mono">${text}</span>`]),
			])}
			${fired.length
				? section("Requests that it has changed", html`<ul class="links">${fired.map((row) => html`<li><a href="#/journal/${row.number}">${row.method} ${row.path}</a> ${row.status}</li>`)}</ul>`)
				: nothing}
			${section("The same rule, for your own test", html`${isMasked(rule) ? html`<p class="faint">Credentials that the rule matches are masked: put them in again in the place of <code>***</code>.</p>` : nothing}${linesOf(rule)}`)}
			${section("Disarm this rule", disarmLines(rule))}
			${section("As JSON", html`<pre>${JSON.stringify(rule, null, 2)}</pre>`)}
		`,
	});
}

export const panel = { id: "rules", title: "Rules", parts: ["rules", "journal"], load, view, count: (state) => state.counts.rules };
