// A request of the journal as a line of curl.

import { root } from "../api.js";

const LEFT_OUT = ["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"];

/** Return a text as one word of a shell. */
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Return the curl that sends the same again; what is masked in the journal stays masked. */
export function curlOf(entry) {
  const base = entry.base_url || root();
  const method = entry.method === "GET" && !entry.request_body ? [] : ["-X", entry.method];
  const headers = Object.entries(entry.request_headers)
    .filter(([name]) => !LEFT_OUT.includes(name.toLowerCase()))
    .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const body = entry.request_body ? [`--data-raw ${quoted(entry.request_body)}`] : [];
  return ["curl -i", ...method, quoted(base + entry.path), ...headers, ...body].join(" ");
}
