// What a state is, in a word and a colour.

import { html } from "../vendor/lit-html.js";

const KINDS = {
	good: ["active", "SUCCESS", "accepted", "live", "public"],
	busy: ["queued", "saving", "RUNNING", "INIT", "pending", "connecting", "busy"],
	bad: ["killed", "error", "FAIL", "rejected", "lost"],
};

/** Return a badge with a text; its colour follows from that unless a kind is given. */
export function badge(text, kind) {
	const found = kind ?? Object.keys(KINDS).find((name) => KINDS[name].includes(text)) ?? "calm";
	return html`<span class="badge ${found}">${text}</span>`;
}

/** Return the badge of an HTTP status; 0 is a request that has no response yet. */
export function statusBadge(status) {
	if (!status) return badge("…", "busy");
	return badge(String(status), status >= 500 ? "bad" : status >= 400 ? "warn" : "good");
}

const LINKS = {
	connecting: ["connecting", "busy", "The page is connecting to the mock."],
	live: ["live", "good", "Changes in the mock are shown at once."],
	busy: ["live, slowly", "good", "Many pages are open for this mock, so this one asks every few seconds."],
	paused: ["paused", "calm", "The tab is hidden, so the page asks nothing."],
	removed: ["removed", "bad", "The world of this page is no more."],
	lost: ["no connection", "bad", "The mock does not respond. The page tries again by itself."],
};

/** Return whether the page is up to date. */
export function linkBadge(link) {
	const [text, kind, title] = LINKS[link];
	return html`<span class="badge link ${kind}" title=${title} data-link=${link} role="status">${text}</span>`;
}
