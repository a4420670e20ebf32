// The lines that do in a test, or in a shell, what a button does here.

import { html } from "../vendor/lit-html.js";
import { address } from "../api.js";
import { copyButton } from "./copy.js";
import { quoted } from "./curl.js";

/** Return the line of curl that asks the control API for something. */
export function curlLine(method, path, body) {
  const data = body === undefined ? "" : ` -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
  return `curl -X ${method} ${quoted(address(path))}${data}`;
}

/** Return lines of Python and of a shell, each with a button that copies it. */
export function lines(python, shell) {
  return html`<div class="lines">
    ${line("In a test", python, "python")} ${line("In a shell", shell, "shell")}
  </div>`;
}

function line(title, text, name) {
  return html`<div><div class="title"><strong>${title}</strong><span class="space"></span>${copyButton(text)}</div><pre data-line=${name}>${text}</pre></div>`;
}
