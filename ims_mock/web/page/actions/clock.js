// Moving the mock's clock.

import { html } from "../vendor/lit-html.js";
import { post } from "../api.js";
import { keepClock } from "../parts/clock.js";
import { commandLine, curlLine, lines, noLines } from "../parts/lines.js";
import { attempt } from "../parts/toast.js";
import { set, state } from "../state.js";
import { typedText } from "../parts/typed.js";

const STEPS = [["1 minute", 60], ["1 hour", 3600], ["1 day", 86400]];

const move = (body) => attempt(async () => keepClock(await post("clock", body)));

/** Return the hands of the clock; `state.clockForm` has what is typed: {seconds, speed}, and what was done last. */
export function clockHands() {
	const { seconds = "60", speed = "1", last = { advance: 60 } } = state.clockForm ?? {};
	const change = (changes) => set({ clockForm: { ...state.clockForm, ...changes } });
	const act = async (body) => (await move(body)) && change({ last: body });
	return html`
		<form class="hands" novalidate @submit=${(event) => { event.preventDefault(); act({ advance: numberOf(state.clockForm?.seconds ?? seconds) }); }}>
			<label>Advance by <input type="text" inputmode="decimal" .value=${typedText(seconds)} @input=${(event) => change({ seconds: event.target.value, last: { advance: numberOf(event.target.value) } })}> seconds</label>
			<button class="primary" type="submit">Advance</button>
			${STEPS.map(([text, step]) => html`<button type="button" @click=${() => act({ advance: step })}>+ ${text}</button>`)}
		</form>
		<form class="hands" novalidate @submit=${(event) => { event.preventDefault(); act({ run: numberOf(state.clockForm?.speed ?? speed) }); }}>
			<label>Run <input type="text" inputmode="decimal" .value=${typedText(speed)} @input=${(event) => change({ speed: event.target.value, last: { run: numberOf(event.target.value) } })}> times as fast as real time</label>
			<button type="submit">Run</button>
			<button type="button" @click=${() => act({ freeze: true })}>Freeze</button>
		</form>
		${Object.values(last).some((value) => typeof value === "string") ? noLines() : lines(pythonLine(last), curlLine("POST", "clock", last), optionLine(last))}`;
}

/** Return the line that starts a mock whose clock runs like that; nothing starts one that is further on. */
function optionLine(body) {
	if (body.freeze) return commandLine([["speed", "0"]]);
	return "run" in body ? commandLine([["speed", String(body.run)]]) : "";
}

/** Return a number, or the text as it is, for the mock to reject it. */
function numberOf(text) {
	return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function pythonLine(body) {
	if (body.freeze) return "ims_mock.clock.freeze()";
	return "run" in body ? `ims_mock.clock.run(${body.run})` : `ims_mock.clock.advance(${body.advance})`;
}
