// Fields of a form, as a JSON Schema has them.

import { html, nothing } from "../vendor/lit-html.js";
import { exact } from "./json.js";
import { typedText } from "./typed.js";

/** Return what kind of field a schema needs: "choice", "tick", "number", "text" or "json". */
function kindOf(schema) {
	if (choicesOf(schema)) return "choice";
	const types = [schema.type ?? []].flat().filter((type) => type !== "null");
	if (types.includes("boolean")) return "tick";
	if (types.includes("integer") || types.includes("number")) return "number";
	return types.length === 1 && types[0] === "string" ? "text" : "json";
}

function choicesOf(schema) {
	if (schema.enum) return schema.enum;
	const parts = schema.anyOf?.map((part) => part.enum);
	return parts?.every(Boolean) ? parts.flat() : undefined;
}

/** Return the value of a field from what was typed; nothing for an empty field. What cannot be read is left as text. */
export function valueOf(schema, typed) {
	if (typed === "" || typed === undefined || typed === false) return undefined;
	const kind = kindOf(schema);
	if (kind === "text" || kind === "tick") return typed;
	const number = Number(typed);
	if (kind === "number" && (Number.isSafeInteger(number) || !Number.isInteger(number))) return Number.isFinite(number) ? number : typed;
	try {
		return exact(typed);
	} catch {
		return typed;
	}
}

/** Return whether a field for a number has none. */
export function isNoNumber(schema, typed) {
	return kindOf(schema) === "number" && typeof valueOf(schema, typed) === "string";
}

/** Return the bounds of a field in words. */
function boundsOf(schema) {
	const least = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? `more than ${schema.exclusiveMinimum}` : undefined);
	const most = schema.maximum;
	if (least !== undefined && most !== undefined) return `${least} to ${most}`;
	if (least !== undefined) return typeof least === "string" ? least : `${least} or more`;
	return most !== undefined ? `at most ${most}` : "";
}

/**
 * Return a field with its label and help. `typed` is what it has, `change(typed)` gets what is typed, `error` is the
 * mock's reason against it; `list` is the id of a datalist.
 */
export function field({ id, name, schema, typed, change, needed = false, error = "", list, hint = "" }) {
	const kind = kindOf(schema);
	const bounds = boundsOf(schema);
	const help = [schema.description, bounds && `(${bounds})`, hint, kind === "json" && "As JSON."].filter(Boolean).join(" ");
	const common = { id, help: `${id}-help`, error, typed, change };
	return html`<div class="field field-${kind}">
		<label for=${id}>${name}${needed ? html` <span class="needed">needed</span>` : nothing}</label>
		${CONTROLS[kind](schema, common, list)}
		<p class="help" id="${id}-help">${error ? html`<span class="wrong" role="alert">${error}</span> ` : nothing}${help}</p>
	</div>`;
}

const input = (schema, { id, help, error, typed, change }, list, mode) => html`<input type="text" id=${id} inputmode=${mode ?? nothing} list=${list ?? nothing}
	aria-describedby=${help} autocomplete="off" aria-invalid=${error ? "true" : nothing} placeholder=${schema.default ?? ""} .value=${typedText(typed)}
	@input=${(event) => change(event.target.value)}>`;

const CONTROLS = {
	choice: (schema, { id, help, error, typed, change }) => html`<select id=${id} aria-describedby=${help} aria-invalid=${error ? "true" : nothing}
		@change=${(event) => change(event.target.value)}>
		<option value="" ?selected=${!typed}></option>
		${choicesOf(schema).map((value) => html`<option value=${JSON.stringify(value)} ?selected=${typed === JSON.stringify(value)}>${value}</option>`)}
	</select>`,
	tick: (_, { id, help, typed, change }) => html`<input type="checkbox" id=${id} aria-describedby=${help} .checked=${Boolean(typed)}
		@change=${(event) => change(event.target.checked)}>`,
	number: (schema, common) => input(schema, common, undefined, "decimal"),
	text: input,
	json: (schema, { id, help, error, typed, change }) => html`<textarea id=${id} rows="2" aria-describedby=${help} spellcheck="false"
		placeholder=${schema.examples ? JSON.stringify(schema.examples[0]) : ""}
		aria-invalid=${error ? "true" : nothing} .value=${typedText(typed)} @input=${(event) => change(event.target.value)}></textarea>`,
};
