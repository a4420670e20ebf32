// A button that copies a text.

import { html } from "../vendor/lit-html.js";
import { toast } from "./toast.js";

/** Return a button that copies what `text` is, or what it returns when it is called. */
export function copyButton(text, label = "Copy") {
	const copy = async () => {
		const content = typeof text === "function" ? text() : text;
		if (await copied(content)) toast("Copied");
		else toast("The browser does not let the page copy. Select the text, and copy it yourself.", "bad");
	};
	return html`<button class="small" type="button" @click=${copy}>${label}</button>`;
}

async function copied(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		// Over HTTP from another machine there is no clipboard but the old one.
		const field = document.createElement("textarea");
		field.value = text;
		field.className = "unseen";
		// A modal dialog takes the focus from what is outside of it.
		(document.querySelector("dialog[open]") ?? document.body).append(field);
		field.select();
		const isDone = document.execCommand("copy");
		field.remove();
		return isDone;
	}
}
