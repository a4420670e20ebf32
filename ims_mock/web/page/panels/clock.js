// The mock's clock, and what it is waited for.

import { html, nothing } from "../vendor/lit-html.js";
import { clockHands } from "../actions/clock.js";
import { set } from "../state.js";
import { loadClock, paceOf, timeOf } from "../parts/clock.js";
import { facts, part } from "../parts/details.js";
import { duration, time } from "../parts/format.js";
import { loadJobs, progress } from "./jobs.js";

async function load() {
	await Promise.all([loadJobs(), loadClock()]);
}

function view({ clock, jobs = [] }) {
	if (clock === null) return nothing;
	const pending = jobs.filter((job) => job.status === "RUNNING" || job.status === "INIT");
	return html`
		<div class="bar"><h1>Clock</h1></div>
		<div class="sheet" tabindex="0" role="group" aria-label="Clock">
			${facts([
				["Time (UTC)", html`<span class="mono large">${time(timeOf(clock))}</span>`],
				["Seconds since 1970", html`<span class="mono">${duration(timeOf(clock))}</span>`],
				["Pace", paceText(clock)],
			])}
			${clock.speed === null ? nothing : part("Move it", clockHands())}
			${part(
				"Jobs that have not ended",
				pending.length
					? html`<ul class="links">${pending.map((job) => html`<li>${progress(job)} <a href="#/jobs/${job.id}">${job.type}</a></li>`)}</ul>`
					: html`<p class="faint">There are none.</p>`,
			)}
		</div>`;
}

function paceText(clock) {
	if (clock.speed === null) return "Whoever started the mock gave it a clock, which cannot be moved here.";
	return paceOf(clock) ? `It runs: ${duration(clock.speed)} of its seconds pass in each real second.` : "It stands still until it is moved.";
}

export const panel = { id: "clock", title: "Clock", parts: ["clock", "jobs"], load, view };
