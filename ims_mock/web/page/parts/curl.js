// A request of the journal as a line of curl.

import { root } from "../api.js";

const LEFT_OUT = ["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"];

/** Return a text as one word of a shell. */
export function quoted(text) {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const MOST_KEPT = 65536; // Bytes that the journal keeps of a body.

/** Return why a body of the journal is not the one that was sent; "" where it is. */
export function bodyIsNot(headers, body) {
	const header = (wanted) => Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
	const size = Number(header("content-length"));
	if (!body) return size > 0 || header("transfer-encoding") ? "The journal does not keep this body." : "";
	const bytes = new TextEncoder().encode(body).length;
	if (size > MOST_KEPT || (Number.isNaN(size) && bytes >= MOST_KEPT)) return `The journal keeps only the first ${MOST_KEPT} bytes of this body.`;
	const isText = !/[\0-\x08\x0e-\x1f]/.test(body) && (bytes === size || !/\\x[0-9a-f]{2}/.test(body));
	return isText && (header("content-encoding") ?? "identity") === "identity" ? "" : "This body is not text; its other bytes are shown as \\x and two digits.";
}

/** Return why there is no line of curl that sends a request again; "" where there is one. */
export function curlIsNot(entry) {
	const why = bodyIsNot(entry.request_headers, entry.request_body);
	return why && `${why} So no line can send it again.`;
}

/** Return the curl that sends the same again; what is masked in the journal stays masked. */
export function curlOf(entry) {
	const { method, path, request_body: body } = entry;
	const base = entry.base_url || root();
	const headers = Object.entries(entry.request_headers).filter(([name]) => !LEFT_OUT.includes(name.toLowerCase()));
	// Curl would send a type of its own.
	const isTyped = !body || headers.some(([name]) => name.toLowerCase() === "content-type");
	return [
		method === "HEAD" ? "curl -I" : "curl -i",
		...(/[[\]{}]/.test(path) ? ["-g"] : []),
		...(/\/\.\.?(?=[/?]|$)/.test(path) ? ["--path-as-is"] : []),
		...(method === "HEAD" || (method === "GET" && !body) ? [] : ["-X", method]),
		quoted(base + path),
		...headers.map(([name, value]) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`),
		...(isTyped ? [] : ["-H Content-Type:"]),
		...(body ? [`--data-raw ${quoted(body)}`] : []),
	].join(" ");
}
