// The worlds of the server with their regions, and the way from one to another.

import { html, nothing } from "../vendor/lit-html.js";
import { get, root } from "../api.js";
import { set, state } from "../state.js";

/** Load the worlds, and which of them is that of the page. */
export async function loadWorlds() {
	const { worlds } = await get("worlds");
	set({ worlds, world: worlds.find(({ name }) => name === state.health.world)?.instance });
}

/** Return a choice of the worlds and their regions; nothing where there is only one. */
export function worldChoice({ worlds, health }) {
	const open = ({ target }) => {
		// The default world has a prefix too, as the host may name another one.
		location.href = `${root().replace(/(\/~[^/]*)+$/, "")}/~${target.value}/_ims_mock/${location.hash}`;
	};
	const places = worlds.flatMap(({ name, regions = [""] }) => regions.map((region, at) => ({ name, region, at })));
	return places.length < 2 ? nothing : html`<select class="small" aria-label="World" @focus=${() => loadWorlds().catch(() => {})} @change=${open}>
		${places.map(({ name, region, at }) => html`<option value=${at ? `${name}/~${region}` : name}
			?selected=${name === health?.world && [health.region, ""].includes(region)}>${name} ${region}</option>`)}
	</select>`;
}
