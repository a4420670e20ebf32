// What is loaded of one thing, such as the one that is open.

import { set } from "../state.js";

const LATER = 3000; // Milliseconds.

/**
 * Return a function that asks for what a key has, and shows it unless another key was asked for since. Each drawing may
 * call it: it asks once, and `LATER` once more after a failure; a call with `isAgain` asks each time.
 */
export function latest(ask, show) {
	let last = null;
	return async (key, isAgain = false) => {
		if (key === last && !isAgain) return;
		last = key;
		try {
			const found = await ask(key);
			if (key === last) show(found, key);
		} catch (error) {
			setTimeout(() => {
				if (key === last) last = null;
				set({});
			}, LATER);
			throw error;
		}
	};
}
