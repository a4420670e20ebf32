// What is loaded of the one thing that is open.

import { set } from "../state.js";

const LATER = 3000; // Milliseconds.

/** Return a function that asks for what a key has, once however often it is called, and shows it if no other key was asked for since. */
export function latest(ask, show) {
	let last = null;
	return async (key, isAgain = false) => {
		if (key === last && !isAgain) return;
		last = key;
		try {
			const found = await ask(key);
			if (key === last) show(found, key);
		} catch (error) {
			// Each drawing may call it.
			setTimeout(() => {
				if (key === last) last = null;
				set({});
			}, LATER);
			throw error;
		}
	};
}
