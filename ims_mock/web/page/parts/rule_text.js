// A rule as a line of text, as the option --fault has it; ims_mock/faults/rule_text.py reads it.

/** Return the line of a rule, or "" for a rule that no line can say. */
export function ruleText({ fault, operation, times, headers = {}, json = {}, optional, ...others }) {
	const parts = [faultText(fault)];
	if (operation !== undefined) parts.unshift(/^[^\s:(),"]+$/.test(operation) ? `${operation}:` : null);
	if (times !== undefined) parts.push(Number.isSafeInteger(times) && times >= 0 ? `x${times}` : null);
	for (const [name, value] of Object.entries(others)) {
		parts.push(name, ...(Array.isArray(value) ? value.map(word) : [word(value)]));
	}
	for (const [name, glob] of Object.entries(headers)) parts.push("header", pair(name, glob));
	for (const [pointer, value] of Object.entries(json)) parts.push("json", pair(pointer, value));
	if (optional) parts.push("optional");
	return parts.includes(null) ? "" : parts.join(" ");
}

function faultText({ kind, ...fields }) {
	const { faults, ...plain } = fields;
	const given = kind === "sequence" && Array.isArray(faults) ? faults.map(stepText) : [];
	const isStatus = kind === "fail" && Number.isSafeInteger(plain.status);
	const name = isStatus ? String(plain.status) : kind;
	if (isStatus) delete plain.status;
	for (const [field, value] of Object.entries(plain)) given.push(word(value) === null ? null : `${field}=${word(value)}`);
	if (given.includes(null)) return null;
	return given.length ? `${name}(${given.join(", ")})` : name;
}

const stepText = (fault) => (fault === null ? "pass" : typeof fault?.kind === "string" ? faultText(fault) : null);

function pair(name, value) {
	return word(value) === null ? null : `${/^[\w/-]+$/.test(name) ? name : JSON.stringify(name)}=${word(value)}`;
}

/** Return a value as one word; null for one that has several, such as a list. */
function word(value) {
	const text = JSON.stringify(value);
	if (typeof value !== "string") return /[\s(),]/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, "")) ? null : text;
	return /^[A-Za-z_/][\w/.*-]*$/.test(value) && !["true", "false", "null", "NaN", "Infinity"].includes(value) ? value : text;
}
