// The lines that do in a test, or in a shell, what a button does here.

import { html, nothing } from "../vendor/lit-html.js";
import { address } from "../api.js";
import { copyButton } from "./copy.js";
import { quoted } from "./curl.js";

/** Return the line of curl that asks the control API for something. */
export function curlLine(method, path, body) {
	const data = body === undefined ? "" : ` -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
	return `curl ${method === "GET" ? "" : `-X ${method} `}${quoted(address(path))}${data}`;
}

/** Return the line that starts a mock with options: [name, value], or [name] for one without a value. */
export function commandLine(options) {
	return ["ims-mock", ...options.flatMap(([name, value]) => (value === undefined ? [`--${name}`] : [`--${name}`, quoted(value)]))].join(" ");
}

/** Return what is shown while no lines can be. */
export const noLines = () => html`<p class="faint">Lines that do the same appear once what is typed is valid.</p>`;

/** Return lines of Python, of a shell, and of the command, where each of them can do the same, with buttons to copy. */
export function lines(python, shell, command = "") {
	return html`<div class="lines">
		${python ? line("In a test", python, "python") : nothing} ${line("In a shell", shell, "shell")}
		${command ? line("From the start of a mock", command, "command") : nothing}
	</div>`;
}

function line(title, text, name) {
	return html`<div><div class="title"><strong>${title}</strong><span class="space"></span>${copyButton(text)}</div><pre data-line=${name}>${text}</pre></div>`;
}
