"""The part of the identity service that clients need: tokens, projects, domains, the catalogue.

https://docs.openstack.org/api-ref/identity/v3/index.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ims_mock.contract.errors import IAM, ImsError
from ims_mock.contract.hosts import cloud_host
from ims_mock.contract.operations import IDENTITY_ROOT
from ims_mock.exchange.caller import Caller
from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.identity.accounts import Accounts, Project, User, accounts_of
from ims_mock.identity.signing import is_same
from ims_mock.identity.tokens import Token, identity_of
from ims_mock.state.times import LAST, timestamp


def keystone_list_versions(exchange: Exchange) -> Response:
    """List the one version of the identity API; clients that only know its root use this."""
    return exchange.respond({"versions": {"values": [_version(exchange)]}})


def keystone_show_version(exchange: Exchange) -> Response:
    """Show the version of the identity API."""
    return exchange.respond({"version": _version(exchange)})


def keystone_create_token(exchange: Exchange) -> Response:
    """Issue a token for a password or for another token."""
    auth = exchange.body.json["auth"]
    given = auth["identity"]
    user = _authenticated(exchange, given)
    project, for_domain = _scope(exchange, user, auth.get("scope", {}))
    # A token for a token does not outlive the first one, and also has the methods of that one (as with Keystone).
    first = identity_of(exchange.store).find_token(given["token"]["id"]) if "token" in given["methods"] else None
    methods = list(dict.fromkeys([*given["methods"], *(first["methods"] if first else ())]))
    until = first["expires_at"] if first else LAST
    token = identity_of(exchange.store).new_token(user, project, methods=methods, for_domain=for_domain, until=until)
    return _token_response(exchange, token)


def keystone_validate_token(exchange: Exchange) -> Response:
    """Show the user, the scope and the expiry of a token."""
    return _token_response(exchange, _subject_token(exchange))


def keystone_revoke_token(exchange: Exchange) -> Response:
    """Revoke a token."""
    identity_of(exchange.store).revoke_token(_subject_token(exchange))
    return exchange.respond()


def keystone_list_projects(exchange: Exchange) -> Response:
    """List the projects that the caller may see; the name of the region is a second name of its own project.

    Raises 403 for the name or the id of another user's project. OpenStack's clients then use the name as an id.
    """
    query, region = exchange.query, exchange.store.settings["region"]
    visible = _visible_projects(exchange)
    hidden = [project for project in accounts_of(exchange.store).projects.values() if project not in visible]
    if query.get("name", region) != region and any(query["name"] in (item.id, item.name) for item in hidden):
        raise _not_own_project("name", query["name"])
    projects = [_project(exchange, project) for project in visible]
    asked = query.get("name")
    if asked is not None and asked not in [project["name"] for project in projects] and _is_region(exchange, asked):
        projects = [{**project, "name": asked} for project in projects[:1]]
    for name in ("name", "domain_id", "parent_id", "enabled", "is_domain"):
        projects = [project for project in projects if name not in query or project[name] == query[name]]
    first = (query.get("page", 1) - 1) * query["per_page"]
    projects = projects[first : first + query["per_page"]]
    return exchange.respond({"projects": projects, "links": _links(exchange, "/projects")})


def keystone_show_project(exchange: Exchange) -> Response:
    """Show a project that the caller may see; raise 403 for another user's project."""
    project_id = exchange.path["project_id"]
    project = accounts_of(exchange.store).find_project(id=project_id)
    if project is None:
        raise ImsError(
            404, IAM, f"Could not find project: {project_id}.", reason=f"/project_id: no project is {project_id!r}"
        )
    if project not in _visible_projects(exchange):
        raise _not_own_project("project_id", project_id)
    return exchange.respond({"project": _project(exchange, project)})


def keystone_list_auth_projects(exchange: Exchange) -> Response:
    """List the projects to which the caller can scope a token."""
    projects = [_project(exchange, project) for project in _own_projects(exchange)]
    return exchange.respond({"projects": projects, "links": _links(exchange, "/auth/projects")})


def keystone_list_users(exchange: Exchange) -> Response:
    """List the caller itself or, for an admin, every user."""
    accounts, query = accounts_of(exchange.store), exchange.query
    own = accounts.find_user(name=exchange.caller.user) or accounts.default_user
    visible = accounts.users.values() if _is_admin(accounts, exchange.caller) else [own]
    users = [_listed_user(exchange, user) for user in visible]
    for name in ("name", "domain_id", "enabled"):
        users = [user for user in users if name not in query or user[name] == query[name]]
    return exchange.respond({"users": users, "links": _links(exchange, "/users")})


def _listed_user(exchange: Exchange, user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "domain_id": accounts_of(exchange.store).domain.id,
        "enabled": True,
        "description": "",
        "password_expires_at": None,
        "links": {"self": f"{exchange.base_url}/v3/users/{user.id}"},
    }


def keystone_list_auth_domains(exchange: Exchange) -> Response:
    """List the domains to which the caller can scope a token: only its own."""
    domain = accounts_of(exchange.store).domain
    described = {"id": domain.id, "name": domain.name, "enabled": True, "description": "", "links": {}}
    return exchange.respond({"domains": [described], "links": _links(exchange, "/auth/domains")})


def keystone_show_catalog(exchange: Exchange) -> Response:
    """Show the services and their endpoints, which have the address at which the client reached the mock."""
    return exchange.respond({"catalog": _catalog(exchange), "links": {"self": f"{exchange.base_url}/v3/auth/catalog"}})


def _version(exchange: Exchange) -> dict[str, Any]:
    links = [{"rel": "self", "href": f"{exchange.base_url}/v3/"}]
    media_types = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
    return {"id": "v3.14", "status": "stable", "links": links, "media-types": media_types}


def _authenticated(exchange: Exchange, identity: Mapping[str, Any]) -> User:
    """Return the user who logs in; raise 401 for a wrong name, password or token, 400 for a method without data."""
    users = []
    for method in identity["methods"]:
        if method not in identity:
            raise ImsError(400, reason=f"/auth/identity/{method}: is needed, as methods has {method!r}")
        users.append((_by_password if method == "password" else _by_token)(exchange, identity[method]))
    if any(user != users[0] for user in users):
        raise _wrong_credentials("/auth/identity: all methods must be of one user")
    return users[0]


def _by_password(exchange: Exchange, password: Mapping[str, Any]) -> User:
    given, accounts = password["user"], accounts_of(exchange.store)
    if not _is_domain(exchange, given.get("domain", {})):
        raise _wrong_credentials("/auth/identity/password/user/domain: no domain has this id or name; leave it out")
    user: User | None = accounts.find_user(id=given.get("id"), name=given.get("name"))
    if user is None or not is_same(user.password, given["password"]):
        known = ", ".join(accounts.users)
        raise _wrong_credentials(
            f"/auth/identity/password/user: no user has this name and password; the users are {known}"
        )
    return user


def _by_token(exchange: Exchange, given: Mapping[str, Any]) -> User:
    identity = identity_of(exchange.store)
    record = identity.find_token(given["id"])
    user = identity.user_of(record) if record and identity.is_valid(record) else None
    if user is None:
        raise _wrong_credentials("/auth/identity/token: this token was not issued here, has expired, or was revoked")
    return user


def _scope(exchange: Exchange, user: User, scope: Mapping[str, Any] | str) -> tuple[Project | None, bool]:
    """Return the project of a scope, and whether it is the domain; raise 401 for what the user may not scope to."""
    if scope in ("unscoped", {}):
        return None, False
    if isinstance(scope, str):
        raise ImsError(400, reason='/auth/scope: must be a project, the domain, or "unscoped"')
    if "project" in scope:
        asked, accounts = scope["project"], accounts_of(exchange.store)
        project = accounts.find_project(id=asked.get("id"), name=asked.get("name"))
        if project is not None and project.name not in user.roles:
            project = None
        if project is None and "id" not in asked and _is_region(exchange, asked.get("name", "")):
            # The project of a region has the region's name.
            project = accounts.own_project(user)
        if project is None or not _is_domain(exchange, asked.get("domain", {})):
            known = ", ".join(user.roles)
            raise _wrong_credentials(f"/auth/scope/project: {user.name} has no role in this project, only in {known}")
        return project, False
    if not scope.get("domain") or not _is_domain(exchange, scope["domain"]):
        raise _wrong_credentials("/auth/scope: must have a project, or the domain by id or name")
    return None, True


def _is_region(exchange: Exchange, name: str) -> bool:
    """Return whether a name is that of a region of the cloud, and so of each user's own project too."""
    store = exchange.store
    return name == store.settings["region"] or store.find_region(name) is not None


def _is_domain(exchange: Exchange, asked: Mapping[str, Any]) -> bool:
    """Return whether a domain is the only one, which has the default name of Keystone."""
    domain = accounts_of(exchange.store).domain
    return asked.get("id", domain.id) in (domain.id, "default") and asked.get("name", domain.name) == domain.name


def _wrong_credentials(reason: str) -> ImsError:
    return ImsError(401, IAM, "The username or password is wrong.", reason=reason)


def _subject_token(exchange: Exchange) -> str:
    """Return the token in X-Subject-Token; raise 404 if it is not valid, 403 if it is another user's."""
    token: str = exchange.headers.get("X-Subject-Token", "")
    identity = identity_of(exchange.store)
    record = identity.find_token(token)
    if record is None or not identity.is_valid(record) or identity.user_of(record) is None:
        raise ImsError(404, IAM, "Could not find token.", reason="/X-Subject-Token: no such token is valid here")
    name = exchange.caller.user
    if name not in (None, record["user"]) and not _is_admin(accounts_of(exchange.store), exchange.caller):
        raise ImsError(403, IAM, reason=f"/X-Subject-Token: is not {name}'s own, and {name} is no admin of its project")
    return token


def _is_admin(accounts: Accounts, caller: Caller) -> bool:
    """Return whether a caller has the role admin in the project in which it calls."""
    user = accounts.find_user(name=caller.user)
    return user is not None and "admin" in user.roles.get(caller.project or "", ())


def _token_response(exchange: Exchange, token: str) -> Response:
    record = identity_of(exchange.store).store.tokens[token]
    return exchange.respond({"token": _described(exchange, record)}, headers={"X-Subject-Token": token})


def _described(exchange: Exchange, record: Token) -> dict[str, Any]:
    """Return the description of a token: its user, its scope, its times and the catalogue."""
    identity = identity_of(exchange.store)
    domain = {"id": identity.accounts.domain.id, "name": identity.accounts.domain.name}
    user, project = identity.user_of(record), identity.project_of(record)
    assert user is not None
    described: dict[str, Any] = {
        "methods": record["methods"],
        "issued_at": _time(record["issued_at"]),
        "expires_at": _time(record["expires_at"]),
        "user": {"id": user.id, "name": user.name, "domain": domain, "password_expires_at": ""},
    }
    if project is not None:
        described["project"] = {"id": project.id, "name": project.name, "domain": domain}
        described["roles"] = [{"id": role, "name": role} for role in user.roles.get(project.name, ())]
    if record["for_domain"]:
        described |= {"domain": domain, "roles": []}
    if (project is not None or record["for_domain"]) and "nocatalog" not in exchange.query:
        described["catalog"] = _catalog(exchange)
    return described


def _time(seconds: float) -> str:
    return timestamp(seconds).removesuffix("Z") + ".000000Z"


_SERVICES = (
    ("image", "glance", ""),
    ("imsv1", "ims", "/v1"),
    ("imsv2", "ims", "/v2"),
    ("identity", "keystone", IDENTITY_ROOT),
)
"""The services by type, each with its name and path; python-otcextensions asks for IMS's own API by these types."""


def _catalog(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the catalogue: the image and the identity service at their roots, and IMS's own API by its versions."""
    return [
        {
            "id": type_,
            "type": type_,
            "name": name,
            "endpoints": [
                {
                    "id": f"{type_}-{interface}" + (f"-{region}" if number else ""),
                    "interface": interface,
                    "region": region,
                    "region_id": region,
                    "url": (exchange.base_url if path == IDENTITY_ROOT else root) + path,
                }
                for number, (region, root) in enumerate(_roots(exchange))
                for interface in ("public", "internal", "admin")
            ],
        }
        for type_, name, path in _SERVICES
    ]


def _roots(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the regions that a catalogue is of, each with the root of IMS's URLs.

    Where a mock is a region of a cloud, and the identity service was asked by its name there, IMS is at its own name:
    in the region of that name, or in every region where it has none.
    """
    store = exchange.store
    scheme, _, authority = exchange.base_url.partition("://")
    name, colon, port = authority.partition(":")
    if store.cloud is not None and store.cloud.is_of_one_server:
        return _roots_on_one_server(exchange)
    host = cloud_host(name) if store.cloud is not None else None
    if host is None or store.cloud is None:
        return [(store.settings["region"], exchange.base_url)]
    regions = [host.region] if host.region else store.cloud.names
    return [(region, f"{scheme}://{host.of('ims', region)}{colon}{port}") for region in regions]


def _roots_on_one_server(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the regions of one server: each has its name in the path, but the first one where it was asked itself."""
    store, regions = exchange.store, exchange.store.regions
    own = f"/~{store.settings['region']}"
    base = exchange.base_url.removesuffix(own)
    is_first = store is regions[0] or base != exchange.base_url
    names = [region.settings["region"] for region in regions]
    return [(name, base if is_first and number == 0 else f"{base}/~{name}") for number, name in enumerate(names)]


def _own_projects(exchange: Exchange) -> list[Project]:
    """Return the projects of the caller."""
    accounts = accounts_of(exchange.store)
    user = accounts.find_user(name=exchange.caller.user) or accounts.default_user
    return accounts.projects_of(user)


def _visible_projects(exchange: Exchange) -> list[Project]:
    """Return the projects of the caller and, for an admin, all others after them."""
    own, accounts = _own_projects(exchange), accounts_of(exchange.store)
    if not _is_admin(accounts, exchange.caller):
        return own
    return [*own, *(project for project in accounts.projects.values() if project not in own)]


def _not_own_project(name: str, given: str) -> ImsError:
    return ImsError(403, IAM, reason=f"/{name}: {given!r} is another user's project; only an admin sees all projects")


def _project(exchange: Exchange, project: Project) -> dict[str, Any]:
    domain_id = accounts_of(exchange.store).domain.id
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": domain_id,
        "parent_id": domain_id,
        "is_domain": False,
        "enabled": True,
        "description": "",
        "links": {"self": f"{exchange.base_url}/v3/projects/{project.id}"},
    }


def _links(exchange: Exchange, path: str) -> dict[str, str | None]:
    return {"self": f"{exchange.base_url}/v3{path}", "next": None, "previous": None}
