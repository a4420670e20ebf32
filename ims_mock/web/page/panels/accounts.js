// The users and projects, without what gives access, and what is denied.

import { html, nothing } from "../vendor/lit-html.js";
import { badge } from "../parts/badge.js";
import { copyButton } from "../parts/copy.js";
import { part } from "../parts/details.js";
import { loadAccounts } from "../parts/projects.js";

function view({ accounts, denials = [] }) {
	if (accounts === undefined) return html`<div class="bar"><h1>Accounts</h1></div>`;
	return html`
		<div class="bar"><h1>Accounts</h1></div>
		<div class="sheet" tabindex="0" role="group" aria-label="Accounts">
			${part("Users", usersOf(accounts.users))} ${part("Projects", projectsOf(accounts.projects))}
			${part("Denied actions", denialsOf(denials))}
		</div>`;
}

function usersOf(users) {
	return html`<table>
		<thead><tr><th scope="col">Name</th><th scope="col">AK</th><th scope="col">Roles</th><th scope="col">Id</th></tr></thead>
		<tbody>${users.map((user) => html`<tr>
			<th scope="row">${user.name}</th><td class="mono">${user.access}</td>
			<td>${Object.entries(user.roles).map(([project, roles]) => html`${roles.map((role) => badge(role))} in ${project} `)}</td>
			<td class="mono">${user.id}</td></tr>`)}</tbody>
	</table>`;
}

function projectsOf(projects) {
	return html`<table>
		<thead><tr><th scope="col">Name</th><th scope="col">Id</th><td></td></tr></thead>
		<tbody>${projects.map((project) => html`<tr>
			<th scope="row">${project.name}</th><td class="mono">${project.id}</td><td>${copyButton(project.id, "Copy the id")}</td>
		</tr>`)}</tbody>
	</table>`;
}

function denialsOf(denials) {
	if (denials.length === 0) return html`<p class="faint">No action is denied. A test denies one with <code>ims_mock.deny("ims:images:create")</code>.</p>`;
	return html`<table>
		<thead><tr><th scope="col">Action</th><th scope="col">User</th></tr></thead>
		<tbody>${denials.map((denial) => html`<tr><th scope="row" class="mono">${denial.action}</th><td>${denial.user ?? "everybody"}</td></tr>`)}</tbody>
	</table>`;
}

export const panel = { id: "accounts", title: "Accounts", parts: ["accounts"], load: loadAccounts, view };
