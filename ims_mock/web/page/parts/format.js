// Values as people read them.

import { exact } from "./json.js";

/** Return a time of the mock's clock in UTC, from seconds since 1970. */
export function time(seconds) {
	return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
}

/** Return the time of day alone, with milliseconds. */
export function timeOfDay(seconds) {
	return new Date(seconds * 1000).toISOString().slice(11, 23);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Return a number of bytes with its unit. */
export function size(bytes) {
	if (bytes === null || bytes === undefined) return "";
	let unit = 0;
	let left = Number(bytes);
	while (left >= 1024 && unit < UNITS.length - 1) {
		left /= 1024;
		unit += 1;
	}
	return `${unit && left < 10 ? left.toFixed(1) : Math.round(left)} ${UNITS[unit]}`;
}

/** Return a number without needless digits. */
export function duration(number) {
	return String(Math.round(number * 1000) / 1000);
}

/** Return real seconds as milliseconds or seconds. */
export function taken(seconds) {
	if (seconds >= 1) return `${duration(seconds)} s`;
	return `${seconds < 0.01 ? (seconds * 1000).toFixed(1) : Math.round(seconds * 1000)} ms`;
}

/** Return an id in few characters. */
export function short(id) {
	return id && id.length > 12 ? `${id.slice(0, 8)}…` : id ?? "";
}

/** Return text of JSON with its indents, other text as it is. */
export function pretty(text) {
	try {
		return JSON.stringify(exact(text), null, 2);
	} catch {
		return text;
	}
}
