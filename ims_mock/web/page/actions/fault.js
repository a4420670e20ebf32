// Arming a rule by a form that has each field of each fault from the schemas of the control API, and disarming it.

import { html, nothing } from "../vendor/lit-html.js";
import { get, post, remove } from "../api.js";
import { alikeOf, choose as chooseAlike, hasId, isChosen } from "../parts/alike.js";
import { openDialog } from "../parts/dialog.js";
import { field, isNoNumber, valueOf } from "../parts/fields.js";
import { commandLine, curlLine, lines, noLines } from "../parts/lines.js";
import { classesOf, faultOf, pythonOf } from "../parts/python.js";
import { ruleText } from "../parts/rule_text.js";
import { attempt, toast } from "../parts/toast.js";

const PREFIX = "faults_kinds_";
const FIRST = ["operation", "times"]; // What nearly every rule has; the other conditions are folded away.

let schemas = null;
let operations = null;

/** Load the schemas of the faults, and the operations with what they do; once. */
async function loadSchemas() {
	if (schemas !== null) return;
	const [control, api] = await Promise.all([get("control.json"), get("openapi.json")]);
	const known = control.components.schemas;
	const kinds = Object.keys(known).filter((name) => name.startsWith(PREFIX));
	operations = Object.values(api.paths)
		.flatMap((methods) => Object.values(methods))
		.filter((operation) => operation.operationId)
		.map(({ operationId: id, summary = "" }) => ({ id, summary }))
		.sort((one, other) => one.id.localeCompare(other.id));
	schemas = { kinds: Object.fromEntries(kinds.map((name) => [name.slice(PREFIX.length), known[name]])), rule: known.faults_rule };
}

/** Return the lines that add a rule. */
export function linesOf({ id, hits, fault, ...conditions }) {
	const given = Object.entries(conditions).map(([name, value]) => `, ${name}=${pythonOf(value)}`);
	const python = `from ims_mock import ${classesOf(fault).join(", ")}\n\nims_mock.faults.add(${faultOf(fault)}${given.join("")})`;
	const text = ruleText({ fault, ...conditions });
	return lines(python, curlLine("POST", "faults", { fault, ...conditions }), text && commandLine([["fault", text]]));
}

/** Open the form; `rule` has the texts of conditions by name, `alike` conditions that can be ticked. */
export async function openFaultForm({ rule = { times: "1" }, alike = [] } = {}) {
	const before = location.hash;
	// Another form may have been opened while this loads.
	if (!(await attempt(loadSchemas)) || location.hash !== before || document.querySelector("dialog[open]")) return;
	const form = { kind: "fail", fault: { status: "503" }, rule: { ...rule }, alike, errors: {}, error: "", isBusy: false };
	const draw = openDialog("Arm a rule", (close, again) => formOf(form, close, again), { wide: true });
	draw();
	document.querySelector("dialog select")?.focus();
}

/** Return the rule that the form has, as the control API takes it. */
function ruleOf(form) {
	const fields = Object.entries(schemas.kinds[form.kind].properties).filter(([name]) => name !== "kind");
	const conditions = conditionsOf();
	return {
		fault: { kind: form.kind, ...given(fields, form.fault) },
		...given(conditions, form.rule),
	};
}

const conditionsOf = () => Object.entries(schemas.rule.properties).filter(([name]) => name !== "fault");

function given(fields, typed) {
	const values = fields.map(([name, schema]) => [name, valueOf(schema, typed[name])]);
	return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function formOf(form, close, draw) {
	const schema = schemas.kinds[form.kind];
	const fields = Object.entries(schema.properties).filter(([name]) => name !== "kind");
	const conditions = conditionsOf();
	const rule = ruleOf(form);
	const isBad = (part) => ([name, schema]) => isNoNumber(schema, form[part][name]);
	const isWrong = form.error || Object.keys(form.errors).length || fields.some(isBad("fault")) || conditions.some(isBad("rule"));
	const of = (part, needed = []) => ([name, schema]) =>
		field({
			id: `${part}-${name}`,
			name,
			schema,
			typed: form[part][name],
			needed: needed.includes(name),
			error: form.errors[part === "fault" ? `/fault/${name}` : `/${name}`],
			list: part === "rule" && name === "operation" ? "operations" : undefined,
			change: (typed) => {
				form[part][name] = typed;
				form.errors = {};
				form.error = "";
				draw();
			},
		});
	return html`<form class="form" novalidate @submit=${(event) => arm(event, form, close, draw)}>
		<datalist id="operations">${operations.map(({ id, summary }) => html`<option value=${id}>${summary}</option>`)}</datalist>
		<div class="columns">
			<fieldset><legend>What goes wrong</legend>
				<div class="field"><label for="fault-kind">fault</label>
					<select id="fault-kind" aria-describedby="fault-kind-help" @change=${(event) => choose(event, form, draw)}>
						${Object.keys(schemas.kinds).map((kind) => html`<option value=${kind} ?selected=${kind === form.kind}>${kind}</option>`)}
					</select><p class="help" id="fault-kind-help">${schema.description}</p></div>
				${fields.map(of("fault", schema.required))}
			</fieldset>
			<fieldset><legend>Which requests</legend>
				${form.alike.length ? alikeForm(form, draw) : nothing}
				${conditions.filter(([name]) => FIRST.includes(name)).map(of("rule"))}
				<details ?open=${conditions.some(([name]) => !FIRST.includes(name) && form.errors[`/${name}`])}>
					<summary>More conditions</summary>
					${conditions.filter(([name]) => !FIRST.includes(name)).map(of("rule"))}
				</details>
			</fieldset>
		</div>
		${form.error ? html`<p class="reason bad" role="alert">${form.error}</p>` : nothing}
		${isWrong ? noLines() : linesOf(rule)}
		<footer><button class="primary" type="submit" ?disabled=${form.isBusy}>Arm the rule</button>
			<button type="button" @click=${close}>Cancel</button></footer>
	</form>`;
}

/** Return the conditions that the request of the journal fulfils, each with a box to tick. */
function alikeForm(form, draw) {
	const change = (condition) => (event) => {
		chooseAlike(form.rule, condition, event.target.checked);
		draw();
	};
	return html`<div class="alike" role="group" aria-label="Alike in">
		<p class="help">The rule applies to requests that are the same in everything that you tick:</p>
		${form.alike.map((condition) => html`<label class="alike-tick"><input type="checkbox" .checked=${isChosen(form.rule, condition)} @change=${change(condition)}>
			<span>${condition.label} <code>${condition.shown ?? valueText(condition.value)}</code></span></label>`)}
	</div>`;
}

const valueText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function choose(event, form, draw) {
	form.kind = event.target.value;
	form.fault = {};
	form.errors = {};
	form.error = "";
	draw();
}

async function arm(event, form, close, draw) {
	event.preventDefault();
	form.isBusy = true;
	draw();
	try {
		const rule = await post("faults", ruleOf(form));
		toast(`Rule ${rule.id} is armed`);
		if (close()) location.hash = `#/rules/${rule.id}`;
	} catch (error) {
		form.isBusy = false;
		// The reason begins with the place of what is wrong.
		const place = /^(\/fault\/\w+|\/\w+)/.exec(error.message)?.[0];
		form.errors = place ? { [place]: error.message } : {};
		form.error = place && place in errorsShown(form) ? "" : error.message;
		draw();
		document.querySelector("dialog [aria-invalid]")?.focus();
	}
}

/** Return the places that have a field, by which a reason is shown. */
function errorsShown(form) {
	const fault = Object.keys(schemas.kinds[form.kind].properties).map((name) => [`/fault/${name}`, true]);
	return Object.fromEntries([...fault, ...conditionsOf().map(([name]) => [`/${name}`, true])]);
}

/** Open the form for requests like one of the journal. */
export function openFaultLike(entry) {
	const alike = alikeOf(entry);
	const rule = { times: "1" };
	// An id in the path is a part of what is alike.
	const first = hasId(entry.path) ? ["operation", "path"] : ["operation"];
	for (const condition of alike) if (first.includes(condition.name)) chooseAlike(rule, condition, true);
	return openFaultForm({ rule, alike });
}

/** Return the lines that disarm a rule, and those that disarm every rule. */
export function disarmLines(rule) {
	return html`${lines(`ims_mock.faults.remove(${pythonOf(rule.id)})`, curlLine("DELETE", `faults/${encodeURIComponent(rule.id)}`))}
		<h3>Disarm every rule</h3>
		${lines("ims_mock.faults.clear()", curlLine("DELETE", "faults"))}`;
}

/** Disarm a rule. */
export async function disarm(rule) {
	if (await attempt(() => remove(`faults/${encodeURIComponent(rule.id)}`), `Rule ${rule.id} is disarmed`)) location.hash = "#/rules";
}

/** Disarm every rule. */
export function disarmAll() {
	return attempt(() => remove("faults"), "All rules are disarmed");
}
