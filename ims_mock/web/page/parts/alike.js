// What a rule can have in common with a request of the journal, so that it applies to requests like that one.

import { exact, isRaw } from "./json.js";

const LEFT_OUT = [
	...["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect", "x-sdk-date", "date"],
	...["traceparent", "x-request-id", "x-openstack-request-id"],
];
const MOST_FIELDS = 40; // Of a body; others are typed.
const LONGEST = 200;
const MASK = "***";
const ID = /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/i;

/**
 * Return the conditions that a request fulfils: {name, key, value, label, shown}. `name` is that of the condition in a
 * rule, and `key` the name in it, for headers and for the fields of a body. What is shown is the value, unless it is a
 * glob for that.
 */
export function alikeOf(entry) {
	const path = entry.path.split("?")[0];
	const caller = entry.caller ? `, of ${entry.caller}` : "";
	return [
		{ name: "operation", value: entry.operation, label: "operation" },
		{ name: "method", value: entry.method, label: "method" },
		{ name: "path", value: globOf(path), shown: path, label: "path" },
		...(entry.project_id ? [{ name: "project", value: globOf(entry.project_id), shown: entry.project_id, label: `project of the caller${caller}` }] : []),
		...Object.entries(entry.request_headers).flatMap(headerOf),
		...fieldsOf(entry.request_body).map(([key, value]) => ({ name: "json", key, value, label: `body ${key}` })),
	];
}

/** Return whether a path names one thing by its id, so that only requests for this thing are like it. */
export function hasId(path) {
	return ID.test(path.split("?")[0]);
}

/** Return the glob that matches a text alone. */
function globOf(text) {
	return text.replace(/[*?[]/g, "[$&]");
}

function headerOf([key, value]) {
	// Of a signature, the access key says who has signed; the rest is another one for each request.
	const signed = /^SDK-HMAC-SHA256 Access=([^,\s]+)/.exec(value);
	if (signed) return [{ name: "headers", key, value: `${globOf(signed[0])},*`, shown: signed[1], label: "signed with the AK" }];
	if (LEFT_OUT.includes(key.toLowerCase()) || value.includes(MASK) || value.length > LONGEST) return [];
	return [{ name: "headers", key, value: globOf(value), shown: value, label: `header ${key}` }];
}

/** Return the values in a body of JSON with their pointers. */
function fieldsOf(body) {
	try {
		return leavesOf(exact(body), "").slice(0, MOST_FIELDS);
	} catch {
		return [];
	}
}

// A rule cannot have half of a surrogate pair.
const isHalf = (value) => typeof value === "string" && /\p{Surrogate}/u.test(value);

function leavesOf(value, pointer) {
	if (value === null || typeof value !== "object" || isRaw(value)) {
		return pointer === "" || value === MASK || isHalf(pointer) || isHalf(value) || JSON.stringify(value).length > LONGEST ? [] : [[pointer, value]];
	}
	return Object.entries(value).flatMap(([name, item]) => leavesOf(item, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`));
}

// A rule in a form has a text for each condition: the value itself, or JSON.

const isTyped = ({ name }) => name === "operation" || name === "path" || name === "project";

/** Return whether a condition is in the form's texts. */
export function isChosen(typed, condition) {
	const { name, key, value } = condition;
	if (key !== undefined) return JSON.stringify(objectOf(typed[name])[key]) === JSON.stringify(value);
	return typed[name] === (isTyped(condition) ? value : JSON.stringify(value));
}

/** Put a condition into the form's texts, or take it out. */
export function choose(typed, condition, isOn) {
	const { name, key, value } = condition;
	if (key === undefined) {
		typed[name] = isOn ? (isTyped(condition) ? value : JSON.stringify(value)) : "";
		return;
	}
	const { [key]: _, ...others } = objectOf(typed[name]);
	const left = isOn ? { ...others, [key]: value } : others;
	typed[name] = Object.keys(left).length ? JSON.stringify(left) : "";
}

function objectOf(text) {
	try {
		const value = exact(text);
		return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
	} catch {
		return {};
	}
}
