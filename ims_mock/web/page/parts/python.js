// Values and rules as Python has them.

import { isRaw } from "./json.js";

/** Return a value of JSON as an expression. */
export function pythonOf(value) {
	if (value === null) return "None";
	if (value === true) return "True";
	if (value === false) return "False";
	if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
	if (typeof value === "object" && !isRaw(value)) {
		return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${pythonOf(item)}`).join(", ")}}`;
	}
	// A text of JSON is one of Python too.
	return JSON.stringify(value);
}

/** Return the class of a kind of fault: "lose_response" is LoseResponse. */
export function classOf(kind) {
	return kind.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** Return the expression that makes a fault, such as Fail(503). */
export function faultOf({ kind, ...fields }) {
	const given = Object.entries(fields).map(([name, value], index) =>
		kind === "fail" && name === "status" && index === 0 ? pythonOf(value) : `${name}=${fieldOf(name, value)}`,
	);
	return `${classOf(kind)}(${given.join(", ")})`;
}

// Only a sequence has faults within it; any other value is data, also where it looks like a fault.
function fieldOf(name, value) {
	const isFaults = name === "faults" && Array.isArray(value);
	return isFaults ? `[${value.map((fault) => (isFault(fault) ? faultOf(fault) : pythonOf(fault))).join(", ")}]` : pythonOf(value);
}

const isFault = (value) => typeof value?.kind === "string";

/** Return the classes that the expression of a fault needs. */
export function classesOf(fault) {
	const inner = Array.isArray(fault.faults) ? fault.faults.filter(isFault).flatMap(classesOf) : [];
	return [...new Set([classOf(fault.kind), ...inner])].sort();
}
