// The worlds of the server, and the way from the page of one to that of another.

import { html, nothing } from "../vendor/lit-html.js";
import { get, root } from "../api.js";
import { set } from "../state.js";

/** Load the names of the worlds. */
export async function loadWorlds() {
  set({ worlds: (await get("worlds")).worlds });
}

/** Return a choice of the worlds, or nothing where there is one alone. */
export function worldChoice({ worlds, health }) {
  if (worlds.length < 2) return nothing;
  return html`<select class="small" aria-label="World" title="World" @focus=${() => loadWorlds().catch(() => {})} @change=${(event) => openWorld(event.target.value, worlds)}>
    ${worlds.map(({ name }) => html`<option value=${name} ?selected=${name === health?.world}>${name}</option>`)}
  </select>`;
}

function openWorld(name, worlds) {
  // The default world has no prefix; it has one all the same where the host names another.
  const path = worlds.find((world) => world.name === name).path || "/~default";
  location.href = `${root().replace(/\/~[^/]*$/, "")}${path}/_ims_mock/${location.hash}`;
}
