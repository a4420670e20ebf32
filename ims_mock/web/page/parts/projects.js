// The projects by id, so that an owner has a name.

import { get } from "../api.js";
import { set, state } from "../state.js";

let loadedFor = "";

/** Load the accounts, unless they are there as they are now. */
export async function loadAccounts() {
	const wanted = `${state.instance} ${state.parts.accounts}`;
	if (wanted === loadedFor) return;
	const [accounts, { denials }] = await Promise.all([get("accounts"), get("denials")]);
	set({ accounts, denials });
	loadedFor = wanted;
}

/** Return the name of a project by its id, or nothing where it has none here. */
export function projectName(id) {
	return state.accounts?.projects.find((project) => project.id === id)?.name;
}
