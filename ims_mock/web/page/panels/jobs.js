// The jobs of every project, with how far they are.

import { html, nothing } from "../vendor/lit-html.js";
import { jobHands } from "../actions/jobs.js";
import { get } from "../api.js";
import { filterOf, set, state } from "../state.js";
import { badge } from "../parts/badge.js";
import { copyButton } from "../parts/copy.js";
import { details, facts, isGone, section } from "../parts/details.js";
import { choice, matcher, searchBox } from "../parts/filter.js";
import { short } from "../parts/format.js";
import { latest } from "../parts/latest.js";
import { loadAccounts, projectName } from "../parts/projects.js";
import { table } from "../parts/table.js";

const STUCK = "It never ends by itself.";

const COLUMNS = [
	{ key: "type", title: "Type", width: "minmax(10rem, 1fr)", kind: "mono", cell: (row) => html`${row.parent ? "↳ " : ""}${row.type}` },
	{ key: "status", title: "Status", width: "5.5rem", cell: (row) => html`${badge(row.status)}${row.is_stuck ? html` <span title=${STUCK}>∞</span>` : nothing}` },
	{ key: "percent", title: "Progress", width: "9rem", from: 420, cell: progress },
	{ key: "image", title: "Image", width: "minmax(7rem, 1fr)", from: 640, cell: imageCell },
	{ key: "project", title: "Project", width: "6rem", from: 760, cell: (row) => html`<span title=${row.project_id}>${projectName(row.project_id) ?? short(row.project_id)}</span>` },
	{ key: "begin", title: "Began", width: "11rem", kind: "mono", from: 900, cell: (row) => row.begin_time.replace("T", " ").replace(/\.\d+Z$/, "") },
	{ key: "reason", title: "Error", width: "minmax(8rem, 1fr)", from: 560, cell: errorOf },
];

function errorOf(row) {
	return [row.error_code, row.fail_reason].filter(Boolean).join(": ");
}

/** Return the bar of a job, with its percentage in words beside it. */
export function progress(job) {
	const percent = Math.round(job.percent * 100);
	return html`<progress max="100" .value=${percent} aria-label="Progress">${percent} %</progress> <small>${percent} %</small>`;
}

function imageCell(row) {
	const { image_id: id, image_name: name } = row.entities;
	return id ? html`<a href="#/images/${encodeURIComponent(id)}">${name || short(id)}</a>` : name ?? "";
}

const jobsOf = latest(() => get("jobs"), ({ jobs }) => set({ jobs: jobs.reverse() }));

/** Load the jobs, each time as another key: a panel that was left may have asked before, and its response come later. */
export const loadJobs = () => jobsOf({});

async function load() {
	await Promise.all([loadJobs(), loadAccounts()]);
}

function view(state) {
	const rows = state.jobs ?? [];
	const { text, status } = filterOf("jobs");
	const isFound = matcher(text);
	const found = rows.filter((row) => (!status || row.status === status) && isFound(JSON.stringify(row).toLowerCase()));
	const open = rows.find((row) => row.id === state.open);
	return html`
		<div class="bar">
			<h1>Jobs</h1>
			${searchBox("jobs", "Search type, id, image, error")} ${choice("jobs", "status", "Status", ["INIT", "RUNNING", "SUCCESS", "FAIL"])}
		</div>
		<div class="split">
			${table({
				id: "jobs-table",
				label: "Jobs, the newest first",
				columns: COLUMNS,
				rows: found,
				selected: state.open,
				open: (row) => (location.hash = `#/jobs/${row.id}`),
				empty: state.jobs === undefined ? "" : rows.length ? "No job matches the filter." : noJobs(),
			})}
			${open ? openJob(open) : state.open && state.jobs ? isGone("job", "jobs") : nothing}
		</div>`;
}

function noJobs() {
	return html`<h2>No jobs yet</h2>
		<p>IMS's own API makes, copies, imports and exports images by jobs, for example <code>POST /v2/cloudimages/action</code>.
		A job has already ended when a client first asks for it, unless the mock is started with a duration:
		<code>--jobs '*=60'</code> makes each job take 60 seconds of the mock's clock.</p>`;
}

function openJob(job) {
	return details({
		title: job.type,
		close: () => (location.hash = "#/jobs"),
		actions: copyButton(job.id, "Copy the id"),
		body: html`
			${job.error_code ? html`<p class="reason bad">${errorOf(job)}</p>` : nothing}
			${facts([
				["Status", html`${badge(job.status)} ${progress(job)}`],
				["Stuck", job.is_stuck ? STUCK : ""],
				["Id", html`<span class="mono">${job.id}</span>`],
				["Project", html`${projectName(job.project_id) ?? ""} <span class="mono">${job.project_id}</span>`],
				["Began", job.begin_time],
				["Ended", job.end_time],
				["Part of", job.parent ? html`<a class="mono" href="#/jobs/${job.parent}">${job.parent}</a>` : ""],
				["Parts", job.sub_jobs.length ? job.sub_jobs.map((id) => html`<a class="mono" href="#/jobs/${id}">${id}</a> `) : ""],
				["Image", job.entities.image_id ? imageCell(job) : ""],
			])}
			${job.status === "INIT" || job.status === "RUNNING" ? section("End it", jobHands(job)) : nothing}
			${section("Its result (entities)", html`<pre>${JSON.stringify(job.entities, null, 2)}</pre>`)}
		`,
	});
}

export const panel = { id: "jobs", title: "Jobs", parts: ["jobs", "clock", "accounts"], load, view, count: (state) => state.counts.jobs };
