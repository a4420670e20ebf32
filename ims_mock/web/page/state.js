// What the page has loaded, and what its user has chosen. Panels read `state`, and change it with `set` alone.

export const state = {
	panel: "journal", // The tab that is open, and the key of what is open in it, both from the address.
	open: "",
	link: "connecting", // "live", "busy", "paused" (a hidden tab), "lost", "removed" or "connecting".
	instance: "", // Of the mock: another one after a restart.
	parts: {}, // The state of each part of the mock, and how many there are of what, from the feed.
	counts: {},
	health: null,
	world: "", // The id of the world, which no later one of its name has.
	worlds: [],
	clock: null,
	errors: {}, // Why a panel could not be loaded, by its id.
	filters: {}, // What is searched for, by panel: {text, ...}.
};

const listeners = new Set();
let isScheduled = false;

/** Call a function after changes, once a frame at most. */
export function subscribe(listener) {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** Change what is loaded or chosen, and have the page drawn again. */
export function set(changes) {
	Object.assign(state, changes);
	if (isScheduled) return;
	isScheduled = true;
	// A hidden tab gets no frames; it is drawn when it is seen again.
	requestAnimationFrame(() => {
		isScheduled = false;
		for (const listener of listeners) listener(state);
	});
}

/** Return what a panel is filtered by. */
export function filterOf(panel) {
	return state.filters[panel] ?? {};
}

/** Change what a panel is filtered by. */
export function setFilter(panel, changes) {
	set({ filters: { ...state.filters, [panel]: { ...filterOf(panel), ...changes } } });
}
