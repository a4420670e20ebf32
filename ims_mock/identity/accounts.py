"""The accounts: the domain, its projects and users, and what their roles allow."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from ims_mock.contract import schema_files
from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import InvalidError, Problem, wrong_settings
from ims_mock.contract.wording import shown
from ims_mock.state.clock import ManualClock
from ims_mock.state.regions import first_of
from ims_mock.state.store import Store

_DEFAULT = schema_files.read("accounts.json")

DEFAULT_PROJECT_ID: str = schema_files.read("settings.json")["properties"]["project_id"]["default"]
"""The id of the first project, unless a setting says otherwise."""

_ROLES: dict[str, list[str]] = _DEFAULT["roles"]
"""The actions of each role, as globs."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its id of 32 hexadecimal digits, and the name by which users have roles in it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user with its credentials; `roles` are those in each project, by name, the user's own project first."""

    id: str
    name: str
    password: str = field(repr=False)
    access: str
    secret: str = field(repr=False)
    roles: Mapping[str, tuple[str, ...]]

    @property
    def own_project(self) -> str:
        """The name of the project in which the user works unless it says otherwise."""
        return next(iter(self.roles))

    def actions_in(self, project: Project | None) -> tuple[str, ...]:
        """Return what the user's roles in a project allow, as globs such as "ims:images:*"; without one, in any."""
        given = [self.roles.get(project.name, ())] if project else self.roles.values()
        return tuple(allowed for roles in given for role in roles for allowed in _ROLES[role])


class Redacted(dict[str, Any]):
    """Settings of which a report shows the names alone: pytest prints the arguments and variables of a failed test."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: ***" for name in self) + "}"


T = TypeVar("T", Project, User)


def accounts_of(store: Store) -> Accounts:
    """Return the accounts of the cloud whose region has a store: those of the first region."""
    return Accounts(first_of(store))


class Accounts:
    """The projects and users of one mock, by name; they are records of its store.

    The default project is that of the first user; `region` is the name under which each user's own project is known
    too.
    """

    def __init__(self, store: Store) -> None:
        self.domain = Project(**_DEFAULT["domain"])
        self._store = store
        self._read = 0, 0
        self._projects: Mapping[str, Project] = {}
        self._users: Mapping[str, User] = {}

    @property
    def region(self) -> str:
        """The region, whose name is also that of each user's own project."""
        region: str = self._store.settings["region"]
        return region

    @property
    def projects(self) -> Mapping[str, Project]:
        """The projects by name, to be read; `add` adds some."""
        self._look()
        return self._projects

    @property
    def users(self) -> Mapping[str, User]:
        """The users by name, to be read; `add` adds some, `remove_user` removes one."""
        self._look()
        return self._users

    def _look(self) -> None:
        """Read the records again where they have changed."""
        projects, users = self._store.projects, self._store.users
        edits = projects.edits, users.edits
        if self._read != edits:
            with self._store.lock:
                self._read_again()

    def _read_again(self) -> None:
        """Read the records; the lock is held."""
        projects, users = self._store.projects, self._store.users
        self._projects = MappingProxyType({name: _project({}, record) for name, record in projects.items()})
        self._users = MappingProxyType({name: _user({}, record) for name, record in users.items()})
        self._read = projects.edits, users.edits

    @property
    def default_user(self) -> User:
        """The first user, who is the caller for a credential that belongs to no user."""
        return next(iter(self.users.values()))

    @property
    def default_project(self) -> Project:
        """The project of the first user, for a credential that belongs to no user."""
        self._look()
        user = next(iter(self._users.values()))
        return self._projects[user.own_project]

    def begin(self, project_id: str) -> None:
        """Have the default projects and users and no others; `project_id` is the id of the default project."""
        with self._store.transaction():
            projects = _by_name("projects", _DEFAULT, partial(_project, {}))
            users = _by_name("users", _DEFAULT, partial(_user, {}))
            name = next(iter(users.values())).own_project
            projects[name] = replace(projects[name], id=project_id)
            self._replace(projects, users)

    def add(self, document: Any) -> None:
        """Add the projects and users of a document as schemas/models/accounts.json has it.

        A project or user with the name of another one replaces it, and keeps its id unless a new one is given.
        Raises InvalidError naming what is wrong, and then adds nothing.
        """
        _check(document)
        self._store.check_there()
        with self._store.transaction():
            projects = {**self.projects, **_by_name("projects", document, partial(_project, self.projects))}
            new_user = partial(_user, self.users, world=self._store.world)
            users = {**self.users, **_by_name("users", document, new_user)}
            self._replace(projects, users)

    def add_projects_of(self, regions: Iterable[str]) -> None:
        """Add a project for each region, with its name, in which each user has the roles that it has in its own."""
        added = [region for region in regions if region not in self.projects]
        if not added:
            return
        document = self.to_json()
        document["users"] = [dict(user) for user in document["users"]]
        for user in document["users"]:
            own = next(iter(user["roles"].values()))
            user["roles"] = {**user["roles"], **{region: own for region in added if region not in user["roles"]}}
        document["projects"] += [{"name": region} for region in added]
        self.restore(document)

    def remove_user(self, name: str) -> None:
        """Remove a user, whose credentials are no longer accepted; raise ValueError if there is no such user."""
        self._store.check_there()
        self.named_user(name)
        with self._store.transaction() as store:
            store.users.remove(name)

    def to_json(self) -> dict[str, Any]:
        """Return every project and user with all their data, also secrets."""
        return {"projects": list(self._store.projects.values()), "users": list(self._store.users.values())}

    def restore(self, document: Mapping[str, Any]) -> None:
        """Have the projects and users of `to_json` again, and no others.

        Raises InvalidError naming what is wrong, and then changes nothing.
        """
        with self._store.transaction():
            projects = _by_name("projects", document, partial(_project, {}))
            self._replace(projects, _by_name("users", document, partial(_user, {})))

    def have_those_of(self, other: Accounts) -> None:
        """Have the projects and users of another mock, and no others: what it read and checked is not read again.

        In a world, an access key that was not given is one of the world alone.
        """
        store = self._store
        users, records = other.users, other._store.users.records
        if store.world:
            users = {name: self.in_world(store.world, user) for name, user in users.items()}
            records = {name: {**record, "access": users[name].access} for name, record in records.items()}
        with store.transaction():
            self._projects, self._users = other.projects, users
            store.projects.load(other._store.projects.records)
            store.users.load(records)
            self._read = store.projects.edits, store.users.edits

    @staticmethod
    def in_world(world: str, user: User) -> User:
        """Return a user as it is in a world; "" is the only one of a server."""
        return replace(user, access=_key_in(world, user)) if world else user

    def _replace(self, projects: Mapping[str, Project], users: Mapping[str, User]) -> None:
        """Have these projects and users and no others, once they are checked."""
        _check_roles(projects, users)
        _check_unique(projects, users)
        self._store.projects.load({name: _record(project) for name, project in projects.items()})
        self._store.users.load({name: _record_of_user(user) for name, user in users.items()})

    def own_project(self, user: User) -> Project:
        """Return the project in which a user works unless it says otherwise."""
        return self.projects[user.own_project]

    def projects_of(self, user: User) -> list[Project]:
        """Return the projects in which a user has a role, its own first."""
        return [self.projects[name] for name in user.roles]

    def find_project(self, *, id: str | None = None, name: str | None = None) -> Project | None:  # noqa: A002 (Keystone's name)
        """Return the project with an id or, without an id, with a name; None when there is none."""
        return _find(self.projects.values(), id, name)

    def find_user(self, *, id: str | None = None, name: str | None = None) -> User | None:  # noqa: A002 (Keystone's name)
        """Return the user with an id or, without an id, with a name; None when there is none."""
        return _find(self.users.values(), id, name)

    def named_user(self, name: str) -> User:
        """Return the user of a name; raise InvalidError when there is none."""
        if not isinstance(name, str) or name not in self.users:
            raise wrong_settings("user", f"no user has the name {shown(name)}; the users are {', '.join(self.users)}")
        return self.users[name]

    def user_of_access(self, access: str) -> User | None:
        """Return the user whose access key id it is; None when it is nobody's."""
        return next((user for user in self.users.values() if user.access == access), None)


def new_accounts(project_id: str, region: str) -> Accounts:
    """Return the default projects and users, in a store of their own."""
    store = Store(ManualClock(0))
    store.settings.load({"region": region})
    accounts = Accounts(store)
    accounts.begin(project_id)
    return accounts


def _record(item: Project | User) -> dict[str, Any]:
    """Return what a project or a user has, as it is stored; asdict would take most of a reset for its copies."""
    return {field.name: getattr(item, field.name) for field in fields(item)}


def _record_of_user(user: User) -> dict[str, Any]:
    return {**_record(user), "roles": {project: list(roles) for project, roles in user.roles.items()}}


def _find(items: Iterable[T], id_: str | None, name: str | None) -> T | None:
    return next((item for item in items if (item.id == id_ if id_ is not None else item.name == name)), None)


def _check(document: Any) -> None:
    model = load_model("accounts")
    problems = model.schema.find_problems(document)
    if problems:
        raise InvalidError(*problems, source=model.source)


def _check_roles(projects: Mapping[str, Project], users: Mapping[str, User]) -> None:
    for user in users.values():
        for name, roles in user.roles.items():
            if name not in projects:
                raise _wrong("users", f"{user.name} has roles in {name}, which is no project; add it to projects")
            unknown = next((role for role in roles if role not in _ROLES), None)
            if unknown is not None:
                known = ", ".join(_ROLES)
                raise _wrong("users", f"{user.name} has an unknown role {unknown!r} in {name}; the roles are {known}")


def _check_unique(projects: Mapping[str, Project], users: Mapping[str, User]) -> None:
    for kind, what, values in (
        ("users", "access", [user.access for user in users.values()]),
        ("users", "user id", [user.id for user in users.values()]),
        ("projects", "project id", [project.id for project in projects.values()]),
    ):
        twice = _first_repeated(values)
        if twice is not None:
            raise _wrong(kind, f"two have the {what} {twice}; give each its own")


def _first_repeated(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def _wrong(kind: str, text: str) -> InvalidError:
    """Return the error of projects or users that contradict each other."""
    return InvalidError(Problem((kind,), "accounts", text))


def _id(kind: str, name: str) -> str:
    """Return the id that follows from a name, the same in every mock."""
    return hashlib.md5(f"{kind}/{name}".encode(), usedforsecurity=False).hexdigest()


def _by_name(kind: str, document: Mapping[str, Any], new: Callable[[Mapping[str, Any]], T]) -> dict[str, T]:
    """Return what a document has of a kind, by name; raise InvalidError for a name that is given twice."""
    made = [new(item) for item in document.get(kind, ())]
    names = [item.name for item in made]
    twice = _first_repeated(names)
    if twice is not None:
        raise _wrong(kind, f"the name {twice} is given twice; give each its own")
    return dict(zip(names, made, strict=True))


def _project(known: Mapping[str, Project], item: Mapping[str, Any]) -> Project:
    name = item["name"]
    return Project(item.get("id") or (known[name].id if name in known else _id("project", name)), name)


def _user(known: Mapping[str, User], item: Mapping[str, Any], world: str = "") -> User:
    """Return a user; an access key that the item leaves out is one of the world alone."""
    name = item["name"]
    id_ = item.get("id") or (known[name].id if name in known else _id("user", name))
    return User(
        id=id_,
        name=name,
        password=item.get("password", "secret"),
        access=item.get("access", _default_access(name, id_, world)),
        secret=item.get("secret", f"{name}-sk"),
        roles={project: tuple(roles) for project, roles in item["roles"].items()},
    )


def project_of(record: Mapping[str, Any]) -> Project:
    """Return the project of a record as a store has it."""
    return _project({}, record)


def user_of(record: Mapping[str, Any]) -> User:
    """Return the user of a record as a store has it."""
    return _user({}, record)


def _default_access(name: str, id_: str, world: str) -> str:
    """Return the access key of a user for whom none was given, in a world or, with "", in the only one."""
    plain = re.sub("[^0-9A-Za-z._-]", "-", name)
    # A name that no access key can have differs from another such by its user's id.
    parts = [plain, id_[:8] if plain != name else "", world, "ak"]
    return "-".join(part for part in parts if part)


def _key_in(world: str, user: User) -> str:
    """Return the access key of a user in a world: another one, where none was given."""
    is_given = user.access != _default_access(user.name, user.id, "")
    return user.access if is_given else _default_access(user.name, user.id, world)


def in_other_world(record: Mapping[str, Any], before: str, world: str) -> Mapping[str, Any]:
    """Return the record of a user of one world as another has it: with its access key, where none was given."""
    usual = _default_access(record["name"], record["id"], before)
    if record["access"] != usual:
        return record
    return {**record, "access": _default_access(record["name"], record["id"], world)}
