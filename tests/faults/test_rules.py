"""The rules: which requests they apply to, how often, and which rules are rejected."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import MISSING, fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ims_mock import (
    BadUpload,
    Delay,
    Fail,
    FailJob,
    Garble,
    LoopingMarker,
    LoseResponse,
    Mutate,
    Reset,
    Sequence,
    Stale,
    Throttle,
    Truncate,
)
from ims_mock.contract import schema_files
from ims_mock.contract.pointers import pointer_to
from ims_mock.faults.definition import Fault
from ims_mock.faults.rule_set import Faults
from ims_mock.faults.rules import Rule, check_fired, check_rules, rule_from_json
from ims_mock.service import snapshots
from tests.conftest import Api

CREATE = "glance_create_image_metadata"
LIST = "glance_list_images"


def statuses(api: Api, count: int, **headers: str) -> list[int]:
    """Return the statuses of a number of lists."""
    return [api("GET", "/v2/images", **headers).status_code for _ in range(count)]


def message_of(make: Callable[[], object]) -> str:
    """Return what a ValueError says."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared by the caller)
        make()
    return str(caught.value)


# Which requests.


@pytest.mark.parametrize(
    ("glob", "status"),
    [
        ("*", 503),
        ("glance_list_*", 503),
        ("glance_list_image?", 503),
        ("glance_[kl]ist_images", 503),
        (LIST, 503),
        ("*_images", 503),
        ("glance_show_*", 200),
        ("glance_list_image_*", 200),
    ],
)
def test_operation_is_a_glob(api: Api, glob: str, status: int) -> None:
    """A rule applies to the operations that its glob matches, and to no others."""
    api.service.faults.add(Fail(503), operation=glob)
    assert statuses(api, 1) == [status]


@pytest.mark.parametrize(("method", "status"), [("GET", 503), ("HEAD", 200), ("POST", 200)])
def test_method(api: Api, method: str, status: int) -> None:
    """A rule applies to requests of its method alone."""
    api.service.faults.add(Fail(503), method=method)
    assert statuses(api, 1) == [status]


def test_head_is_a_method_of_its_own(api: Api) -> None:
    """A rule for GET does not apply to HEAD, though the operation is the same."""
    api.service.faults.add(Fail(503), method="GET")
    assert api("HEAD", "/v2/images").status_code == 200


@pytest.mark.parametrize(
    ("glob", "status"),
    [
        ("/v2/images", 503),
        ("/v2/*", 503),
        ("*", 503),
        ("/v2/images?limit=1", 200),
        ("/v2/images/*", 200),
        ("/V2/*", 200),
    ],
)
def test_path_is_a_glob_without_the_query(api: Api, glob: str, status: int) -> None:
    """A rule looks at the path alone, and at case."""
    api.service.faults.add(Fail(503), path=glob)
    assert api("GET", "/v2/images?limit=1").status_code == status


@pytest.mark.parametrize(
    ("glob", "headers", "applies"),
    [
        ("*", {}, True),
        ("abc*", {}, False),
        ("abc*", {"X_Project_Id": "abc" + "0" * 29}, True),
        ("abc*", {"X_Project_Id": "bcd" + "0" * 29}, False),
    ],
)
def test_project_that_a_request_names(api: Api, glob: str, headers: dict[str, str], applies: bool) -> None:
    """A rule applies to requests of the project that X-Project-Id names, whether it is the caller's or not."""
    rule = api.service.faults.add(Fail(503), project=glob)
    api("GET", "/v2/images", **headers)
    assert rule.hits == applies


def test_project_of_a_token(api: Api) -> None:
    """Where a request names no project, it is of that of its token."""
    token = api.service.identity.new_token_for("alt")
    api.service.faults.add(Fail(503), project=api.service.accounts.projects["alt"].id)
    assert statuses(api, 1, X_Auth_Token=token) + statuses(api, 1) == [503, 200]


@pytest.mark.parametrize(
    ("wanted", "body", "applies"),
    [
        ({"/name": "web"}, {"name": "web"}, True),
        ({"/name": "web"}, {"name": "db"}, False),
        ({"/name": "web"}, {}, False),
        ({"/name": "web", "/min_disk": 40}, {"name": "web", "min_disk": 40}, True),
        ({"/name": "web", "/min_disk": 40}, {"name": "web"}, False),
        ({"/tags/1": "b"}, {"tags": ["a", "b"]}, True),
        ({"/tags": ["a"]}, {"tags": ["a", "b"]}, False),
        ({"/min_disk": True}, {"min_disk": 1}, False),
        ({"": {"name": "a/b"}}, {"name": "a/b"}, True),
        ({"/tags/" + "9" * 5000: "b"}, {"tags": ["a"]}, False),
    ],
)
def test_values_of_the_body(api: Api, wanted: dict[str, Any], body: Any, applies: bool) -> None:
    """A rule applies to requests that have its values, all of them, at the places of the body."""
    rule = api.service.faults.add(Fail(503), json=wanted)
    api("POST", "/v2/images", body)
    assert rule.hits == applies


@pytest.mark.parametrize("body", [b"", b"{", b'"web"', b"[" * 50_000, b"\xff"])
def test_body_that_has_no_values(api: Api, body: bytes) -> None:
    """What is no JSON has no values, and is refused as ever."""
    rule = api.service.faults.add(Fail(503), json={"/name": "web"})
    assert (api("POST", "/v2/images", body).status_code, rule.hits) == (400, 0)


def test_file_has_no_values(api: Api) -> None:
    """The body of an upload is no JSON, whatever is in it."""
    rule = api.service.faults.add(Fail(503), json={"/name": "web"})
    image_id = api.create()["id"]
    response = api("PUT", f"/v2/images/{image_id}/file", b'{"name": "web"}', Content_Type="application/octet-stream")
    assert (response.status_code, rule.hits) == (204, 0)


@pytest.mark.parametrize(
    ("globs", "sent", "applies"),
    [
        ({"X-Note": "a*"}, {"X_Note": "abc"}, True),
        ({"x-note": "a*"}, {"X_Note": "abc"}, True),
        ({"X-Note": "a*"}, {"X_Note": "bcd"}, False),
        ({"X-Note": "a*"}, {"X_Note": "Abc"}, False),
        ({"X-Note": "*"}, {"X_Note": ""}, True),
        ({"X-Note": "*"}, {}, False),
        ({"X-Note": ""}, {}, False),
        ({"X-Note": "a", "X-Other": "b"}, {"X_Note": "a", "X_Other": "b"}, True),
        ({"X-Note": "a", "X-Other": "b"}, {"X_Note": "a"}, False),
    ],
)
def test_headers(api: Api, globs: dict[str, str], sent: dict[str, str], applies: bool) -> None:
    """A rule applies to requests that have its headers, all of them, with values that match."""
    rule = api.service.faults.add(Fail(503), headers=globs)
    api("GET", "/v2/images", **sent)
    assert rule.hits == applies


def test_operation_on_which_the_fault_means_nothing(api: Api) -> None:
    """A rule for many operations does not count those on which its fault means nothing."""
    rule = api.service.faults.add(BadUpload("killed"), skip=1)
    image_id = api.create()["id"]
    api("PUT", f"/v2/images/{image_id}/file", b"x", Content_Type="application/octet-stream")
    assert (api.images[image_id]["status"], rule.hits) == ("active", 0)


def test_code_that_is_not_of_the_type_of_job(api: Api) -> None:
    """A job fails only with a code that its type can have, unless the rule says with which reason."""
    with pytest.raises(ValueError, match="applies only to export_image, export_image_in_safe_mode, got the operation"):
        api.service.faults.add(FailJob("IMG.0070"), operation="create_image")
    everywhere = api.service.faults.add(FailJob("IMG.0070"), optional=True)
    image = {"name": "a", "instance_id": "b5a5c0e4-5c5a-4c0a-9a0b-1f8a5c0e4b5a"}
    for hits in (0, 1):
        job_id = api("POST", "/v2/cloudimages/action", image).get_json()["job_id"]
        seen = api("GET", f"/v1/cloudimages/job/{job_id}").get_json()
        assert everywhere.hits == 0
        assert seen["status"] == ("FAIL" if hits else "SUCCESS")
        api.service.faults.add(FailJob("IMG.0070", "as the test wants it"), operation="create_image")


# How often.


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [503, 503, 503, 503, 503, 503]),
        ({"times": 2}, [503, 503, 200, 200, 200, 200]),
        ({"skip": 2}, [200, 200, 503, 503, 503, 503]),
        ({"every": 2}, [200, 503, 200, 503, 200, 503]),
        ({"every": 1}, [503, 503, 503, 503, 503, 503]),
        ({"skip": 1, "every": 2}, [200, 200, 503, 200, 503, 200]),
        ({"skip": 1, "times": 2}, [200, 503, 503, 200, 200, 200]),
        ({"skip": 1, "every": 2, "times": 1}, [200, 200, 503, 200, 200, 200]),
    ],
)
def test_times_skip_and_every(api: Api, given: dict[str, int], expected: list[int]) -> None:
    """A rule lets `skip` requests pass, and applies to each `every`th of those that follow, `times` in all."""
    rule = api.service.faults.add(Fail(503), **given)
    assert (statuses(api, 6), rule.hits) == (expected, expected.count(503))


def test_only_matching_requests_are_counted(api: Api) -> None:
    """Requests that do not match are not among those that are let pass."""
    api.service.faults.add(Fail(503), operation=LIST, skip=1)
    for _ in range(3):
        api.create()
    assert statuses(api, 2) == [200, 503]


@pytest.mark.parametrize("seed", [0, 7, "seven"])
def test_probability_follows_from_the_seed(seed: int | str) -> None:
    """The seed and the rule's id determine which requests the rule applies to."""
    api = Api(seed=seed)
    api.service.faults.add(Fail(503), probability=0.3)
    source = random.Random(f"{seed}/rules/1")
    assert statuses(api, 50) == [503 if source.random() < 0.3 else 200 for _ in range(50)]


def test_rules_have_a_randomness_each(api: Api) -> None:
    """Two rules of one probability do not apply to the same requests."""
    for operation in ("glance_list_image_schemas", "glance_list_image_member_schemas"):
        api.service.faults.add(Fail(503), operation=operation, probability=0.5)
    one, other = (
        [api("GET", path).status_code for _ in range(30)] for path in ("/v2/schemas/images", "/v2/schemas/members")
    )
    assert one != other


def test_probability_is_drawn_for_what_is_meant_alone(api: Api) -> None:
    """What a rule skips takes nothing from its randomness."""
    api.service.faults.add(Fail(503), probability=0.5, skip=5, every=2)
    source = random.Random("0/rules/1")
    meant = [503 if source.random() < 0.5 else 200 for _ in range(10)]
    assert statuses(api, 25)[6::2] == meant


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ((10, 30), [200, 503, 503, 200]),
        ((0, 20), [503, 503, 200, 200]),
        ((-5, 1), [503, 200, 200, 200]),
        (("2016-06-02T07:49:58Z", "2016-06-02T07:50:18Z"), [200, 503, 503, 200]),
        (("2016-06-02T09:49:58+02:00", "2016-06-02T09:50:18+02:00"), [200, 503, 503, 200]),
        (("2016-06-02T07:49:58", "2016-06-02T07:50:18"), [200, 503, 503, 200]),
        ((10, "2016-06-02T07:50:18Z"), [200, 503, 503, 200]),
        (("2016-06-02T07:49:58Z", 30), [200, 503, 503, 200]),
        ([10, 30], [200, 503, 503, 200]),
    ],
)
def test_between_two_moments(api: Api, between: Any, expected: list[int]) -> None:
    """A rule is in force from the first moment on and no more at the second: seconds after it was added, or times."""
    api.service.faults.add(Fail(503), between=between)
    seen = []
    for _ in range(4):
        seen += statuses(api, 1)
        api.clock.advance(10)
    assert seen == expected


def test_seconds_count_from_when_the_rule_was_added(api: Api) -> None:
    """Seconds begin when the rule is added, and not when the mock does."""
    api.clock.advance(100)
    api.service.faults.add(Fail(503), between=(0, 10))
    assert statuses(api, 1) == [503]


def test_requests_outside_the_time_are_counted(api: Api) -> None:
    """A request that comes too early is one of those that are let pass."""
    api.service.faults.add(Fail(503), between=(10, 20), skip=2)
    statuses(api, 2)
    api.clock.advance(10)
    assert statuses(api, 1) == [503]


# Several rules.


def test_first_added_is_outermost(api: Api) -> None:
    """Of two rules the one that was added first applies; the other has its turn when it is reached."""
    rules = [api.service.faults.add(Fail(status), times=1) for status in (503, 500)]
    assert statuses(api, 1) == [503]
    assert [rule.hits for rule in rules] == [1, 0]
    assert statuses(api, 2) == [500, 200]
    assert [entry.rules for entry in api.service.journal] == [("1",), ("2",), ()]


@pytest.mark.parametrize(
    ("outer", "inner", "status"),
    [(LoseResponse(504), Fail(503), 504), (Fail(503), LoseResponse(504), 503), (Garble("html_502"), Fail(503), 502)],
)
def test_outer_rule_has_the_last_word(api: Api, outer: Fault, inner: Fault, status: int) -> None:
    """The response of an inner rule passes through the outer one."""
    api.service.faults.add(outer)
    api.service.faults.add(inner)
    assert statuses(api, 1) == [status]


def test_both_rules_are_written_down(api: Api) -> None:
    """A request that two rules applied to names both in the journal, the inner one first."""
    api.service.faults.add(Delay(5))
    api.service.faults.add(Fail(503))
    statuses(api, 1)
    assert [entry.rules for entry in api.service.journal] == [("2", "1")]


# The rules of a mock.


def test_iteration_and_length(api: Api) -> None:
    """The rules of a mock are iterated in the order in which they were added."""
    added = [api.service.faults.add(Fail(status)) for status in (503, 500)]
    assert (list(api.service.faults), len(api.service.faults)) == (added, 2)
    assert [rule.id for rule in added] == ["1", "2"]


@pytest.mark.parametrize("name", [lambda rule: rule, lambda rule: rule.id], ids=["rule", "id"])
def test_remove(api: Api, name: Callable[[Rule], Rule | str]) -> None:
    """A rule that is removed, itself or by its id, never fires again; the rules behind it do."""
    first = api.service.faults.add(Fail(503))
    api.service.faults.add(Fail(500))
    api.service.faults.remove(name(first))
    assert statuses(api, 1) == [500]


def test_remove_of_what_is_not_there(api: Api) -> None:
    """The error of a rule that is not armed names the rules that are."""
    with pytest.raises(KeyError, match="rule '1' is not armed; armed rules: none"):
        api.service.faults.remove("1")
    api.service.faults.add(Fail(503))
    with pytest.raises(KeyError, match="rule '7' is not armed; armed rules: 1"):
        api.service.faults.remove("7")


def test_remove_of_a_rule_twice(api: Api) -> None:
    """A rule that has been removed already is not armed."""
    rule = api.service.faults.add(Fail(503))
    api.service.faults.remove(rule)
    with pytest.raises(KeyError, match="rule '1' is not armed"):
        api.service.faults.remove(rule)


def test_remove_of_a_rule_of_another_mock(api: Api) -> None:
    """A rule of another mock is not removed by its id, which both have."""
    kept = api.service.faults.add(Fail(503))
    with pytest.raises(KeyError, match="rule '1' is not armed"):
        api.service.faults.remove(Api().service.faults.add(Fail(503)))
    assert list(api.service.faults) == [kept]


def test_discard(api: Api) -> None:
    """Discarding a rule twice is no error."""
    rule = api.service.faults.add(Fail(503))
    api.service.faults.discard(rule)
    api.service.faults.discard(rule)
    assert statuses(api, 1) == [200]


def test_discard_spares_another_of_the_same_id(api: Api) -> None:
    """A rule that was cleared does not take one with it that has its id by now."""
    old = api.service.faults.add(Fail(503))
    api.service.faults.clear()
    api.service.faults.add(Fail(500))
    api.service.faults.discard(old)
    assert statuses(api, 1) == [500]


def test_clear(api: Api) -> None:
    """Clearing removes every rule; ids go on, and start again with a reset."""
    for status in (503, 500):
        api.service.faults.add(Fail(status))
    api.service.faults.clear()
    assert statuses(api, 1) == [200]
    assert api.service.faults.add(Fail(503)).id == "3"
    api.service.reset()
    assert api.service.faults.add(Fail(503)).id == "1"


def test_arm_of_a_refused_rule_adds_nothing(api: Api) -> None:
    """A rule whose time is seen to be none when it is armed is not among the rules."""
    reason = message_of(lambda: api.service.faults.add(Fail(503), between=("2016-06-02T08:00:00Z", 5)))
    assert reason.startswith('between must be from an earlier to a later moment, got ["2016-06-02T08:00:00Z", 5]')
    assert len(api.service.faults) == 0


def test_rule_is_armed_once(api: Api) -> None:
    """A rule that has been armed is not armed again, in this mock or another."""
    rule = api.service.faults.add(Fail(503), times=1)
    assert message_of(lambda: Api().service.faults.arm(rule)).startswith("rule 1 is armed already; rule_text.new_")
    assert len(api.service.faults) == 1


def test_wrong_setting_is_named(api: Api) -> None:
    """A setting that no rule has is refused, with the nearest."""
    assert message_of(lambda: api.service.faults.add(Fail(503), time=1)).startswith(
        "a rule has no setting 'time'; its settings"
    )
    assert message_of(lambda: api.service.faults.add(Fail(503), time=1)).endswith('did you mean "times"?')


def test_rule_as_context_manager(api: Api) -> None:
    """A rule is in force inside its block alone."""
    with api.service.faults.add(Fail(503)) as rule:
        assert statuses(api, 1) == [503]
    assert (statuses(api, 1), rule.hits, len(api.service.faults)) == ([200], 1, 0)


def test_context_manager_wants_a_hit(api: Api) -> None:
    """A rule that has not fired in its block fails it, and is disarmed all the same."""
    with (
        pytest.raises(AssertionError, match="outage: Fail\\(status=503\\), times=2; 0 hits"),
        api.service.faults.add(Fail(503), times=2, name="outage"),
    ):
        pass
    assert len(api.service.faults) == 0


def test_optional_rule_need_not_fire_in_its_block(api: Api) -> None:
    """A rule that is optional may leave its block without a hit."""
    with api.service.faults.add(Fail(503), optional=True) as rule:
        pass
    assert rule.hits == 0


def test_context_manager_hides_no_error(api: Api) -> None:
    """An error inside the block is raised, and not that the rule has not fired."""
    with pytest.raises(KeyError), api.service.faults.add(Fail(503)):
        raise KeyError
    assert len(api.service.faults) == 0


def test_check_fired(api: Api) -> None:
    """The error names all rules that have not fired and are not optional, and says what to do."""
    faults = api.service.faults
    faults.add(Fail(503), operation=LIST, name="list fails")
    faults.add(Fail(500), operation=CREATE)
    faults.add(Fail(504), operation=CREATE, optional=True)
    statuses(api, 1)
    with pytest.raises(AssertionError) as caught:
        faults.check_fired()
    assert str(caught.value) == (
        "rules never fired:\n"
        f"    2: Fail(status=500), operation='{CREATE}'; 0 hits\n"
        "set optional=True where that is expected"
    )


def test_check_fired_of_nothing() -> None:
    """Where there are no rules none has to fire."""
    check_fired([])


def test_name_is_what_reports_call_a_rule(api: Api) -> None:
    """A rule is called by its name, or by its id without one."""
    named, unnamed = api.service.faults.add(Fail(503), name="outage", times=2), api.service.faults.add(Reset())
    statuses(api, 1)
    assert (str(named), str(unnamed)) == ("outage: Fail(status=503), times=2; 1 hits", "2: Reset(); 0 hits")


# Hits.


def test_spared_request_is_no_hit(api: Api) -> None:
    """A fault that had nothing to change has not fired: no hit, nothing in the journal, and `times` is not used up."""
    rule = api.service.faults.add(Truncate(10_000), times=1)
    statuses(api, 2)
    assert (rule.hits, [entry.rules for entry in api.service.journal]) == (0, [(), ()])


def test_times_counts_hits_and_not_what_is_spared(api: Api) -> None:
    """A rule goes on until it has fired `times`, whatever it has spared before."""
    rule = api.service.faults.add(LoopingMarker(), times=1)
    statuses(api, 3)
    for _ in range(2):
        api.create()
    api("GET", "/v2/images?limit=1")
    assert rule.hits == 1


def test_hits_are_those_of_the_journal(api: Api) -> None:
    """Every hit is in the journal, under the rule's id."""
    rules = [
        api.service.faults.add(Fail(503), every=3),
        api.service.faults.add(Throttle(2, 10)),
        api.service.faults.add(Delay(1), probability=0.5),
        api.service.faults.add(Sequence((Fail(500), None)), times=6),
    ]
    statuses(api, 40)
    assert [rule.hits for rule in rules] == [
        sum(rule.id in entry.rules for entry in api.service.journal) for rule in rules
    ]
    assert all(rule.hits for rule in rules)


@pytest.mark.parametrize("fault", [Fail(503), Sequence((Fail(503), Fail(500)))])
def test_threads_share_the_hits(fault: Fault) -> None:
    """However many threads ask, a rule fires exactly `times`, and every hit is in the journal."""
    api = Api(journal_size=1000)
    rule = api.service.faults.add(fault, operation=LIST, times=100)
    spared = api.service.faults.add(Truncate(10_000), optional=True)
    threads = [threading.Thread(target=statuses, args=(api, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (rule.hits, spared.hits) == (100, 0)
    assert sum(entry.rules == (rule.id,) for entry in api.service.journal) == 100
    assert sum(entry.status != 200 for entry in api.service.journal) == 100


def test_threads_share_a_bucket() -> None:
    """A throttle lets exactly `limit` requests pass, however many threads send them."""
    api = Api(journal_size=1000)
    rule = api.service.faults.add(Throttle(limit=30, per=60))
    threads = [threading.Thread(target=statuses, args=(api, 20)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(entry.status == status for entry in api.service.journal) for status in (200, 429)] == [30, 130]
    assert rule.hits == 130


class _Watched:
    """A lock that notes whether another one was held whenever it was asked for."""

    def __init__(self, lock: Any, other: threading.Lock) -> None:
        self._lock, self._other = lock, other
        self.seen: list[bool] = []

    def __enter__(self) -> None:
        self.seen.append(self._other.locked())
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_backends_lock_is_taken_before_the_rules_own(api: Api) -> None:
    """Adding a rule takes the locks in the order in which a reset does, so that neither waits for ever."""
    watched = _Watched(api.service.store.lock, api.service.faults._lock)
    api.service.store.lock = watched  # type: ignore[assignment]
    api.service.faults.add(Stale(reads=1))
    assert watched.seen[0] is False


# JSON.


def test_json_form_of_a_rule(api: Api) -> None:
    """A rule in JSON has the fields that are not as they are by default, its id and its hits."""
    rule = api.service.faults.add(Fail(503, message="x"), operation=CREATE, times=1, between=(0, 5.5), json={"/a": 1})
    assert rule.to_json() == {
        "id": "1",
        "fault": {"kind": "fail", "status": 503, "message": "x"},
        "operation": CREATE,
        "json": {"/a": 1},
        "between": [0, 5.5],
        "times": 1,
        "hits": 0,
    }


def test_schema_has_the_fields_of_a_rule() -> None:
    """A rule in JSON may have every field that it has in Python, and no other; only the fault is needed."""
    schema = schema_files.read("faults/rule.json")
    own = [item for item in fields(Rule) if item.init]
    assert schema["properties"].keys() == {item.name for item in own}
    needed = [item.name for item in own if item.default is MISSING and item.default_factory is MISSING]
    assert (schema["required"], needed, schema["additionalProperties"]) == (["fault"], ["fault"], False)
    assert all(item["description"] for item in schema["properties"].values())


NUMBERS = st.integers(1, 10**9)
SECONDS = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6, allow_nan=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e300, 1e300), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
FAULTS = st.one_of(
    st.builds(Fail, st.integers(400, 599), message=st.text(), retry_after=st.none() | st.integers(0, 10**9)),
    st.builds(Throttle, NUMBERS, st.floats(0.001, 1e9)),
    st.builds(Delay, st.floats(0, 1e9), st.floats(0, 1e9), st.booleans()),
    st.builds(LoseResponse, st.sampled_from(["reset", "hangup", "timeout", 500, 502, 503, 504])),
    st.builds(Truncate, st.integers(0, 2**53)),
    st.builds(Mutate, st.just("/checksum"), st.just("value"), VALUES),
    st.builds(Stale, reads=NUMBERS),
)
RULES = st.fixed_dictionaries(
    {
        "fault": st.one_of(
            FAULTS, st.builds(Sequence, st.lists(st.none() | st.just(Reset()), min_size=1, max_size=4).filter(any))
        )
    },
    optional={
        "path": st.text(min_size=1),
        "project": st.text(min_size=1),
        "json": st.dictionaries(st.text().map(lambda text: pointer_to((text.replace("\n", ""),))), VALUES, max_size=3),
        "headers": st.dictionaries(st.sampled_from(["X-Note", "a"]), st.text()),
        "skip": st.integers(0, 10**9),
        "every": NUMBERS,
        "probability": st.floats(0.001, 1),
        "between": st.tuples(SECONDS, SECONDS).filter(lambda pair: round(pair[0], 6) < round(pair[1], 6)).map(list),
        "times": NUMBERS,
        "optional": st.booleans(),
        "name": st.text(min_size=1, max_size=64),
    },
)


def can_fire(rule: Any) -> bool:
    """Return whether a rule that looks into a body has a fault of requests with one."""
    return not (rule["fault"].operations and rule.get("json"))


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(RULES.filter(can_fire))
def test_any_rule_can_go_through_json(given: dict[str, Any]) -> None:
    """A rule that is written as JSON and read again is the same rule."""
    rule = Rule(**given)
    again = rule_from_json(json.loads(json.dumps(rule.settings())))
    assert (again.settings(), again.fault) == (rule.settings(), rule.fault)


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["fail", "stale"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["kind", "fault", "status", "faults", "operation", "json", "between", "headers", "x"]),
            inner,
        ),
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(JSON_VALUES)
def test_any_json_is_a_rule_or_a_value_error(document: Any) -> None:
    """Whatever the document, it is a rule, or refused with words."""
    with suppress(ValueError):
        rule_from_json(document)


# Added in each form.


@pytest.mark.parametrize(
    "given",
    [
        Fail(503, retry_after=5),
        "503(retry_after=5) x9",
        "glance_list_images: 503(retry_after=5)",
        {"fault": {"kind": "fail", "status": 503, "retry_after": 5}, "times": 9},
        Rule(Fail(503, retry_after=5), operation="glance_show_image"),
    ],
    ids=str,
)
def test_add_takes_a_rule_in_each_form(api: Api, given: Any) -> None:
    """A fault, a text, JSON and another rule are a rule with the settings that are given beside them."""
    rule = api.service.faults.add(given, operation=CREATE, times=2)
    assert (rule.fault, rule.operation, rule.times) == (Fail(503, retry_after=5), CREATE, 2)
    assert [api("POST", "/v2/images", {}).status_code for _ in range(3)] == [503, 503, 201]


def test_text_alone_has_its_own_settings(api: Api) -> None:
    """A text without more is the rule that the command line makes of it."""
    rule = api.service.faults.add(f"{CREATE}: 503 x2")
    assert (rule.operation, rule.times) == (CREATE, 2)


@pytest.mark.parametrize("given", ["x" * 5000, [Fail(503)] * 500, f"503 json /{'k' * 5000}=1 json /{'k' * 5000}=1"])
def test_error_of_a_long_rule_is_short(api: Api, given: Any) -> None:
    """A long value is cut in the error about it."""
    with pytest.raises(ValueError, match=r"must be|is given twice") as caught:
        api.service.faults.add(given)
    assert len(str(caught.value)) < 1000


# Refusal.


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"fault": 503}, "fault must be a fault such as Fail(503), got 503"),
        ({"fault": Fail}, "fault must be a fault such as Fail(503), got <class"),
        ({"fault": None}, "fault must be a fault such as Fail(503), got None"),
        (
            {"operation": "glance_create_image"},
            'operation must match an operation, got "glance_create_image"; did you mean',
        ),
        ({"operation": "x"}, 'operation must match an operation, got "x"; the operations are list_images, '),
        ({"operation": ""}, "operation must have at least 1 character, got 0"),
        ({"operation": None}, "operation must be of type string, got null"),
        ({"operation": "GLANCE_*"}, 'operation must match an operation, got "GLANCE_*"'),
        ({"method": "get"}, 'method must be "DELETE" or "GET" or "HEAD" or "PATCH" or "POST" or "PUT", got "get"'),
        ({"method": "OPTIONS"}, "method must be"),
        ({"path": ""}, "path must have at least 1 character, got 0"),
        ({"path": 5}, "path must be of type string, got 5"),
        ({"project": 5}, "project must be of type string, got 5"),
        ({"json": "name=a"}, 'json must be of type object, got "name=a"'),
        ({"json": []}, "json must be of type object, got []"),
        ({"json": None}, "json must be of type object, got null"),
        ({"json": {"name": "a"}}, 'json/name the key must be a JSON pointer such as /name, got "name"'),
        ({"json": {"/a": {1}}}, "json must be a JSON value, got one of type dict"),
        ({"json": {"/a": float("nan")}}, "json/~1a: NaN is not a JSON number"),
        ({"headers": {"X-Note": 5}}, "headers/X-Note must be of type string, got 5"),
        ({"headers": {"X Note": "a"}}, 'headers/X Note the key must be the name of a header, got "X Note"'),
        ({"headers": "X-Note"}, 'headers must be of type object, got "X-Note"'),
        ({"skip": -1}, "skip must be at least 0, got -1"),
        ({"skip": None}, "skip must be of type integer, got null"),
        ({"skip": 1.5}, "skip must be of type integer, got 1.5"),
        ({"skip": False}, "skip must be of type integer, got false"),
        ({"every": 0}, "every must be at least 1, got 0"),
        ({"every": True}, "every must be of type integer, got true"),
        ({"probability": 0}, "probability must be more than 0, got 0"),
        ({"probability": 1.01}, "probability must be at most 1, got 1.01"),
        ({"probability": "0.5"}, 'probability must be of type number, got "0.5"'),
        ({"probability": float("nan")}, "probability NaN is not a JSON number"),
        ({"between": 5}, "between must be of type array, got 5"),
        ({"between": (5,)}, "between must have at least 2 items, got 1"),
        ({"between": (1, 2, 3)}, "between must have at most 2 items, got 3"),
        ({"between": (5, 5)}, "between must be from an earlier to a later moment, got [5, 5]"),
        ({"between": (6, 5)}, "between must be from an earlier to a later moment, got [6, 5]"),
        ({"between": (0, float("inf"))}, "between/1: Infinity is not a JSON number"),
        ({"between": (0, None)}, "between/1 must be of type number or string, got null"),
        ({"between": (0, "noon")}, 'between must be seconds, or times such as 2016-06-02T07:49:48Z, got "noon"'),
        (
            {"between": ("2016-06-02T08:00:00Z", "2016-06-02T07:00:00Z")},
            'between must be from an earlier to a later moment, got ["2016-06-02T08:00:00Z", "2016-06-02T07:00:00Z"]',
        ),
        ({"times": 0}, "times must be at least 1, got 0"),
        ({"times": "2"}, 'times must be of type integer, got "2"'),
        ({"times": True}, "times must be of type integer, got true"),
        ({"optional": 1}, "optional must be of type boolean, got 1"),
        ({"name": ""}, "name must have at least 1 character, got 0"),
        ({"name": "a" * 65}, "name must have at most 64 characters, got 65"),
        ({"name": "\ud800"}, "name has half of a surrogate pair, which is not a character"),
        (
            {"fault": LoopingMarker(), "operation": "glance_show_*"},
            'LoopingMarker() applies only to glance_list_images, got the operation "glance_show_*"',
        ),
        (
            {"fault": BadUpload("killed"), "operation": LIST},
            "BadUpload(outcome='killed') applies only to glance_upl",
        ),
        (
            {"fault": Reset(), "operation": "glance_show_image", "method": "POST"},
            'operation must match an operation with the method POST, got "glance_show_image"',
        ),
        (
            {"fault": Reset(), "operation": "glance_list_images", "json": {"/a": 1}},
            'operation must match an operation with JSON in its body, got "glance_list_images"',
        ),
        (
            {"fault": Reset(), "operation": "glance_upload_image", "json": {"/a": 1}},
            'operation must match an operation with JSON in its body, got "glance_upload_image"',
        ),
        ({"fault": Reset(), "json": {"/a~2": 1}}, "json/~1a~02 the key must be a JSON pointer"),
        (
            {"fault": Stale(reads=1), "operation": CREATE},
            "Stale(reads=1) applies only to glance_list_images, gl",
        ),
        (
            {"fault": Sequence((Reset(), LoopingMarker())), "operation": CREATE},
            "Sequence(faults=[Reset(), LoopingMarker()]) applies only to glance_list_",
        ),
        (
            {"fault": Mutate("/id", "drop")},
            "Mutate(pointer='/id', mode='drop') applies to no operation, got the operation \"*\"; its pointer "
            "must lead to an optional attribute of the response",
        ),
    ],
)
def test_rule_that_cannot_fire_is_refused(api: Api, arguments: dict[str, Any], reason: str) -> None:
    """A rule that could never fire is rejected when it is added; the error says why, and the rule is not there."""
    assert message_of(lambda: api.service.faults.add(**{"fault": Fail(503), **arguments})).startswith(reason)
    assert len(api.service.faults) == 0


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "body: must be of type object, got []"),
        (None, "body: must be of type object, got null"),
        ({}, 'body: must have "fault", got {}'),
        ({"fault": 503}, "/fault: must be of type object, got 503"),
        ({"fault": None}, "/fault: must be of type object, got null"),
        ({"fault": {}}, '/fault: must have "kind", got {}'),
        ({"fault": {"kind": "Fail", "status": 503}}, "/fault/kind must be one of fail, throttle,"),
        ({"fault": {"kind": "fail"}}, '/fault: must have "status", got {"kind": "fail"}'),
        ({"fault": {"kind": "fail", "status": 200}}, "/fault/status must be at least 400, got 200"),
        ({"fault": {"kind": "fail", "status": 503, "code": None}}, "/fault/code must be of type string, got null"),
        ({"fault": {"kind": "fail", "status": 503, "code": "IMG.9999"}}, "/fault/code 'IMG.9999' is not documented"),
        (
            {"fault": {"kind": "fail", "status": 503, "mesage": ""}},
            '/fault: has an unknown member "mesage"; the known members are kind, status, code, message, retry',
        ),
        ({"fault": {"kind": "stale"}}, "/fault: must have either reads or seconds"),
        (
            {"fault": {"kind": "sequence", "faults": [None, {"kind": "delay", "seconds": -1}]}},
            "/fault/faults/1/seconds must be at least 0, got -1",
        ),
        (
            {"fault": {"kind": "sequence", "faults": [{"kind": "reset", "x": 1}]}},
            '/fault/faults/0: has an unknown member "x"; the known members are kind',
        ),
        ({"fault": {"kind": "sequence", "faults": [{}]}}, "/fault/faults/0/kind must be one of fail, throttle,"),
        (
            {"fault": {"kind": "sequence", "faults": [{"kind": "sequence", "faults": [{"kind": "reset"}]}]}},
            "/fault/faults must be faults other than Throttle, Stale, Sequence, or None, got Sequence(",
        ),
        (
            {"fault": {"kind": "reset"}, "time": 1},
            'body: has an unknown member "time"; the known members are fault, operation,',
        ),
        ({"fault": {"kind": "reset"}, "times": 0}, "/times: must be at least 1, got 0"),
        ({"fault": {"kind": "reset"}, "times": 0, "skip": -1}, "/times: must be at least 1, got 0; /skip: must be at"),
        ({"fault": {"kind": "reset"}, "operation": "x"}, '/operation must match an operation, got "x"'),
        (
            {"fault": {"kind": "reset"}, "between": [5, 1]},
            "/between must be from an earlier to a later moment, got [5, 1]",
        ),
        (
            {"fault": {"kind": "looping_marker"}, "operation": CREATE},
            "body: LoopingMarker() applies only to glance_list_images",
        ),
    ],
)
def test_wrong_json_is_refused(document: Any, reason: str) -> None:
    """A rule in JSON that is wrong is refused by the pointer of what is wrong."""
    assert message_of(lambda: rule_from_json(document)).startswith(reason)


def test_list_of_rules() -> None:
    """A list of rules in JSON is returned as it is."""
    rules = [{"fault": {"kind": "reset"}}, {"fault": {"kind": "fail", "status": 503}, "times": 2}]
    assert check_rules(rules) is rules


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "body: must be a list of rules, got {}"),
        ([{"fault": {"kind": "reset"}}, 5], "/1: must be of type object, got 5"),
        ([{"fault": {"kind": "fail", "status": 5}}], "/0/fault/status must be at least 400, got 5"),
        ([{"fault": {"kind": "reset"}, "times": 0}], "/0/times: must be at least 1, got 0"),
        (
            [{"fault": {"kind": "mutate", "pointer": "/id", "mode": "drop"}}],
            "/0: Mutate(pointer='/id', mode='drop') applies",
        ),
    ],
)
def test_wrong_list_of_rules(document: Any, reason: str) -> None:
    """In a list of rules the place of what is wrong begins with the number of the rule."""
    assert message_of(lambda: check_rules(document)).startswith(reason)


def test_time_that_is_over_is_refused(api: Api) -> None:
    """A rule whose time has passed by the mock's clock could never fire."""
    reason = message_of(
        lambda: api.service.faults.add(Reset(), between=("1999-01-01T00:00:00Z", "1999-01-02T00:00:00Z"))
    )
    assert reason.startswith("between must end after the time of the mock's clock, 2016-06-02T07:49:48Z, got ")
    assert len(api.service.faults) == 0


@pytest.mark.parametrize("disarm", [lambda rules, rule: rules.remove(rule), lambda rules, _: rules.clear()])
def test_rule_that_is_disarmed_before_it_fired_is_reported(api: Api, disarm: Callable[[Faults, Rule], None]) -> None:
    """Removing a rule does not excuse that it never fired; a reset does."""
    rules = api.service.faults
    fired, optional, idle = rules.add(Fail(503), times=1), rules.add(Fail(500), optional=True), rules.add(Fail(502))
    statuses(api, 1)
    for rule in (fired, optional, idle):
        if rule.id in {other.id for other in rules}:
            disarm(rules, rule)
    with pytest.raises(AssertionError, match=r"3: Fail\(status=502\); 0 hits") as caught:
        rules.check_fired()
    assert "500" not in str(caught.value)
    api.service.reset()
    rules.check_fired()


def test_block_wants_a_hit_of_its_own(api: Api) -> None:
    """A rule that has fired before its block has to fire inside all the same."""
    rule = api.service.faults.add(Fail(503))
    statuses(api, 1)
    with pytest.raises(AssertionError, match="never fired"), rule:
        pass


def test_block_of_a_rule_that_is_not_armed(api: Api) -> None:
    """A rule that is none any more, or none yet, has no block."""
    rule = api.service.faults.add(Fail(503))
    with rule:
        statuses(api, 1)
    for unarmed in (rule, Rule(Fail(503))):
        assert message_of(unarmed.__enter__) == "the rule is not armed; faults.add(...) returns one that is"


def test_credentials_that_a_rule_looks_for_are_not_shown(api: Api) -> None:
    """Neither a password in the body nor a token in a header appears in what shows a rule."""
    pointer = "/auth/identity/password/user/password"
    rule = api.service.faults.add(Fail(503), json={pointer: "TOP", "/a": 1}, headers={"X-Auth-Token": "TOP"})
    for shown in (str(rule), str(rule.to_json())):
        assert "TOP" not in shown
        assert "'/a': 1" in shown
    assert rule.settings()["json"] == {pointer: "TOP", "/a": 1}


def test_time_of_a_rule_goes_back_with_the_clock(api: Api) -> None:
    """Seconds are of the clock, also when a state of another time is restored; times are times."""
    earlier = snapshots.capture(api.service)
    api.clock.advance(1000)
    api.service.faults.add(Fail(503), between=(0, 60))
    api.service.faults.add(Fail(500), between=("2016-06-02T08:00:00Z", "2016-06-02T09:00:00Z"))
    snapshots.restore(api.service, earlier)
    assert statuses(api, 1) == [503]
    api.clock.advance(60)
    assert statuses(api, 1) == [200]
    api.clock.advance(1000)
    assert statuses(api, 1) == [500]


def test_defect_of_a_fault_is_noted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that fails in an unforeseen way has fired, and the journal says so."""

    def broken(*_: object) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(Reset, "around", broken)
    rule = api.service.faults.add(Reset())
    assert statuses(api, 1) == [500]
    assert ([entry.rules for entry in api.service.journal], rule.hits) == ([("1",)], 1)


def test_reset_with_a_rule_that_is_over_changes_nothing(api: Api) -> None:
    """A rule that could not be armed after a reset is an error before it."""
    image_id = api.create()["id"]
    rule = {"fault": 503, "between": ["2016-06-02T07:00:00Z", "2016-06-02T07:10:00Z"]}
    response = api("POST", "/_ims_mock/reset", {"faults": [rule]})
    assert response.status_code == 400
    assert image_id in api.images
