// Dialogs, one above the other at most.

import { html, nothing, render } from "../vendor/lit-html.js";

let open = null;
let opener = null;

/** Open a dialog; `body` returns its template, and gets a function that closes it and one that draws it again. */
export function openDialog(title, body, { wide = false } = {}) {
  closeDialogs();
  opener = document.activeElement;
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "dialog-title");
  if (wide) dialog.className = "wide";
  const draw = () =>
    render(
      html`<div class="title"><h2 id="dialog-title">${title}</h2>
          <button class="plain" type="button" aria-label="Close" @click=${closeDialogs}>×</button></div>
        <div class="body">${body(closeDialogs, draw) ?? nothing}</div>`,
      dialog,
    );
  draw();
  dialog.addEventListener("click", (event) => event.target === dialog && closeDialogs());
  dialog.addEventListener("close", closeDialogs);
  document.getElementById("dialogs").append(dialog);
  dialog.showModal();
  open = dialog;
  return draw;
}

/** Close the dialog, if there is one; return whether there was. */
export function closeDialogs() {
  if (open === null) return false;
  const dialog = open;
  open = null;
  dialog.remove();
  opener?.focus?.();
  return true;
}
