// Short messages that go away by themselves, and news for those who cannot see the page.

const SECONDS = 6;

/** Show a message; `kind` is "good" or "bad". What is bad stays until it is closed. */
export function toast(text, kind = "good") {
	const shown = document.createElement("p");
	shown.className = `toast ${kind}`;
	shown.textContent = text;
	const close = document.createElement("button");
	close.className = "plain";
	close.textContent = "×";
	close.setAttribute("aria-label", "Close");
	close.addEventListener("click", () => shown.remove());
	shown.append(close);
	const place = document.getElementById("toasts");
	place.append(shown);
	while (place.children.length > 4) place.firstChild.remove();
	if (kind !== "bad") setTimeout(() => shown.remove(), SECONDS * 1000);
}

/** Do something that may be rejected; the reason is shown. Return whether it was done. */
export async function attempt(work, done = "") {
	try {
		await work();
	} catch (error) {
		toast(error.message, "bad");
		return false;
	}
	if (done) toast(done);
	return true;
}

const PAUSE = 3000;
let waiting = "";
let timer = 0;

/** Say something in words to a screen reader; of many in a row the last one counts. */
export function announce(text) {
	waiting = text;
	timer ||= setTimeout(() => {
		timer = 0;
		document.getElementById("arrivals").textContent = waiting;
	}, PAUSE);
}
