// Runs before anything is painted, so that a page in the other theme does not flash.
(() => {
	try {
		const chosen = localStorage.getItem("ims_mock.theme");
		if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
	} catch {
		// Storage is switched off: the system's theme it is.
	}
})();
