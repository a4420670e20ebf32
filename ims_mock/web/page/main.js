// The page: its frame, its tabs and its keys.
// ims_mock/web/page.py has a map of its modules.
//
// The Content-Security-Policy allows no inline style and no inline script: set a style with .style=${...}, or a class.

import { html, nothing, render } from "./vendor/lit-html.js";
import { follow, kept, refresh } from "./feed.js";
import { openReset } from "./actions/reset.js";
import { set, state, subscribe } from "./state.js";
import { paceOf, timeOf } from "./parts/clock.js";
import { closeDialogs, leaveDialog, openDialog } from "./parts/dialog.js";
import { linkBadge } from "./parts/badge.js";
import { duration, time } from "./parts/format.js";
import { worldChoice } from "./parts/worlds.js";
import { panel as accounts } from "./panels/accounts.js";
import { panel as clock } from "./panels/clock.js";
import { panel as findings } from "./panels/findings.js";
import { panel as images } from "./panels/images.js";
import { panel as jobs } from "./panels/jobs.js";
import { panel as journal } from "./panels/journal.js";
import { panel as reports } from "./panels/reports.js";
import { panel as rules } from "./panels/rules.js";
import { panel as snapshots } from "./panels/snapshots.js";

export const panels = [journal, images, jobs, rules, clock, accounts, findings, snapshots, reports];

const KEYS = [
	["/", "search in this panel"],
	["↑ ↓ Home End", "move in a table, or among the tabs"],
	["Enter", "open the row"],
	["Escape", "close what is open, or clear the search"],
	["1 … 9", "go to a tab"],
	["t", "choose light, dark, or the theme of the system"],
	["?", "show these keys"],
];

/** Return a part of the address without its escapes; as it is, where they are broken. */
function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function readAddress() {
	closeDialogs();
	const [, id = "", ...key] = location.hash.split("/");
	const panel = panels.find((known) => known.id === id) ?? panels[0];
	const isOther = panel.id !== state.panel;
	set({ panel: panel.id, open: key.map(decoded).join("/") });
	document.title = `${panel.title} · ims_mock`;
	if (isOther) refresh(panels, panel.id);
}

let seen = "";

/** Draw the page; where the tabs do not all fit, the one that is chosen is in sight. */
function draw(state) {
	const hadFocus = document.activeElement;
	render(page(state), document.getElementById("page"));
	// What had the focus may be gone; the table is next to it.
	if (hadFocus && !hadFocus.isConnected) (document.querySelector("#panel ims-table") ?? document.getElementById("panel")).focus();
	if (seen !== state.panel) document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
	seen = state.panel;
}

/** Go to a panel, and to something in it. */
export function goTo(id, key = "") {
	location.hash = key === "" ? `#/${id}` : `#/${id}/${encodeURIComponent(key)}`;
}

function page(state) {
	const current = panels.find((panel) => panel.id === state.panel) ?? panels[0];
	const error = state.errors[current.id];
	return html`
		<header class="top">
			<a class="name" href="#/journal" aria-label="ims_mock"><img src="page/icon.svg" alt="" width="20" height="20"><span>ims_mock</span></a>
			<span class="version">${state.health?.version ?? ""}</span>
			${worldChoice(state)}
			<span class="space"></span>
			${clockText(state.clock)} ${linkBadge(state.link)}
			<button class="small" @click=${openReset}>Reset…</button>
			<button class="plain" title="Keys (?)" aria-label="Show the keys" @click=${showKeys}>?</button>
			<button class="plain" title="Theme (t)" aria-label="Theme: ${theme()}" @click=${nextTheme}>${THEMES[theme()]}</button>
		</header>
		<nav class="tabs" aria-label="Panels" @keydown=${moveInTabs}>
			${panels.map((panel) => tab(panel, current, state))}
		</nav>
		<main class="panel" id="panel" aria-label=${current.title} data-panel=${current.id} tabindex="-1">
			${error ? html`<p class="error" role="alert">${error}</p>` : nothing} ${current.view(state)}
		</main>
	`;
}

function tab(panel, current, state) {
	const count = panel.count?.(state);
	return html`<a href="#/${panel.id}" aria-current=${panel === current ? "page" : nothing}>
		<span>${panel.title}</span>${count ? html`<span class="count">${count}</span>` : nothing}
	</a>`;
}

function clockText(clock) {
	if (clock === null) return nothing;
	const pace = clock.speed === null ? "real time" : paceOf(clock) ? `runs ×${duration(clock.speed)}` : "stands still";
	const [day, clockTime] = time(timeOf(clock)).split(" ");
	return html`<a class="clock" href="#/clock" title="The mock's clock"><span class="day">${day}</span> ${clockTime} <small>${pace}</small></a>`;
}

// Keys.

function showKeys() {
	openDialog("Keys", () => html`
		<dl class="keys">${KEYS.map(([keys, meaning]) => html`<dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${meaning}</dd>`)}</dl>
	`);
}

function moveInTabs(event) {
	const tabs = [...event.currentTarget.querySelectorAll("a")];
	const at = tabs.indexOf(document.activeElement);
	const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
	if (to === undefined) return;
	event.preventDefault();
	tabs.at(to % tabs.length).focus();
}

function isTyping(element) {
	return element instanceof HTMLElement && (element.matches("input, select, textarea") || element.isContentEditable);
}

function onKey(event) {
	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
	if (event.key === "Escape") {
		// A browser that closed the dialog by itself would not ask.
		if (document.querySelector("dialog[open]")) event.preventDefault();
		if (leaveDialog() || state.open === "") return;
		goTo(state.panel);
		return;
	}
	if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
	const number = Number(event.key);
	if (event.key === "/") {
		event.preventDefault();
		document.querySelector("#panel input[type=search]")?.focus();
	} else if (event.key === "?") showKeys();
	else if (event.key === "t") nextTheme();
	else if (number >= 1 && number <= panels.length) goTo(panels[number - 1].id);
}

// The theme.

const THEMES = { system: "◐", light: "☀", dark: "☾" };

function theme() {
	return document.documentElement.dataset.theme ?? "system";
}

function nextTheme() {
	const names = Object.keys(THEMES);
	const next = names[(names.indexOf(theme()) + 1) % names.length];
	if (next === "system") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = next;
	kept(() => localStorage.setItem("ims_mock.theme", next));
	set({});
}

addEventListener("hashchange", readAddress);
addEventListener("keydown", onKey);
subscribe(draw);
readAddress();
follow(panels);
