// Ending a job, or letting it run without end.

import { html, nothing } from "../vendor/lit-html.js";
import { post } from "../api.js";
import { curlLine, lines } from "../parts/lines.js";
import { pythonOf } from "../parts/python.js";
import { attempt } from "../parts/toast.js";
import { set, state } from "../state.js";
import { typedText } from "../parts/typed.js";

const WORDS = { SUCCESS: "The job has succeeded", FAIL: "The job has failed", RUNNING: "The job runs without end" };

/** Return the hands of a job that has not ended; `state.jobForm` has what is typed for it: {id, code, reason}, and the status. */
export function jobHands(job) {
	if (job.status !== "INIT" && job.status !== "RUNNING") return nothing;
	if (job.parent) return html`<p class="faint">It ends with the job that it is a part of.</p>`;
	const form = () => (state.jobForm?.id === job.id ? state.jobForm : { id: job.id });
	const { status = "SUCCESS", code = "", reason = "" } = form();
	const change = (changes) => set({ jobForm: { ...form(), ...changes } });
	const path = `jobs/${encodeURIComponent(job.id)}`;
	const body = bodyOf(status, code, reason);
	const end = (wanted) => {
		change({ status: wanted });
		return attempt(() => post(path, bodyOf(wanted, form().code, form().reason)), WORDS[wanted]);
	};
	const python = lineOf(job.id, status, code, reason);
	return html`
		<div class="hands">
			<button class="primary" @click=${() => end("SUCCESS")}>Let it succeed</button>
			<button ?disabled=${job.is_stuck} @click=${() => end("RUNNING")}>Let it run without end</button>
		</div>
		<div class="hands">
			<button @click=${() => end("FAIL")}>Let it fail</button>
			<label>with <input type="text" placeholder="IMG.nnnn" aria-label="Code of the error" .value=${typedText(code)} @input=${(event) => change({ status: "FAIL", code: event.target.value })}></label>
			<input type="text" placeholder="reason" aria-label="Reason" .value=${typedText(reason)} @input=${(event) => change({ status: "FAIL", reason: event.target.value })}>
		</div>
		${lines(python, curlLine("POST", path, body))}`;
}

function bodyOf(status, code, reason) {
	if (status !== "FAIL") return { status };
	return { status, ...(code ? { error_code: code } : {}), ...(reason ? { fail_reason: reason } : {}) };
}

/** Return the line of Python that does the same. */
function lineOf(id, status, code, reason) {
	const call = { SUCCESS: "finish", FAIL: "fail", RUNNING: "stick" }[status];
	const given = status === "FAIL" ? { ...(code ? { code } : {}), ...(reason ? { reason } : {}) } : {};
	const values = Object.entries(given).map(([name, value]) => `, ${name}=${pythonOf(value)}`);
	return `ims_mock.jobs.${call}(${pythonOf(id)}${values.join("")})`;
}
