// The control API, by addresses that are relative to the page: another path may stand before both.

import { state } from "./state.js";

/** Return the whole address of something of the control API, such as "journal". */
export function address(path) {
	return new URL(path, document.baseURI).href;
}

/** Return the root of the mock's own addresses, such as "http://127.0.0.1:9292". */
export function root() {
	return new URL("..", document.baseURI).href.replace(/\/$/, "");
}

/** Send a request, and return the JSON of its response, or null for one without a body; throw the mock's reason. */
export async function request(method, path, body, { parse = JSON.parse, ...options } = {}) {
	let response;
	try {
		response = await fetch(address(path), {
			method,
			cache: "no-store",
			// No request makes the world again once it is removed.
			headers: { "X-IMS-Mock-Instance": state.world, ...(body !== undefined && { "Content-Type": "application/json" }) },
			body: body === undefined ? undefined : JSON.stringify(body),
			...options,
		});
	} catch (error) {
		if (error.name === "AbortError") throw error;
		throw new Error("The mock does not respond. Is it still running?");
	}
	const text = await response.text();
	const json = text === "" ? null : parsed(text, parse);
	if (!response.ok) {
		const error = new Error(json?.error?.message ?? `The mock responded with ${response.status}.`);
		error.isGone = response.status === 410;
		throw error;
	}
	return json;
}

export const get = (path, options) => request("GET", path, undefined, options);
export const post = (path, body, options) => request("POST", path, body, options);
export const put = (path, body, options) => request("PUT", path, body, options);
export const remove = (path, options) => request("DELETE", path, undefined, options);

function parsed(text, parse) {
	try {
		return parse(text);
	} catch {
		return null;
	}
}
