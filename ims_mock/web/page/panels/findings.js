// What the client did that it should not do.

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { badge } from "../parts/badge.js";

const MOST_LINKS = 12;
const MOST_OF_A_RULE = 20;

async function load() {
	set({ findings: (await get("audit")).findings });
}

function view({ findings }) {
	return html`
		<div class="bar"><h1>Findings</h1><span class="faint">What the client did that it should not do</span></div>
		${findings?.length ? html`<div class="sheet" tabindex="0" role="group" aria-label="Findings">${[...byRule(findings)].map(card)}</div>` : html`<div class="empty">${findings ? none() : ""}</div>`}`;
}

function none() {
	return html`<h2>No findings yet</h2>
		<p>The mock looks for mistakes of the client in the requests so far: retries without a wait, requests that are
		repeated after a final error, images that are left behind. A test checks this with <code>assert ims_mock.audit() == []</code>.</p>`;
}

function byRule(findings) {
	const found = new Map();
	for (const finding of findings) found.set(finding.rule, [...(found.get(finding.rule) ?? []), finding]);
	return found;
}

function card([rule, findings]) {
	const more = findings.length - MOST_OF_A_RULE;
	return html`<article class="card">
		<h2>${badge(rule, "warn")} ${findings.length > 1 ? html`<small>${findings.length} times</small>` : ""}</h2>
		<ul class="links">${findings.slice(0, MOST_OF_A_RULE).map(line)}</ul>
		${more > 0 ? html`<p class="faint">and ${more} more</p>` : ""}
	</article>`;
}

function line({ text, entries }) {
	const more = entries.length > MOST_LINKS ? html`and ${entries.length - MOST_LINKS} more` : "";
	const links = entries.slice(0, MOST_LINKS).map((number) => html`<a href="#/journal/${number}" title="Request ${number}">${number}</a> `);
	return html`<li>${text}${entries.length ? html` <span class="faint">request ${links}${more}</span>` : ""}</li>`;
}

export const panel = { id: "findings", title: "Findings", parts: ["journal", "images"], load, view };
