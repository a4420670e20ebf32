// The states that were kept under a name, and what has changed since.

import { html, nothing } from "../vendor/lit-html.js";
import { differencesOf, loadDifferences, snapshotHands, snapshotLines, takeForm, takeLines } from "../actions/snapshots.js";
import { openDownloads } from "../actions/download.js";
import { get } from "../api.js";
import { set, state } from "../state.js";
import { details, isGone, section } from "../parts/details.js";
import { table } from "../parts/table.js";

const COLUMNS = [{ key: "name", title: "Name", width: "1fr", cell: (row) => row.name, by: (row) => row.name }];

async function load() {
	set({ snapshots: (await get("snapshots")).snapshots.map((name) => ({ name })) });
	const names = state.snapshots.map((row) => row.name);
	if (state.compareWith && !names.includes(state.compareWith)) set({ compareWith: "" });
	if (state.panel === "snapshots" && names.includes(state.open)) await loadDifferences(state.open, true);
}

function view(state) {
	const open = (state.snapshots ?? []).find((row) => row.name === state.open);
	if (open) loadDifferences(open.name).catch(() => {});
	return html`
		<div class="bar">
			<h1>Snapshots</h1><span class="space"></span>${takeForm()}
			<button title="Download the whole state, from which a mock can start" @click=${openDownloads}>Download…</button>
		</div>
		<div class="split">
			${table({
				id: "snapshots-table",
				label: "Snapshots",
				columns: COLUMNS,
				rows: state.snapshots ?? [],
				rowKey: (row) => row.name,
				selected: state.open,
				open: (row) => (location.hash = `#/snapshots/${encodeURIComponent(row.name)}`),
				empty: state.snapshots === undefined ? "" : noSnapshots(),
			})}
			${open ? openSnapshot(open.name) : state.open && state.snapshots ? isGone("snapshot", "snapshots") : nothing}
		</div>`;
}

function noSnapshots() {
	return html`<h2>No snapshots yet</h2>
		<p>A snapshot keeps images, files, jobs, accounts and the time under a name, so that you can go back to them. The page
		shows value by value what has changed since.</p>${takeLines()}`;
}

function openSnapshot(name) {
	return details({
		title: name,
		close: () => (location.hash = "#/snapshots"),
		actions: snapshotHands(name),
		body: html`${section("Changes since then", differencesOf(name))} ${section("The same in a test or in a shell", snapshotLines(name))}`,
	});
}

export const panel = {
	id: "snapshots",
	title: "Snapshots",
	parts: ["snapshots", "images", "jobs", "accounts", "settings"],
	load,
	view,
	count: (state) => state.counts.snapshots,
};
