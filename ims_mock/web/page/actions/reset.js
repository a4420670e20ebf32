// Beginning again, after a question.

import { html, nothing } from "../vendor/lit-html.js";
import { post } from "../api.js";
import { openDialog } from "../parts/dialog.js";
import { exact } from "../parts/json.js";
import { commandLine, curlLine, lines, noLines } from "../parts/lines.js";
import { pythonOf } from "../parts/python.js";
import { ruleText } from "../parts/rule_text.js";
import { toast } from "../parts/toast.js";
import { typedText } from "../parts/typed.js";

/** Ask whether to reset the mock, with other settings perhaps, and do it. */
export function openReset() {
	const form = { typed: "", error: "" };
	openDialog("Reset the mock", (close, draw) => formOf(form, close, draw));
}

function formOf(form, close, draw) {
	const settings = settingsOf(form.typed);
	const given = Object.entries(settings ?? {}).map(([name, value]) => `${name}=${pythonOf(value)}`);
	const reset = async (event) => {
		event.preventDefault();
		try {
			if (settings === null) throw new Error("The settings must be a JSON object, such as {\"seed\": 7}.");
			await post("reset", settings);
			close();
			toast("The mock was reset");
		} catch (error) {
			form.error = error.message;
			draw();
		}
	};
	return html`<form class="form" novalidate @submit=${reset}>
		<p class="plain-text">This clears images, jobs, rules, snapshots and the journal, and starts the clock again.</p>
		<div class="field field-json"><label for="reset-settings">settings until the next reset</label>
			<textarea id="reset-settings" rows="2" spellcheck="false" placeholder='{"seed": 7, "auth": "strict"}' aria-describedby="reset-help" aria-invalid=${form.error ? "true" : nothing}
				.value=${typedText(form.typed)} @input=${(event) => { Object.assign(form, { typed: event.target.value, error: "" }); draw(); }}></textarea>
			<p class="help" id="reset-help">${form.error ? html`<span class="wrong" role="alert">${form.error}</span> ` : nothing}As JSON. If this is empty, the mock has the settings with which it was started.</p></div>
		${settings === null || form.error ? noLines() : lines(`ims_mock.reset(${given.join(", ")})`, curlLine("POST", "reset", Object.keys(settings ?? {}).length ? settings : undefined), optionLine(settings ?? {}))}
		<footer><button class="primary">Reset</button><button type="button" @click=${close}>Cancel</button></footer>
	</form>`;
}

/** Return the line that starts a mock with settings, or "" where options cannot say them. */
function optionLine(settings) {
	const options = Object.entries(settings).map(([name, value]) => optionsOf(name, value));
	return options.length === 0 || options.includes(null) ? "" : commandLine(options.flat());
}

/** Return the options that stand for a setting; null where there are none. */
function optionsOf(name, value) {
	if (name === "accounts") return null; // The option takes a file.
	if (name === "faults") {
		const texts = Array.isArray(value) ? value.map((rule) => (typeof rule === "string" ? rule : rule?.fault?.kind ? ruleText(rule) : "")) : [""];
		return texts.includes("") ? null : texts.map((text) => ["fault", text]);
	}
	const option = name.replaceAll("_", "-");
	if (name === "header_faults") return value === false ? [[`no-${option}`]] : [];
	if (value === null || value === false) return [];
	if (value === true) return [[option]];
	return [[option, typeof value === "string" ? value : JSON.stringify(value)]];
}

/** Return the settings that are typed; null for what is no JSON object. */
function settingsOf(typed) {
	if (typed.trim() === "") return {};
	try {
		const value = exact(typed);
		return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
	} catch {
		return null;
	}
}
