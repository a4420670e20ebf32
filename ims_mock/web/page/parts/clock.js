// The mock's clock, as it goes on in the page while it runs.

import { get } from "../api.js";
import { set } from "../state.js";

/** Keep what the control API says of the clock: {now, time, speed}. */
export function keepClock(clock) {
	set({ clock: { ...clock, at: performance.now() } });
}

/** Ask for the clock. */
export async function loadClock() {
	keepClock(await get("clock"));
}

/** Return how many of its seconds pass in a real one. */
export function paceOf(clock) {
	return clock === null ? 0 : (clock.speed ?? 1);
}

/** Return its time by now, in seconds since 1970. */
export function timeOf(clock) {
	return clock.now + (paceOf(clock) * (performance.now() - clock.at)) / 1000;
}
