// Records that are loaded once, and from then on only as far as they have changed.

import { get } from "../api.js";

const PIECE = 2000;

/** Keeps records by key, from a path of the control API with cursors; `field` has the records of a response. */
export class Changed {
	#path;
	#field;
	#keyOf;
	#cursor = "";
	records = new Map();

	constructor(path, field, keyOf) {
		this.#path = path;
		this.#field = field;
		this.#keyOf = keyOf;
	}

	/** Load what has changed, piece by piece, and call a function after each; return what was in them. */
	async load(show) {
		const fresh = [];
		for (;;) {
			const piece = await get(`${this.#path}?${new URLSearchParams({ after: this.#cursor, limit: PIECE })}`);
			if (piece.is_whole) this.records = new Map();
			for (const key of piece.removed ?? []) this.records.delete(key);
			for (const record of piece[this.#field]) this.records.set(this.#keyOf(record), record);
			if (!piece.is_whole) fresh.push(...piece[this.#field]);
			this.#cursor = piece.cursor;
			show(piece);
			if (!piece.has_more) return fresh;
		}
	}
}
