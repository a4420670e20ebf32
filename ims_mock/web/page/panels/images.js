// The images of every project.

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { filterOf, set, state } from "../state.js";
import { badge } from "../parts/badge.js";
import { Changed } from "../parts/changed.js";
import { copyButton } from "../parts/copy.js";
import { details, facts, section } from "../parts/details.js";
import { choice, distinct, matcher, searchBox, searchable } from "../parts/filter.js";
import { hexOf } from "../parts/hex.js";
import { short, size } from "../parts/format.js";
import { latest } from "../parts/latest.js";
import { loadAccounts, projectName } from "../parts/projects.js";
import { table } from "../parts/table.js";

const COLUMNS = [
	{ key: "name", title: "Name", width: "minmax(9rem, 2fr)", cell: (row) => row.name || html`<span class="faint">without a name</span>`, by: (row) => row.name ?? "" },
	{ key: "status", title: "Status", width: "5rem", cell: (row) => badge(row.status ?? "none"), by: (row) => row.status ?? "" },
	{ key: "visibility", title: "Visibility", width: "5rem", from: 420, cell: (row) => row.visibility, by: (row) => row.visibility ?? "" },
	{ key: "owner", title: "Owner", width: "6rem", from: 560, cell: (row) => ownerCell(row), by: (row) => projectName(row.owner) ?? row.owner ?? "" },
	{ key: "members", title: "Members", width: "4.5rem", kind: "number", from: 760, cell: (row) => row.members || "", by: (row) => row.members },
	{ key: "size", title: "Size", width: "5rem", kind: "number", from: 480, cell: (row) => size(row.size), by: (row) => Number(row.size ?? -1) },
	{ key: "tags", title: "Tags", width: "minmax(5rem, 1fr)", from: 900, cell: (row) => (row.tags ?? []).join(", ") },
	{ key: "os", title: "System", width: "minmax(7rem, 1fr)", from: 1020, cell: (row) => row.os_version, by: (row) => row.os_version ?? "" },
	{ key: "id", title: "Id", width: "19rem", kind: "mono", from: 1140, cell: (row) => row.id },
];

function ownerCell(row) {
	return html`<span title=${row.owner ?? ""}>${projectName(row.owner) ?? short(row.owner)}</span>`;
}

const known = new Changed("images", "images", (image) => image.id);
const openFull = latest((row) => get(`images/${encodeURIComponent(row.id)}`), (full, row) => set({ image: { ...full, id: row.id } }));

async function load() {
	await Promise.all([
		loadAccounts(),
		known.load(() => set({ images: [...known.records.values()].sort((one, other) => other.place - one.place) })),
	]);
	await loadOpen();
}

/** Load the image that is open in full, unless it is there as it is now. */
async function loadOpen() {
	const row = known.records.get(state.open);
	if (row !== undefined) await openFull(row);
}

const searched = searchable(
	({ name, id, owner, status, visibility, tags, os_version: system }) => `${name} ${id} ${owner} ${projectName(owner) ?? ""} ${status} ${visibility} ${tags} ${system}`,
);

/** Return the images that the filter lets through. */
export function filtered(rows) {
	const { text, status, visibility } = filterOf("images");
	const isFound = matcher(text);
	return rows.filter((row) => (!status || row.status === status) && (!visibility || row.visibility === visibility) && isFound(searched(row)));
}

function view(state) {
	const rows = state.images ?? [];
	const found = filtered(rows);
	return html`
		<div class="bar">
			<h1>Images</h1>
			${searchBox("images", "Search name, id, owner, tag, system")}
			${choice("images", "status", "Status", distinct(rows, "status", "none"))}
			${choice("images", "visibility", "Visibility", distinct(rows, "visibility", "none"))}
			<span class="space"></span>
			<span class="faint">${found.length === rows.length ? rows.length || "" : `${found.length} of ${rows.length}`}</span>
		</div>
		<div class="split">
			${table({
				id: "images-table",
				label: "Images, the newest first",
				columns: COLUMNS,
				rows: found,
				selected: state.open,
				open: (row) => (location.hash = `#/images/${encodeURIComponent(row.id)}`),
				empty: state.images === undefined ? "" : rows.length ? "No image matches the filter." : noImages(),
			})}
			${state.open === "" ? nothing : openImage(state)}
		</div>`;
}

function noImages() {
	return html`<h2>No images yet</h2>
		<p>A client creates images with requests. A test can add them directly:</p>
		<pre>ims_mock.add_image(name="web", data=b"...")
ims_mock.load_public_images()</pre>`;
}

function openImage(state) {
	const close = () => (location.hash = "#/images");
	const found = state.image;
	if (found?.id !== state.open || !known.records.has(state.open)) {
		loadOpen().catch(() => {});
		const text = state.images !== undefined && !known.records.has(state.open) ? "This image no longer exists." : "";
		return details({ title: state.open, close, body: html`<p class="faint">${text}</p>` });
	}
	const { image, members, file } = found;
	const names = Object.keys(image).sort();
	return details({
		title: image.name || state.open,
		close,
		actions: copyButton(state.open, "Copy the id"),
		body: html`
			${facts([
				["Status", badge(image.status)],
				["Visibility", image.visibility],
				["Owner", html`${projectName(image.owner) ?? ""} <span class="mono">${image.owner}</span>`],
				["Tags", (image.tags ?? []).join(", ")],
				["Size", file ? `${size(file.size)} (${file.size} bytes)` : ""],
			])}
			${members.length ? section("Members", membersOf(members)) : nothing}
			${section("File", fileOf(file))}
			${section("All attributes", html`<dl class="facts mono">${names.map((name) => html`<dt>${name}</dt><dd>${text(image[name])}</dd>`)}</dl>`, copyButton(() => JSON.stringify(image, null, 2), "Copy as JSON"))}
		`,
	});
}

const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function membersOf(members) {
	return html`<dl class="facts">
		${members.map((member) => html`<dt>${badge(member.status)}</dt><dd>${projectName(member.member_id) ?? ""} <span class="mono">${member.member_id}</span></dd>`)}
	</dl>`;
}

function fileOf(file) {
	if (file === null) return html`<p class="faint">Nothing was uploaded.</p>`;
	const rest = file.size > 256 ? html`<p class="faint">The first 256 of ${file.size} bytes.</p>` : nothing;
	return html`<pre class="hex" tabindex="0" role="group" aria-label="The first bytes of the file">${hexOf(file.first) || "It has no bytes."}</pre>${rest}
		${facts([["MD5", html`<span class="mono">${file.checksum}</span>`]])}`;
}

export const panel = {
	id: "images",
	title: "Images",
	parts: ["images", "accounts", "clock"],
	load,
	view,
	count: (state) => state.counts.images,
};
