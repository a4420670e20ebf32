// Dialogs, one above the other at most.

import { html, nothing, render } from "../vendor/lit-html.js";

let open = null;
let opener = null;
let isTyped = false;

/** Open a dialog; `body` returns its template, and gets a function that closes it and one that draws it again. */
export function openDialog(title, body, { wide = false } = {}) {
	closeDialogs();
	isTyped = false;
	opener = document.activeElement;
	const dialog = document.createElement("dialog");
	const close = () => open === dialog && closeDialogs();
	dialog.setAttribute("aria-labelledby", "dialog-title");
	if (wide) dialog.className = "wide";
	const draw = () =>
		render(
			html`<div class="title"><h2 id="dialog-title">${title}</h2>
					<button class="plain" aria-label="Close" @click=${close}>×</button></div>
				<div class="body">${body(close, draw) ?? nothing}</div>`,
			dialog,
		);
	draw();
	// A press that marks a text in the dialog may end beside it.
	let isBeside = false;
	dialog.addEventListener("pointerdown", (event) => (isBeside = event.target === dialog));
	dialog.addEventListener("click", (event) => event.target === dialog && isBeside && leaveDialog());
	dialog.addEventListener("input", () => (isTyped = true));
	dialog.addEventListener("cancel", (event) => {
		event.preventDefault();
		leaveDialog();
	});
	dialog.addEventListener("close", close);
	document.getElementById("dialogs").append(dialog);
	dialog.showModal();
	// What is outside of a modal dialog is behind it, and is not read out.
	dialog.append(document.getElementById("toasts"));
	open = dialog;
	return draw;
}

/** Ask whether to do something that loses what is there, and do it. */
export function ask(title, text, work) {
	const done = (close) => (event) => {
		event.preventDefault();
		close();
		work();
	};
	openDialog(title, (close) => html`<form class="form" @submit=${done(close)}><p class="plain-text">${text}</p>
		<footer><button class="primary">${title}</button><button type="button" @click=${close}>Cancel</button></footer></form>`);
}

/** Close the dialog, if there is one, after a question where something was typed; return whether there was one. */
export function leaveDialog() {
	if (open !== null && isTyped && !confirm("Close the form, and lose what you typed?")) return true;
	return closeDialogs();
}

/** Close the dialog, if there is one; return whether there was. */
export function closeDialogs() {
	if (open === null) return false;
	const dialog = open;
	open = null;
	document.body.append(document.getElementById("toasts"));
	dialog.remove();
	opener?.focus?.();
	return true;
}
