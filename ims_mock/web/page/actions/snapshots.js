// Taking a snapshot, going back to it, deleting it, and what has changed since.

import { html, nothing } from "../vendor/lit-html.js";
import { get, post, remove } from "../api.js";
import { badge } from "../parts/badge.js";
import { ask } from "../parts/dialog.js";
import { latest } from "../parts/latest.js";
import { curlLine, lines } from "../parts/lines.js";
import { attempt } from "../parts/toast.js";
import { set, state } from "../state.js";
import { typedText } from "../parts/typed.js";

const at = (name) => `snapshots/${encodeURIComponent(name)}`;

/** Return the form that takes a snapshot. */
export function takeForm() {
	const typed = state.snapshotName ?? "";
	const take = async (event) => {
		event.preventDefault();
		const taken = state.snapshotName;
		const name = taken || nextName();
		if (await attempt(() => post("snapshots", { name }), `Snapshot ${name} is taken`) && state.snapshotName === taken) set({ snapshotName: "" });
	};
	return html`<form class="hands" novalidate @submit=${take}>
		<input type="text" placeholder=${nextName()} aria-label="Name of the snapshot" .value=${typedText(typed)} @input=${(event) => set({ snapshotName: event.target.value })}>
		<button class="primary" type="submit">Take a snapshot</button>
	</form>`;
}

/** Return a name that no snapshot has. */
function nextName() {
	const known = new Set((state.snapshots ?? []).map((row) => row.name));
	let number = 1;
	while (known.has(`snapshot-${number}`)) number += 1;
	return `snapshot-${number}`;
}

/** Return the lines that take a snapshot in a test, or in a shell. */
export function takeLines() {
	return lines("before = ims_mock.snapshot()", curlLine("POST", "snapshots", { name: state.snapshotName || nextName() }));
}

/** Return the hands of one snapshot. */
export function snapshotHands(name) {
	const restore = () => attempt(() => post(`${at(name)}/restore`), `The mock is back at snapshot ${name}`);
	const drop = async () => {
		if (await attempt(() => remove(at(name)), `Snapshot ${name} is deleted`)) location.hash = "#/snapshots";
	};
	return html`<button class="small" @click=${() => ask("Go back", `The mock loses what it has now, unless a snapshot has it, and is as it was at snapshot ${name}.`, restore)}>Go back to it</button>
		<button class="small danger" @click=${() => ask("Delete", `This deletes snapshot ${name}.`, drop)}>Delete</button>`;
}

const BETWEEN = "before = ims_mock.snapshot()\n# ... here the test works with the mock ...\n";
const AFTER = "after = ims_mock.snapshot()\n# ... here it goes on ...\n";

/** Return the lines that go back to a snapshot, compare it, and delete it. In a test a snapshot is a value without a name. */
export function snapshotLines(name) {
	return html`<h3>Go back to it</h3>
		${lines(`${BETWEEN}ims_mock.restore(before)`, curlLine("POST", `${at(name)}/restore`))}
		<h3>Compare it</h3>
		${lines(`${BETWEEN}${state.compareWith ? AFTER : ""}print(*before.compare(${state.compareWith ? "after" : "ims_mock.snapshot()"}), sep="\\n")`, curlLine("GET", differencesAt(name)))}
		<h3>Delete it</h3>
		${lines("", curlLine("DELETE", at(name)))}`;
}

const differencesAt = (name) => `${at(name)}/differences${state.compareWith ? `?with=${encodeURIComponent(state.compareWith)}` : ""}`;
const load = latest(get, ({ differences }, path) => set({ differences: { path, found: differences } }));

/** Load what differs between a snapshot and another one, or the state as it is now. */
export const loadDifferences = (name, isAgain) => load(differencesAt(name), isAgain);

/** Return what differs, to be read. */
export function differencesOf(name) {
	const others = (state.snapshots ?? []).filter((row) => row.name !== name);
	const choose = (event) => {
		set({ compareWith: event.target.value });
		attempt(() => loadDifferences(name));
	};
	const shown = state.differences?.path === differencesAt(name) ? state.differences : null;
	return html`
		<p class="plain-text"><label>Compared with
			<select aria-label="Compared with" @change=${choose}>
				<option value="" ?selected=${!state.compareWith}>the mock as it is now</option>
				${others.map((row) => html`<option value=${row.name} ?selected=${row.name === state.compareWith}>${row.name}</option>`)}
			</select></label></p>
		${shown === null ? nothing : shown.found.length ? html`<ul class="differences">${shown.found.map(difference)}</ul>` : html`<p class="faint">Nothing differs.</p>`}`;
}

const KINDS = { added: "good", removed: "bad", changed: "busy" };

function difference({ kind, id, name, change, values }) {
	return html`<li>${badge(change, KINDS[change])} ${kind} <strong>${name}</strong> <span class="mono faint">${id}</span>
		${values.length ? html`<dl class="facts mono">${values.map((value) => html`<dt>${value.path}</dt><dd>${side(value, "before", "del")} → ${side(value, "after", "ins")}</dd>`)}</dl>` : nothing}</li>`;
}

function side(value, name, kind) {
	const text = name in value ? JSON.stringify(value[name]) : "nothing";
	return kind === "del" ? html`<del>${text}</del>` : html`<ins>${text}</ins>`;
}
