// Downloading what the mock has: its requests, its state, and everything about what has happened.

import { html } from "../vendor/lit-html.js";
import { openDialog } from "../parts/dialog.js";
import { commandLine, curlLine, lines } from "../parts/lines.js";

const fetched = (path, file) =>
	`from urllib.request import urlretrieve\n\nurlretrieve(f"{ims_mock.url}/_ims_mock/${path}", "${file}")`;

const FILES = [
	{
		title: "Requests (HAR)",
		path: "journal.har",
		file: "ims_mock.har",
		text: html`The requests and responses of the journal as an HTTP archive. The network panel of a browser opens it, and
			<code>ims-mock contract check</code> reads it. Credentials are masked.`,
		python: fetched("journal.har", "ims_mock.har"),
	},
	{
		title: "State",
		path: "state",
		file: "ims_mock-state.json",
		text: "Images, files, jobs, accounts, settings and the time, from which a mock can start. Passwords and keys are in it.",
		python: 'ims_mock.snapshot().save("ims_mock-state.json")',
		command: commandLine([["state", "ims_mock-state.json"]]),
	},
	{
		title: "Bundle",
		path: "bundle",
		file: "ims_mock-bundle.json",
		text: html`Everything about what has happened, for example for a bug report: the requests with their reasons, rules,
			findings, images and jobs. It is what <code>--ims-mock-bundle</code> writes for a failed test. Credentials are masked.`,
		python: fetched("bundle", "ims_mock-bundle.json"),
	},
];

/** Show what can be downloaded. */
export function openDownloads() {
	openDialog("Download", () => html`<div class="form">${FILES.map(entry)}</div>`);
}

function entry({ title, path, file, text, python, command = "" }) {
	const shell = `${curlLine("GET", path)} -o ${file}`;
	return html`<section><header><h3 class="strong">${title}</h3><span class="space"></span>
			<a class="button primary" href=${path} download=${file} aria-label="Download ${title}">Download</a></header>
		<p class="plain-text">${text}</p>
		<details><summary>Lines that write the same file</summary>${lines(python, shell)}
			${command ? html`<p class="plain-text">To start a mock with it: <code data-line="start">${command}</code></p>` : ""}</details></section>`;
}
