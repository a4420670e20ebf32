// What is shown of one thing, beside the table, or over it where there is no space.

import { html, nothing } from "../vendor/lit-html.js";
import { state } from "../state.js";

/** Return the details of a thing; `close` is called by its button. Escape closes it too, see main.js. */
export function details({ title, close, actions = nothing, body }) {
	return html`<aside class="details" aria-label=${title}>
		<header><h2 title=${title}>${title}</h2><span class="space"></span>${actions}
			<button class="plain" aria-label="Close" title="Close (Escape)" @click=${close}>×</button></header>
		<div class="body" tabindex="0" role="group" aria-label="Details">${body}</div>
	</aside>`;
}

/** Return what is shown of a thing that an address names, and that is not there. */
export function isGone(what, panel) {
	return details({ title: state.open, close: () => (location.hash = `#/${panel}`), body: html`<p class="faint">The mock has no ${what} ${state.open}.</p>` });
}

/** Return names and values, one below the other; what has no value is left out. */
export function facts(pairs) {
	return html`<dl class="facts">
		${pairs.map(([name, value]) => (value === "" || value === undefined || value === null ? nothing : html`<dt>${name}</dt><dd>${value}</dd>`))}
	</dl>`;
}

/** Return a part of the details under a title of its own, with a button or so beside that. */
export function section(title, body, action = nothing) {
	return html`<section><header><h3>${title}</h3><span class="space"></span>${action}</header>${body}</section>`;
}

/** Return the same for a panel, which has no title between its own and this one. */
export function part(title, body) {
	return html`<section><header><h2>${title}</h2></header>${body}</section>`;
}
