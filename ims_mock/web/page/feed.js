// Keeps what is seen up to date.

import { get } from "./api.js";
import { set, state } from "./state.js";

const PAUSE = 1000;

/** Load the panels that are seen, again and again, as long as the tab is. */
export async function follow(panels) {
  for (;;) {
    if (document.hidden) {
      set({ link: "paused" });
      await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
      continue;
    }
    try {
      set({ health: await get("health"), clock: await get("clock"), link: "live" });
      await reload(panels, state.panel);
    } catch {
      set({ link: "lost" });
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Load one panel again; what goes wrong is shown in its place. */
export async function reload(panels, id) {
  const panel = panels.find((known) => known.id === id);
  try {
    await panel?.load();
    set({ errors: { ...state.errors, [id]: "" } });
  } catch (error) {
    set({ errors: { ...state.errors, [id]: error.message } });
  }
}
