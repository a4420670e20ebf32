// Bytes as a hex dump, beside the characters that they are in ASCII.

const WIDTH = 16;

export function hexOf(base64) {
	const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
	const lines = [];
	for (let start = 0; start < bytes.length; start += WIDTH) {
		const row = [...bytes.slice(start, start + WIDTH)];
		const hex = row.map((byte) => byte.toString(16).padStart(2, "0"));
		const halves = [hex.slice(0, WIDTH / 2), hex.slice(WIDTH / 2)].map((half) => half.join(" "));
		const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
		lines.push(`${start.toString(16).padStart(8, "0")}  ${halves.join("  ").padEnd(WIDTH * 3)}  ${text}`);
	}
	return lines.join("\n");
}
