// The mock's clock.

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { set } from "../state.js";
import { facts } from "../parts/details.js";
import { duration, time } from "../parts/format.js";

async function load() {
  set({ clock: await get("clock") });
}

function view({ clock }) {
  if (clock === null) return nothing;
  const pace = clock.speed === null ? "the time of its owner's clock" : clock.speed ? `${duration(clock.speed)} seconds in a real one` : "it stands still";
  return html`<div class="bar"><h1>Clock</h1></div>
    <div class="sheet">${facts([["Time (UTC)", html`<span class="mono large">${time(clock.now)}</span>`], ["Pace", pace]])}</div>`;
}

export const panel = { id: "clock", title: "Clock", parts: ["clock"], load, view };
