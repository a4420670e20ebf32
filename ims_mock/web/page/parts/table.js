// A table of which only the rows that are seen are in the document, so that 10,000 rows scroll as 10 do.

import { html, nothing, render } from "../vendor/lit-html.js";

const ROW = 30; // Pixels, as in page.css.
const MORE = 8; // Rows beyond the edges.

/**
 * Shows `rows` in `columns`: {key, title, width, from, kind, cell(row), by(row)}. A column is shown where the table has at
 * least `from` pixels; `by` is what it is sorted by. `selected` is the key of the open row; the event "open" has the row
 * that a user opens as its detail. Rows come and go above without moving what is looked at.
 */
class Table extends HTMLElement {
	columns = [];
	#rows = [];
	#given = [];
	#sort = null;
	rowKey = (row) => row.id;
	rowClass = () => "";
	label = "";
	selected = "";
	#active = -1;
	#activeKey = null;
	#first = null;
	#body = null;
	#isDrawing = false;

	connectedCallback() {
		this.addEventListener("scroll", () => this.draw(), { passive: true });
		this.addEventListener("keydown", (event) => this.#move(event));
		new ResizeObserver(() => this.draw()).observe(this);
		this.tabIndex = 0;
		this.setAttribute("role", "grid");
	}

	get rows() {
		return this.#rows;
	}

	set rows(rows) {
		if (rows === this.#given) return;
		this.#given = rows;
		this.#arrange();
	}

	/** Have the rows in the order that was chosen. */
	#arrange() {
		const { by, down } = this.#sort ?? {};
		const order = (one, other) => (by(one) < by(other) ? -1 : by(one) > by(other) ? 1 : 0);
		this.#rows = by ? [...this.#given].sort(down ? (one, other) => order(other, one) : order) : this.#given;
	}

	#sortBy(column) {
		const last = this.#sort;
		if (last?.key !== column.key) this.#sort = { key: column.key, by: column.by, down: false };
		else this.#sort = last.down ? null : { ...last, down: true };
		this.#arrange();
		this.#active = this.rows.findIndex((row) => this.rowKey(row) === this.#activeKey);
		this.#first = null;
		this.#draw();
	}

	#head(column) {
		const sorted = this.#sort?.key === column.key ? (this.#sort.down ? "descending" : "ascending") : "none";
		if (!column.by) return html`<div role="columnheader" class=${column.kind ?? ""}>${column.title}</div>`;
		const mark = { ascending: " ↑", descending: " ↓", none: "" }[sorted];
		return html`<div role="columnheader" class=${column.kind ?? ""} aria-sort=${sorted}>
			<button class="sort" @click=${() => this.#sortBy(column)}>${column.title}${mark}</button>
		</div>`;
	}

	/** Draw again after properties have changed; lit-html sets this one last. */
	set drawn(_) {
		this.#keepPlace();
		this.draw();
	}

	draw() {
		if (this.#isDrawing) return;
		this.#isDrawing = true;
		requestAnimationFrame(() => {
			this.#isDrawing = false;
			this.#draw();
		});
	}

	/** Keep the row at the top where it is, when others come above it, and the active row the same one. */
	#keepPlace() {
		if (this.#activeKey !== null) this.#active = this.rows.findIndex((row) => this.rowKey(row) === this.#activeKey);
		if (this.#first === null || this.scrollTop < ROW) return;
		const at = this.rows.findIndex((row) => this.rowKey(row) === this.#first.key);
		if (at >= 0 && at !== this.#first.at) {
			this.#draw();
			this.scrollTop += (at - this.#first.at) * ROW;
		}
	}

	#draw() {
		const columns = this.columns.filter((column) => !column.from || this.clientWidth >= column.from);
		const top = Math.max(0, Math.floor(this.scrollTop / ROW) - MORE);
		const end = Math.min(this.rows.length, top + Math.ceil(this.clientHeight / ROW) + 2 * MORE);
		const at = Math.floor(this.scrollTop / ROW);
		this.#first = at < this.rows.length ? { at, key: this.rowKey(this.rows[at]) } : null;
		this.setAttribute("aria-label", this.label);
		this.setAttribute("aria-rowcount", this.rows.length + 1);
		this.setAttribute("aria-colcount", columns.length);
		if (this.#active >= top && this.#active < end) this.setAttribute("aria-activedescendant", `${this.id}-${this.#active}`);
		else this.removeAttribute("aria-activedescendant");
		this.style.setProperty("--columns", columns.map((column) => column.width ?? "1fr").join(" "));
		const heads = columns.map((column) => this.#head(column));
		const shown = [];
		for (let index = top; index < end; index += 1) shown.push(this.#row(this.rows[index], index, columns));
		render(
			html`<div class="head" role="rowgroup"><div class="row" role="row" aria-rowindex="1">${heads}</div></div>
				<div class="rows" role="rowgroup" .style=${`height:${this.rows.length * ROW}px`}>${shown}</div>`,
			this,
		);
	}

	#row(row, index, columns) {
		const key = this.rowKey(row);
		const names = ["row", this.rowClass(row), index === this.#active ? "active" : "", index % 2 ? "odd" : ""];
		return html`<div class=${names.join(" ")} role="row" id="${this.id}-${index}" aria-rowindex=${index + 2}
			aria-selected=${key === this.selected ? "true" : "false"} data-key=${key} .style=${`top:${index * ROW}px`}
			@click=${(event) => this.#click(event, row)}>
			${columns.map((column) => html`<div role="gridcell" class=${column.kind ?? ""}>${column.cell(row) ?? nothing}</div>`)}
		</div>`;
	}

	#click(event, row) {
		if (event.target.closest("button, a, input, select")) return;
		// A user who marks text wants to copy it.
		if (String(getSelection()) !== "") return;
		// Others may have come above it since the last drawing.
		const at = this.rows.findIndex((other) => this.rowKey(other) === this.rowKey(row));
		if (at >= 0) this.#activate(at);
		this.#open(row);
	}

	#activate(index) {
		this.#active = index;
		this.#activeKey = index in this.rows ? this.rowKey(this.rows[index]) : null;
		const head = ROW;
		if (index * ROW < this.scrollTop) this.scrollTop = index * ROW;
		else if ((index + 1) * ROW + head > this.scrollTop + this.clientHeight) {
			this.scrollTop = (index + 1) * ROW + head - this.clientHeight;
		}
		this.#draw();
	}

	#open(row) {
		this.dispatchEvent(new CustomEvent("open", { detail: row }));
	}

	#move(event) {
		if (event.target !== this || event.ctrlKey || event.metaKey || event.altKey) return;
		const page = Math.max(1, Math.floor(this.clientHeight / ROW) - 2);
		const last = this.rows.length - 1;
		const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
		if (event.key in steps && last >= 0) {
			event.preventDefault();
			this.#activate(Math.max(0, Math.min(last, this.#active + steps[event.key])));
			if (this.selected !== "") this.#open(this.rows[this.#active]);
		} else if ((event.key === "Enter" || event.key === " ") && this.rows[this.#active]) {
			event.preventDefault();
			this.#open(this.rows[this.#active]);
		}
	}
}

customElements.define("ims-table", Table);

/** Return a table, or what is shown in its place where it has no rows. */
export function table({ id, label, columns, rows, rowKey, rowClass, selected, open, empty }) {
	if (rows.length === 0) return html`<div class="empty">${empty}</div>`;
	return html`<ims-table id=${id} .label=${label} .columns=${columns} .rows=${rows} .rowKey=${rowKey ?? byId}
		.rowClass=${rowClass ?? noClass} .selected=${selected ?? ""} @open=${(event) => open?.(event.detail)}
		.drawn=${{}}></ims-table>`;
}

const byId = (row) => row.id;
const noClass = () => "";
