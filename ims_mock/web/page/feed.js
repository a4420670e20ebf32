// Keeps what is seen up to date: waits for changes at the mock, and loads again what has changed.

import { get } from "./api.js";
import { set, state } from "./state.js";
import { loadClock, paceOf } from "./parts/clock.js";
import { announce, toast } from "./parts/toast.js";
import { loadWorlds } from "./parts/worlds.js";

const WAIT = 25; // Seconds at the mock.
const PAUSE = 150; // Milliseconds in which changes come together.
const LONG_PAUSE = 3000;
const BACKOFF = 10_000;
const TICK = 1000; // Between two loads of what passes with a clock that runs.

// A page that is loaded again has its place at the mock again; a copy of its tab finds no name.
const PAGE = "ims_mock.page";
const page = kept(() => sessionStorage.getItem(PAGE)) ?? Math.random().toString(36).slice(2);
addEventListener("pagehide", () => kept(() => sessionStorage.setItem(PAGE, page)));
addEventListener("pageshow", () => kept(() => sessionStorage.removeItem(PAGE)));

const loaded = new Map(); // The parts with which each panel was loaded, as a text.
const loading = new Map(); // The loads under way, by panel.
let isWhole = false; // What no change loads again is there.

/** Use what the browser keeps; nothing is kept where storage is switched off. */
export function kept(use) {
	try {
		return use();
	} catch {
		return undefined;
	}
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Load the panels that are seen, and again after each change, as long as the page is there. */
export async function follow(panels) {
	let cursor = "";
	let failures = 0;
	setInterval(() => tick(panels), TICK);
	setInterval(() => retry(panels), LONG_PAUSE);
	for (;;) {
		if (document.hidden) {
			set({ link: "paused" });
			await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
			continue;
		}
		try {
			const changes = await ask(cursor);
			await take(changes, panels);
			failures = 0;
			cursor = changes.cursor;
			await pause(changes.is_busy ? LONG_PAUSE : PAUSE);
		} catch (error) {
			if (error.name === "AbortError") continue;
			if (error.isGone) {
				set({ link: "removed" });
				return reload(panels, state.panel);
			}
			cursor = "";
			failures += 1;
			set({ link: "lost" });
			await pause(Math.min(BACKOFF, 250 * 2 ** failures));
		}
	}
}

/** Wait for changes; the wait ends when the tab is hidden. */
async function ask(cursor) {
	const leaving = new AbortController();
	const leave = () => document.hidden && leaving.abort();
	document.addEventListener("visibilitychange", leave);
	try {
		const query = new URLSearchParams({ page, after: cursor, wait: cursor === "" ? 0 : WAIT });
		return await get(`changes?${query}`, { signal: leaving.signal });
	} finally {
		document.removeEventListener("visibilitychange", leave);
	}
}

/** Note what has changed, and load what of it is seen. */
async function take({ instance, parts, counts, is_busy: isBusy }, panels) {
	const isOther = state.instance !== "" && state.instance !== instance;
	if (isOther) {
		loaded.clear();
		toast("The mock was restarted. The page now shows the new one.");
		announce("The mock was restarted.");
	}
	const isClock = isOther || parts.clock !== state.parts.clock;
	if (!isWhole || isOther) {
		isWhole = false;
		set({ health: await get("health") });
		await loadWorlds();
		isWhole = true;
	}
	if (isClock) await loadClock();
	set({ instance, parts, counts, link: isBusy ? "busy" : "live" });
	await refresh(panels, state.panel);
}

/** Load a panel, unless it has been loaded since its parts have changed last. */
export async function refresh(panels, id) {
	const panel = panels.find((known) => known.id === id);
	const wanted = panel.parts.map((part) => state.parts[part]).join(" ");
	if (loaded.get(id) === wanted || state.instance === "") return;
	if (await reload(panels, id)) loaded.set(id, wanted);
}

/** Load a panel again, once at a time; what goes wrong is shown in its place. Return whether all went well. */
export async function reload(panels, id) {
	const panel = panels.find((known) => known.id === id);
	// What is under way may have asked before the change.
	await loading.get(id);
	const load = panel
		.load()
		.then(() => "")
		.catch((error) => error.message);
	loading.set(id, load);
	const error = await load;
	if (loading.get(id) === load) loading.delete(id);
	if ((state.errors[id] ?? "") !== error) set({ errors: { ...state.errors, [id]: error } });
	if (error !== "") loaded.delete(id);
	return error === "";
}

const isOff = () => document.hidden || /lost|removed/.test(state.link);

/** Load what is seen once more, where this went wrong the last time. */
function retry(panels) {
	if (!isOff() && state.errors[state.panel]) refresh(panels, state.panel);
}

/** Draw a clock that runs, and load what becomes due by it. */
function tick(panels) {
	if (isOff() || !paceOf(state.clock)) return;
	set({});
	const panel = panels.find((known) => known.id === state.panel);
	if (panel.parts.includes("clock") && !loading.has(panel.id)) reload(panels, panel.id);
}
