"""Who there is, and what their roles let them do."""

from __future__ import annotations

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ims_mock import ImsMock
from ims_mock.exchange.caller import Caller
from ims_mock.identity.accounts import DEFAULT_PROJECT_ID, Accounts, Project, User, new_accounts

WEB = {"name": "web"}
CI = {"name": "ci", "roles": {"web": ["reader"]}}
SECRET = "hunter2-4a7c"


@pytest.fixture
def accounts() -> Accounts:
    """The default set."""
    return new_accounts(DEFAULT_PROJECT_ID, "cn-north-4")


def user(name: str = "x", **more: Any) -> dict[str, Any]:
    """Return a user of the default project as a document has it."""
    return {"name": name, "roles": {"demo": ["member"]}, **more}


# The default set


def test_default_set(accounts: Accounts) -> None:
    """There are three projects and four users in one domain, and their ids never change."""
    assert accounts.domain == Project("4c7a90d1f3b24e58a6d9c05be7f8123d", "Default")
    assert accounts.projects == {
        "demo": Project("0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c", "demo"),
        "alt": Project("7be1d20c94f34a0d8e5c6b3a2f1e0d9c", "alt"),
        "admin": Project("a1d3c5e7f90b4d2e8c6a4f2e0d1b3c5a", "admin"),
    }
    assert {name: (found.id, found.roles) for name, found in accounts.users.items()} == {
        "demo": ("c2f0a8e4d6b94c13a57e9d1f3b5c7e90", {"demo": ("member",)}),
        "alt": ("e8d4b6a2c0f14e35b79d1c3f5a7e9b02", {"alt": ("member",)}),
        "demo_reader": ("b5a7c9e1d3f24a68904c6e8a0b2d4f16", {"demo": ("reader",)}),
        "admin": ("f7e5d3c1b9a84670852e4c6a8d0f1b3e", {"admin": ("admin",)}),
    }


@pytest.mark.parametrize("name", ["demo", "alt", "demo_reader", "admin"])
def test_default_credentials(accounts: Accounts, name: str) -> None:
    """The password is "secret", and the AK/SK follow from the name."""
    found = accounts.users[name]
    assert (found.password, found.access, found.secret) == ("secret", f"{name}-ak", f"{name}-sk")


def test_default_user_is_the_first(accounts: Accounts) -> None:
    """The default user is demo, in the project demo."""
    assert accounts.default_user is accounts.users["demo"]
    assert accounts.own_project(accounts.default_user).id == DEFAULT_PROJECT_ID == "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"


def test_default_project_can_have_another_id() -> None:
    """The default project's id is the setting's, for every user of it."""
    mock = ImsMock(project_id="mine")
    assert (mock.project_id, mock.accounts.projects["demo"].id) == ("mine", "mine")
    assert mock.accounts.own_project(mock.accounts.users["demo_reader"]).id == "mine"


def test_default_project_shares_its_id_with_none() -> None:
    """A setting that gives the default project the id of another one is refused, as the two would be one."""
    with pytest.raises(ValueError, match="7be1d20c94f34a0d8e5c6b3a2f1e0d9c"):
        ImsMock(project_id="7be1d20c94f34a0d8e5c6b3a2f1e0d9c")


def test_two_sets_share_nothing(accounts: Accounts) -> None:
    """What is added to one mock's accounts is not in another's."""
    accounts.add({"projects": [WEB], "users": [CI]})
    assert "ci" not in new_accounts(DEFAULT_PROJECT_ID, "cn-north-4").users


# add


def test_defaults_of_what_is_added(accounts: Accounts) -> None:
    """Ids follow from the names, the same in every mock, and credentials as those of the default users do."""
    accounts.add({"projects": [WEB], "users": [CI]})
    assert accounts.projects["web"] == Project("4c3904e6a4f8bf02416aeae3fe0187d3", "web")
    assert accounts.users["ci"] == User(
        id="64b333097ae7eb5ac7556b9f265da767",
        name="ci",
        password="secret",
        access="ci-ak",
        secret="ci-sk",
        roles={"web": ("reader",)},
    )


def test_everything_can_be_given(accounts: Accounts) -> None:
    """Ids, password and AK/SK are as they are given."""
    given = {"id": "0123456789abcdef" * 2, "name": "ci", "password": "p w", "access": "AK.1", "secret": "s/k+="}
    accounts.add(
        {
            "projects": [{"name": "web", "id": "fedcba9876543210" * 2}],
            "users": [{**given, "roles": {"web": ["reader", "member"], "demo": ["admin"]}}],
        }
    )
    assert accounts.projects["web"].id == "fedcba9876543210" * 2
    assert accounts.users["ci"] == User(**given, roles={"web": ("reader", "member"), "demo": ("admin",)})


def test_order_is_kept(accounts: Accounts) -> None:
    """What is added comes after what was there."""
    accounts.add({"projects": [WEB], "users": [CI]})
    assert (list(accounts.projects)[-1], list(accounts.users)[-1]) == ("web", "ci")


@pytest.mark.parametrize("document", [{}, {"projects": []}, {"users": []}, {"projects": [], "users": []}])
def test_nothing_can_be_added(accounts: Accounts, document: dict[str, Any]) -> None:
    """Either list may be empty, or left out."""
    accounts.add(document)
    assert (len(accounts.projects), len(accounts.users)) == (3, 4)


@pytest.mark.parametrize("name", ["x", "x" * 64, "web user", "\u043f\u0440\u043e\u0435\u043a\u0442", "it's $HOME"])
def test_names(accounts: Accounts, name: str) -> None:
    """A name is any text of 1 to 64 characters."""
    accounts.add({"projects": [{"name": name}], "users": [user(name, access="a")]})
    assert (accounts.projects[name].name, accounts.users[name].name) == (name, name)


def test_what_is_added_takes_the_place_of_its_name(accounts: Accounts) -> None:
    """What is added takes the place of what has its name, whole but for its id, and in the same place."""
    accounts.add({"users": [{"name": "alt", "password": "new", "roles": {"demo": ["reader"]}}]})
    assert list(accounts.users) == ["demo", "alt", "demo_reader", "admin"]
    assert (accounts.users["alt"].password, accounts.users["alt"].roles) == ("new", {"demo": ("reader",)})
    assert accounts.users["alt"].id == "e8d4b6a2c0f14e35b79d1c3f5a7e9b02"


def test_default_user_can_be_replaced(accounts: Accounts) -> None:
    """The default user is the one of its name, also when that has been replaced."""
    accounts.add({"users": [{"name": "demo", "password": "new", "roles": {"alt": ["reader"]}}]})
    assert accounts.default_user == accounts.users["demo"]


def test_token_of_a_replaced_default_user() -> None:
    """When it is strict, the mock's own token has the roles that its user has now."""
    mock = ImsMock(auth="strict")
    mock.add_accounts(users=[{"name": "demo", "roles": {"demo": ["reader"]}}])
    response = mock.app.test_client().post("/v2/images", json={}, headers={"X-Auth-Token": mock.token})
    assert response.status_code == 403


def test_default_project_can_be_replaced() -> None:
    """The default project has the id that it was given last."""
    mock = ImsMock()
    mock.add_accounts(projects=[{"name": "demo", "id": "0123456789abcdef" * 2}])
    assert mock.project_id == "0123456789abcdef" * 2


def test_credentials_can_be_swapped(accounts: Accounts) -> None:
    """What two users have is compared after both are added."""
    accounts.add({"users": [user("demo", access="alt-ak"), user("alt", access="demo-ak")]})
    assert [accounts.users[name].access for name in ("demo", "alt")] == ["alt-ak", "demo-ak"]


ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "body: must be of type object"),
        (None, "body: must be of type object"),
        (
            {"project": []},
            'body: has an unknown member "project"; the known members are projects, users; did you mean "projects"?',
        ),
        ({"projects": {}}, "/projects: must be of type array"),
        ({"users": {"name": "x"}}, "/users: must be of type array"),
        ({"projects": ["web"]}, "/projects/0: must be of type object"),
        ({"users": [None]}, "/users/0: must be of type object"),
        ({"projects": [{}]}, '/projects/0: must have "name"'),
        ({"projects": [WEB, {"name": ""}]}, "/projects/1/name: must have at least 1 character, got 0"),
        ({"projects": [{"name": "x" * 65}]}, "/projects/0/name: must have at most 64 characters, got 65"),
        ({"projects": [{"name": 5}]}, "/projects/0/name: must be of type string"),
        (
            {"projects": [{**WEB, "domain": "x"}]},
            '/projects/0: has an unknown member "domain"; the known members are name, id',
        ),
        ({"projects": [{**WEB, "id": ID.upper()}]}, "/projects/0/id: must be 32 hexadecimal digits in lower case"),
        ({"projects": [{**WEB, "id": ID[1:]}]}, "/projects/0/id: must be 32 hexadecimal digits in lower case"),
        ({"projects": [{**WEB, "id": f"{ID}\n"}]}, "/projects/0/id: must be 32 hexadecimal digits in lower case"),
        ({"users": [{"roles": {"demo": ["member"]}}]}, '/users/0: must have "name"'),
        ({"users": [{"name": "x"}]}, '/users/0: must have "roles"'),
        (
            {"users": [user(acces="y")]},
            '/users/0: has an unknown member "acces"; the known members are name, id, password, access',
        ),
        ({"users": [user("")]}, "/users/0/name: must have at least 1 character, got 0"),
        ({"users": [user("x" * 65)]}, "/users/0/name: must have at most 64 characters, got 65"),
        ({"users": [user(id="x")]}, "/users/0/id: must be 32 hexadecimal digits in lower case"),
        ({"users": [user(password="")]}, "/users/0/password: must have at least 1 character, got 0"),
        ({"users": [user(password="x" * 256)]}, "/users/0/password: must have at most 255 characters, got 256"),
        ({"users": [user(password=5)]}, "/users/0/password: must be of type string"),
        ({"users": [user(access="")]}, "/users/0/access: must be 1 to 128 letters, digits, '.', '-' and '_'"),
        ({"users": [user(access="a b")]}, "/users/0/access: must be 1 to 128 letters, digits, '.', '-' and '_'"),
        ({"users": [user(access="x" * 129)]}, "/users/0/access: must be 1 to 128 letters, digits, '.', '-' and '_'"),
        ({"users": [user(secret="")]}, "/users/0/secret: must have at least 1 character, got 0"),
        ({"users": [user(roles={})]}, "/users/0/roles: must have at least 1 member"),
        ({"users": [user(roles=["demo"])]}, "/users/0/roles: must be of type object"),
        ({"users": [user(roles={"demo": []})]}, "/users/0/roles/demo: "),
        ({"users": [user(roles={"demo": "reader"})]}, "/users/0/roles/demo: must be of type array"),
        ({"users": [user(roles={"demo": ["boss"]})]}, '/users/0/roles/demo/0: must be "admin" or "member" or "reader"'),
        (
            {"users": [user(roles={"nowhere": ["reader"]})]},
            "/users: x has roles in nowhere, which is no project; add it to projects",
        ),
        ({"users": [user(access="demo-ak")]}, "/users: two have the access demo-ak; give each its own"),
        (
            {"users": [user(id="c2f0a8e4d6b94c13a57e9d1f3b5c7e90")]},
            "/users: two have the user id c2f0a8e4d6b94c13a57e9d1f3b5c7e90; give each its own",
        ),
        (
            {"projects": [{**WEB, "id": DEFAULT_PROJECT_ID}]},
            f"/projects: two have the project id {DEFAULT_PROJECT_ID}; give each its own",
        ),
        ({"users": [user("x", id=ID), user("y", id=ID)]}, f"/users: two have the user id {ID}; give each its own"),
    ],
)
def test_what_cannot_be_is_refused(accounts: Accounts, document: Any, message: str) -> None:
    """A wrong document is refused by what is wrong with it, and nothing of it is added."""
    if isinstance(document, dict) and isinstance(document.get("users"), list):
        document = {"projects": [{"name": "before"}], **document}
    projects, users = dict(accounts.projects), dict(accounts.users)
    with pytest.raises(ValueError, match=r"^(/|body)") as caught:
        accounts.add(document)
    assert str(caught.value).startswith(message)
    assert (accounts.projects, accounts.users) == (projects, users)


def test_everything_wrong_is_reported_at_once(accounts: Accounts) -> None:
    """The message lists every problem, and where to look the rules up."""
    with pytest.raises(ValueError, match=r"^/projects/0") as caught:
        accounts.add({"projects": [{}], "users": [user(secret="")]})
    assert str(caught.value).endswith(
        "; /users/0/secret: must have at least 1 character, got 0 [schemas/models/accounts.json]"
    )


# Secrets


def test_reprs_have_no_secrets(accounts: Accounts) -> None:
    """Neither a user nor the settings show a password or a secret key."""
    document = {"users": [user(password=SECRET, secret=SECRET)]}
    accounts.add(document)
    mock = ImsMock(accounts=document)
    shown = f"{accounts.users['x']!r} {accounts!r} {mock!r} {mock.accounts!r} {mock.service.settings!r}"
    assert SECRET not in shown
    assert "User(id=" in shown


@pytest.mark.parametrize(
    "document",
    [
        {"users": [{"name": "x", "password": SECRET}]},
        {"users": [{"name": "x", "secret": SECRET}]},
        {"users": {"name": "x", "password": SECRET}},
        {"users": [SECRET]},
        {"users": SECRET},
        {"users": [[{"password": SECRET}]]},
        {"users": [user(password=[SECRET])]},
        {"users": [user(password={"value": SECRET})]},
        {"users": [user(secret=[SECRET])]},
        {"users": [user(password=SECRET * 100)]},
        {"users": [user(password=SECRET, secret=SECRET, access="demo-ak")]},
        {"users": [user(password=SECRET, roles={"nowhere": ["reader"]})]},
        {"users": [user(password=SECRET, roles={})]},
        {"user": {"password": SECRET}},
        [{"name": "x", "password": SECRET}],
    ],
    ids=json.dumps,
)
def test_refusal_shows_no_secret(accounts: Accounts, document: Any) -> None:
    """No message shows a password or a secret key, whatever is wrong around it."""
    with pytest.raises(ValueError, match=r"^(/|body)") as caught:
        accounts.add(document)
    assert SECRET not in str(caught.value)


def test_control_api_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Accounts that come by HTTP leave no secret in the response, the log or the journal, wrong or not."""
    caplog.set_level(logging.DEBUG)
    mock = ImsMock()
    client = mock.app.test_client()
    responses = [
        client.post("/_ims_mock/accounts", json={"users": [document]})
        for document in ({"name": "x", "password": SECRET}, user(password=SECRET))
    ]
    assert [response.status_code for response in responses] == [400, 204]
    seen = [f"{response.headers} {response.text}" for response in responses]
    assert SECRET not in f"{seen} {caplog.text} {list(mock.journal)}"


# Roles


def may(user: User, action: str, project: Project | None) -> bool:
    """Return whether a user who calls in a project has an action."""
    return Caller(user=user.name, actions=user.actions_in(project)).may(action)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("admin", {"create", "delete", "get", "list", "share", "update", "upload"}),
        ("member", {"create", "delete", "get", "list", "share", "update", "upload"}),
        ("reader", {"get", "list"}),
    ],
)
def test_actions_of_a_role(accounts: Accounts, role: str, allowed: set[str]) -> None:
    """An administrator and a member may do everything with images, a reader get and list them."""
    accounts.add({"users": [user(roles={"demo": [role]})]})
    demo = accounts.projects["demo"]
    actions = ("create", "delete", "get", "list", "share", "update", "upload")
    assert {name for name in actions if may(accounts.users["x"], f"ims:images:{name}", demo)} == allowed


@pytest.mark.parametrize("action", ["ecs:servers:get", "ims:images", "images:get", "", "IMS:images:get"])
def test_no_role_reaches_beyond_images(accounts: Accounts, action: str) -> None:
    """A role has actions of the image service alone."""
    admin = accounts.users["admin"]
    assert not may(admin, action, accounts.projects["admin"])


def test_roles_hold_in_their_project(accounts: Accounts) -> None:
    """A user may do in a project what its roles there say; without one, as with a global service, what any says."""
    accounts.add({"projects": [WEB], "users": [user(roles={"web": ["reader"], "demo": ["member"]})]})
    found = accounts.users["x"]
    projects = [accounts.projects["web"], accounts.projects["demo"], accounts.projects["alt"], None]
    assert [may(found, "ims:images:create", project) for project in projects] == [False, True, False, True]


def test_roles_of_one_project_add_up(accounts: Accounts) -> None:
    """Of several roles each lets the user do what it has."""
    accounts.add({"users": [user(roles={"demo": ["reader", "member"]})]})
    assert may(accounts.users["x"], "ims:images:create", accounts.projects["demo"])


def test_first_project_is_the_users_own(accounts: Accounts) -> None:
    """A user's projects are in the order of its roles, and the first is its own."""
    accounts.add({"projects": [WEB], "users": [user(roles={"web": ["reader"], "demo": ["member"]})]})
    found = accounts.users["x"]
    assert accounts.own_project(found).name == "web"
    assert [project.name for project in accounts.projects_of(found)] == ["web", "demo"]


# Finding


def test_find_by_id_or_name(accounts: Accounts) -> None:
    """A project and a user are found by id or, without one, by name; an id counts more."""
    demo, alt = accounts.projects["demo"], accounts.users["alt"]
    assert (accounts.find_project(id=demo.id), accounts.find_project(name="demo")) == (demo, demo)
    assert (accounts.find_user(id=alt.id), accounts.find_user(name="alt")) == (alt, alt)
    assert accounts.find_project(id=demo.id, name="alt") == demo


def test_what_is_not_there_is_not_found(accounts: Accounts) -> None:
    """An unknown id, name or access key is nobody's."""
    assert accounts.find_project(id="x") is accounts.find_project(name="x") is accounts.find_project() is None
    assert accounts.find_user(id="x") is accounts.find_user(name="x") is accounts.find_user() is None
    assert accounts.user_of_access("x") is None


def test_user_of_an_access_key(accounts: Accounts) -> None:
    """An access key is that of one user."""
    accounts.add({"users": [user(access="AK1")]})
    assert accounts.user_of_access("AK1") is accounts.users["x"]


# As a setting, and from a test


def test_added_accounts_are_there_until_the_next_reset() -> None:
    """What a test adds is gone with it; what the mock began with is there again."""
    mock = ImsMock(accounts={"users": [user("kept")]})
    mock.add_accounts(projects=[WEB], users=[CI])
    assert {"kept", "ci"} <= mock.accounts.users.keys()
    mock.reset()
    assert list(mock.accounts.users) == ["demo", "alt", "demo_reader", "admin", "kept"]
    assert "web" not in mock.accounts.projects


def test_reset_can_bring_other_accounts() -> None:
    """Accounts are a setting of a reset too."""
    mock = ImsMock()
    mock.reset(accounts={"projects": [WEB], "users": [CI]}, region="eu-west-101")
    assert (mock.accounts.own_project(mock.accounts.users["ci"]).name, mock.accounts.region) == ("web", "eu-west-101")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"projects": [{}]}, '/projects/0: must have "name"'),
        ({"users": [{"name": "x"}]}, '/users/0: must have "roles"'),
        ({"projects": "web"}, "/projects/0: must be of type object"),
    ],
)
def test_wrong_addition_from_a_test(more: dict[str, Any], message: str) -> None:
    """What a test adds is checked as a document is."""
    mock = ImsMock()
    with pytest.raises(ValueError, match=f"^{message}"):
        mock.add_accounts(**more)


def test_wrong_accounts_of_a_reset_change_nothing() -> None:
    """A reset with accounts that cannot be is refused, and what was there stays."""
    mock = ImsMock()
    mock.add_accounts(projects=[WEB], users=[CI])
    with pytest.raises(ValueError, match=r"^accounts/users/0"):
        mock.reset(accounts={"users": [{}]})
    assert "ci" in mock.accounts.users


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"users": [user("a"), user("a")]}, "/users: the name a is given twice; give each its own"),
        ({"projects": [{"name": "p"}, {"name": "p"}]}, "/projects: the name p is given twice; give each its own"),
    ],
)
def test_name_that_is_given_twice_is_refused(accounts: Accounts, document: Any, message: str) -> None:
    """Of two in one document neither is dropped silently."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        accounts.add(document)


def test_what_is_stated_again_keeps_its_id(accounts: Accounts) -> None:
    """A project or user that is there keeps its id, unless it is given another."""
    before = accounts.projects["demo"].id, accounts.users["demo"].id
    accounts.add({"projects": [{"name": "demo"}], "users": [user("demo")]})
    assert (accounts.projects["demo"].id, accounts.users["demo"].id) == before
    accounts.add({"projects": [{"name": "demo", "id": "f" * 32}]})
    assert accounts.projects["demo"].id == "f" * 32


def test_access_keys_of_names_that_no_key_can_have(accounts: Accounts) -> None:
    """Users whose names differ in what a key cannot have differ in their keys."""
    accounts.add({"users": [user("\u00e9"), user("\u00fc")]})
    keys = {accounts.users[name].access for name in ("\u00e9", "\u00fc")}
    assert len(keys) == 2
    assert all(key.isascii() and key.endswith("-ak") for key in keys)


def test_accounts_from_many_threads(accounts: Accounts) -> None:
    """If two threads add accounts at the same time, none is lost."""

    def add(number: int) -> None:
        for index in range(20):
            accounts.add({"users": [user(f"u{number}-{index}")]})

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert len([name for name in accounts.users if name.startswith("u")]) == 80
