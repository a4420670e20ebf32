"""What can be set of a mock, and how a text stands for it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ims_mock import Fail, Rule
from ims_mock.contract import schema_files
from ims_mock.service.settings import SETTINGS, Settings, read_lines, read_text
from ims_mock.state.life_cycle import DELAYED
from tests.conftest import Api


@pytest.mark.parametrize(
    ("start", "seconds"),
    [
        (0, 0.0),
        (1.5, 1.5),
        ("2016-06-02T07:49:48Z", 1464853788.0),
        ("2016-06-02T07:49:48", 1464853788.0),
        ("2016-06-02T09:49:48+02:00", 1464853788.0),
    ],
)
def test_start(start: float | str, seconds: float) -> None:
    """A start is seconds or a time; a time without an offset is UTC."""
    assert Settings(start=start).start_seconds() == seconds


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("", "start must be seconds since 1970 or text like '2016-06-02T07:49:48Z', got \"\""),
        ("noon", "start must be seconds since 1970 or text like '2016-06-02T07:49:48Z', got \"noon\""),
        ([], "start must be of type number or string or null, got []"),
        (True, "start must be of type number or string or null, got true"),
        (float("nan"), "start NaN is not a JSON number"),
        (float("inf"), "start Infinity is not a JSON number"),
        (1e20, "start must be at most 253402300799, got 100000000000000000000"),
    ],
)
def test_wrong_start(start: Any, message: str) -> None:
    """What is no time is refused where it is set."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Settings(start=start)


def test_unknown_setting_names_the_nearest() -> None:
    """The error for a slip in a setting's name lists the known ones."""
    with pytest.raises(ValueError, match="ims_mock has no setting 'sed'; the settings are seed, start, auth") as caught:
        Settings().changed({"sed": 1})
    assert str(caught.value).endswith('did you mean "seed"?')


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": -1}, "speed must be at least 0, got -1"),
        ({"speed": True}, "speed must be of type number, got true"),
        (
            {"delays": {"active": 1}},
            'delays has an unknown member "active"; the known members are queued, saving, deleting',
        ),
        ({"delays": None}, "delays must be of type object, got null"),
        ({"delays": {"saving": -1}}, "delays/saving must be at least 0, got -1"),
        ({"delays": {"saving": float("nan")}}, "delays/saving: NaN is not a JSON number"),
        ({"journal_size": 0}, "journal_size must be at least 1, got 0"),
        ({"journal_size": True}, "journal_size must be of type integer, got true"),
        ({"header_faults": 1}, "header_faults must be of type boolean, got 1"),
        ({"faults": "503"}, 'faults must be of type array, got "503"'),
        ({"faults": ["nonsense"]}, "faults/0: must be a status such as 503, or one of fail,"),
        ({"faults": [5]}, "faults/0 must be of type object or string, got 5"),
    ],
)
def test_wrong_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    """The error for a setting that cannot be names it, and a reset with it changes nothing."""
    api = Api()
    image = api.create()
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        api.service.reset(**settings)
    assert api.images == {image["id"]: image}


def test_every_default_keeps_its_schema() -> None:
    """A mock can be made without any setting, and each default is of its own type."""
    assert Settings().changed({name: schema["default"] for name, schema in SETTINGS.items()}).seed == 0
    assert all(schema["description"] and schema["x-group"] for schema in SETTINGS.values())


def test_settings_do_not_change() -> None:
    """What is set is replaced, and never edited."""
    settings = Settings(seed=1)
    with pytest.raises(AttributeError, match="settings do not change; changed"):
        settings.seed = 2
    with pytest.raises(AttributeError, match="ims_mock has no setting 'sead'"):
        _ = settings.sead
    assert (settings.changed({"seed": 2}).seed, settings.seed) == (2, 1)


def test_settings_keep_nothing_of_what_they_are_given() -> None:
    """What a test edits afterwards is not set by that."""
    delays = {"saving": 5.0}
    settings = Settings(delays=delays)
    delays["saving"] = 6.0
    assert settings.delays == {"saving": 5}


def test_secrets_are_not_shown() -> None:
    """Neither the token, nor passwords of accounts, nor credentials for which a rule looks, are shown."""
    settings = Settings(
        token="hunter2",
        accounts={"users": [{"name": "ci", "password": "hunter2", "roles": {"demo": ["member"]}}]},
        faults=[Rule(Fail(503), headers={"X-Auth-Token": "hunter2"}), Fail(401)],
    )
    assert settings.to_json().keys() == SETTINGS.keys() - {"token", "accounts"}
    assert settings.to_json()["faults"][1] == {"fault": {"kind": "fail", "status": 401}}
    assert "hunter2" not in repr(settings)
    for wrong in ({"token": "hunter 2"}, {"accounts": "hunter2"}):
        with pytest.raises(ValueError, match="must be") as caught:
            Settings().changed(wrong)
        assert "hunter" not in str(caught.value)


def test_delayed_statuses_are_those_of_the_store() -> None:
    """The schema names what the store can hold up."""
    assert tuple(SETTINGS["delays"]["properties"]) == DELAYED


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"speed": "fast"}, 'speed: must be of type number, got "fast"'),
        ({"auth": "none"}, 'auth: must be "off" or "lenient" or "strict", got "none"'),
        ({"accounts": "no.json"}, "accounts: cannot read no.json: No such file or directory"),
        (
            {"delays": "active=5"},
            'delays: has an unknown member "active"; the known members are queued, saving, deleting',
        ),
    ],
)
def test_lines_that_stand_for_nothing(given: dict[str, Any], message: str) -> None:
    """The error for a text of an ini file names its setting."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_lines(given)


def test_lines_of_an_ini_file() -> None:
    """A setting that is a list has a line for each item."""
    assert read_lines({"seed": "7", "faults": ["503 x1", "reset"]}) == {"seed": 7, "faults": ["503 x1", "reset"]}


def test_project_of_the_first_user() -> None:
    """The id of the default project stands with the settings alone."""
    assert "id" not in schema_files.read("accounts.json")["projects"][0]
    assert Settings().first_accounts.projects["demo"].id == SETTINGS["project_id"]["default"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("seed", "5", 5),
        ("seed", "-5", -5),
        ("seed", "1e3", "1e3"),
        ("start", "1.5", 1.5),
        ("start", "1e3", 1000.0),
        ("start", "2016-06-02", "2016-06-02"),
        ("auth", "off", "off"),
        ("public_images", "Yes", True),
        ("public_images", "0", False),
        ("delays", "queued=5, saving = 0.5", {"queued": 5.0, "saving": 0.5}),
        ("max_image_size", "0", 0),
        ("jobs", "*=60", {"*": 60.0}),
        ("jobs", "imsImportImageJob=0.5, *=60", {"imsImportImageJob": 0.5, "*": 60.0}),
        ("jobs", ' {"*": {"polls": 3}}', {"*": {"polls": 3}}),
        ("delays", '{"saving": 5}', {"saving": 5}),
        ("neighbours", "listed", "listed"),
    ],
)
def test_text_of_a_setting(name: str, text: str, value: Any) -> None:
    """A text stands for a value of the setting's type."""
    assert read_text(SETTINGS[name], text) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("public_images", "perhaps", "must be one of 1, true, yes, on, 0, false, no, off, got 'perhaps'"),
        ("max_image_size", "null", 'must be of type integer, got "null"'),
        ("speed", "nan", 'must be of type number, got "nan"'),
        ("delays", "saving=-1", "saving must be at least 0, got -1.0"),
        ("region", "a b", "must be 1 to 64 letters, digits, '-' and '_', got \"a b\""),
    ],
)
def test_text_that_is_no_value(name: str, text: str, message: str) -> None:
    """The error for a text that has no meaning states the rule that it breaks."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_text(SETTINGS[name], text)
