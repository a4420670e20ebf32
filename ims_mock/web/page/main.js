// The page: its frame, its tabs and its keys.
//
//   api.js       requests to the control API: get, post, put, remove; an ApiError has the mock's reason
//   state.js     what was loaded and chosen: state, set, subscribe, filterOf, setFilter
//   feed.js      what has changed, from the mock; the panels that show it are loaded again
//   parts/       what several panels are made of: table, details, dialog, badge, copy, filter, toast, format
//   actions/     what a user can do: forms and buttons, and the lines that do the same in a test
//   panels/      one module a tab, which exports `panel`:
//     id, title    its tab; its address is #/ID, and #/ID/KEY while something of it is open (state.open)
//     parts        the parts of the feed after whose change it is loaded again: journal, images, jobs, rules, clock,
//                  accounts, snapshots, settings; with "clock" also each second while the clock runs
//     load()       asks the control API, and keeps what it gets with `set`
//     view(state)  returns a template of lit-html
//     count(state) returns the number on its tab; it may be left out
//
// The Content-Security-Policy allows no inline style and no inline script: set a style with .style=${...}, or a class.

import { html, nothing, render } from "./vendor/lit-html.js";
import { follow, refresh } from "./feed.js";
import { openReset } from "./actions/reset.js";
import { set, state, subscribe } from "./state.js";
import { paceOf, timeOf } from "./parts/clock.js";
import { closeDialogs, openDialog } from "./parts/dialog.js";
import { linkBadge } from "./parts/badge.js";
import { duration, time } from "./parts/format.js";
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

function readAddress() {
  const [, id = "", ...key] = location.hash.split("/");
  const panel = panels.find((known) => known.id === id) ?? panels[0];
  const isOther = panel.id !== state.panel;
  set({ panel: panel.id, open: key.map(decodeURIComponent).join("/") });
  document.title = `${panel.title} · ims_mock`;
  if (isOther) refresh(panels, panel.id);
}

let seen = "";

/** Draw the page; where the tabs do not all fit, the one that is chosen is in sight. */
function draw(state) {
  render(page(state), document.getElementById("page"));
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
      <span class="space"></span>
      ${clockText(state.clock)} ${linkBadge(state.link)}
      <button class="small" type="button" @click=${openReset}>Reset…</button>
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
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const tabs = [...event.currentTarget.querySelectorAll("a")];
  const at = tabs.indexOf(document.activeElement);
  tabs[(at + step + tabs.length) % tabs.length].focus();
}

function isTyping(element) {
  return element instanceof HTMLElement && (element.matches("input, select, textarea") || element.isContentEditable);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") {
    if (!closeDialogs() && state.open !== "") goTo(state.panel);
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
  try {
    localStorage.setItem("ims_mock.theme", next);
  } catch {
    // Storage is switched off; the choice lasts as long as the page.
  }
  set({});
}

addEventListener("hashchange", readAddress);
addEventListener("keydown", onKey);
subscribe(draw);
readAddress();
follow(panels);
