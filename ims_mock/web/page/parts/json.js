// JSON in which long numbers keep their digits: JSON.stringify writes them as they were read.

/** Return whether a value is a number that is kept as its digits. */
export const isRaw = (value) => Boolean(JSON.isRawJSON?.(value));

/** Return the value of a text of JSON. Throw where the browser cannot keep all digits of a number. */
export function exact(text) {
	return JSON.parse(text, (_, value, context) => {
		if (typeof value !== "number" || Number.isSafeInteger(value) || (!Number.isInteger(value) && Number.isFinite(value))) return value;
		if (!JSON.rawJSON || !context?.source) throw new RangeError("This browser cannot keep all digits of so long a number.");
		return JSON.rawJSON(context.source);
	});
}
