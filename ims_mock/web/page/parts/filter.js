// The search field and the choices above a table.

import { html } from "../vendor/lit-html.js";
import { filterOf, setFilter } from "../state.js";
import { typedText } from "./typed.js";

/** Return a field for a text; `label` says what is searched. */
export function searchBox(panel, label) {
	const clear = (event) => {
		if (event.key !== "Escape") return;
		event.stopPropagation();
		if (event.target.value === "") event.target.blur();
		setFilter(panel, { text: "" });
	};
	return html`<input type="search" placeholder="Search  /" aria-label=${label} title=${label}
		.value=${typedText(filterOf(panel).text)} @input=${(event) => setFilter(panel, { text: event.target.value })}
		@keydown=${clear}>`;
}

/** Return a choice of one value of several; the first is all of them. */
export function choice(panel, name, label, values) {
	const chosen = filterOf(panel)[name] ?? "";
	return html`<select aria-label=${label} title=${label} @change=${(event) => setFilter(panel, { [name]: event.target.value })}>
		<option value="" ?selected=${chosen === ""}>${label}: all</option>
		${values.map((value) => html`<option value=${value} ?selected=${chosen === value}>${value}</option>`)}
	</select>`;
}

/** Return a box to tick. */
export function tick(panel, name, label) {
	return html`<label class="tick"><input type="checkbox" .checked=${Boolean(filterOf(panel)[name])}
		@change=${(event) => setFilter(panel, { [name]: event.target.checked })}>${label}</label>`;
}

/** Return what finds the words of a text, all of them, in any order. */
export function matcher(text = "") {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	return words.length ? (searched) => words.every((word) => searched.includes(word)) : () => true;
}

/** Return a function that has the text of a row to search in, which is made once. */
export function searchable(textOf) {
	const texts = new WeakMap();
	return (row) => texts.get(row) ?? texts.set(row, textOf(row).toLowerCase()).get(row);
}

/** Return the values that rows have under a name, each once. */
export const distinct = (rows, name, otherwise) => [...new Set(rows.map((row) => String(row[name] ?? otherwise)))].sort();
