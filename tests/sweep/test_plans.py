"""What a sweep tries on which request, and which of it the bounds let through."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock import Fail, LoseResponse, Mutate, Stall
from ims_mock.contract.operations import load_contract
from ims_mock.contract.problems import InvalidError
from ims_mock.faults.definition import Fault
from ims_mock.faults.rule_text import fault_text, parse_rule
from ims_mock.sweep.bounds import Bounds
from ims_mock.sweep.plans import Injection, Plan, Step, faults_for, plan_of, plans_of
from ims_mock.sweep.steps import ends_of, steps_of
from tests.conftest import Api

SHOW = Step("glance_show_image", 2)


def tried(api: Api, operation: str) -> dict[str, list[Fault]]:
    """Return what is tried on the last request of an operation, by family."""
    entry = api.service.journal.calls(operation)[-1]
    found: dict[str, list[Fault]] = {}
    for fault in faults_for(load_contract().operations[operation], entry):
        found.setdefault(fault.family, []).append(fault)
    return found


@pytest.fixture
def api() -> Api:
    """An API that has been asked for a list of three images, two a page, and for one that has a file."""
    api = Api()
    for name in ("a", "b", "c"):
        image = api.create(name=name)
    api("PUT", f"/v2/images/{image['id']}/file", b"x", Content_Type="application/octet-stream")
    api("GET", "/v2/images?limit=2")
    api("GET", f"/v2/images/{image['id']}")
    return api


def test_plans_of_a_fault_are_once_twice_and_for_ever() -> None:
    """A fault is tried once, twice and for ever, the smallest plan first; the id is the text of its rule."""
    assert [plan.id for plan in plans_of(SHOW, Fail(503))] == [
        "glance_show_image: 503 x1 skip 1",
        "glance_show_image: 503 x2 skip 1",
        "glance_show_image: 503 skip 1",
    ]


def test_id_of_a_pair_has_both_rules() -> None:
    """The rules of a plan stand one after the other."""
    pair = Plan((Injection(SHOW, Fail(503), 1), Injection(Step("show_job", 1), LoseResponse(), None)))
    assert pair.id == "glance_show_image: 503 x1 skip 1; show_job: lose_response"
    assert pair.families == {"status", "lost"}


def test_plan_is_read_from_its_id(api: Api) -> None:
    """Each id, also that of a pair, is read as the plan that it is of."""
    faults = [fault for found in tried(api, SHOW.operation).values() for fault in found]
    plans = [plan for fault in faults for plan in plans_of(SHOW, fault)]
    pair = Plan((*plans[0].injections, *plans[-1].injections))
    assert [plan_of(plan.id).id for plan in (*plans, pair)] == [plan.id for plan in (*plans, pair)]


@pytest.mark.parametrize("text", ["503", "glance_*: 503"])
def test_plan_without_an_operation_is_rejected(text: str) -> None:
    """A fault of a plan is at the requests of one operation."""
    with pytest.raises(ValueError, match="must name the operation of each fault, as in"):
        plan_of(text)


def test_text_of_each_tried_fault_is_read_as_the_same(api: Api) -> None:
    """The text of an injection is one that --fault takes, and the rule is the same."""
    for operation in ("glance_list_images", "glance_show_image", "glance_create_image_metadata"):
        entry = api.service.journal.calls(operation)[-1]
        for fault in faults_for(load_contract().operations[operation], entry):
            rule = parse_rule(str(Injection(Step(operation, 2), fault, 2)))
            assert (rule.fault, rule.operation, rule.skip, rule.times) == (fault, operation, 1, 2)


def test_documented_statuses_and_those_of_the_gateway_are_tried(api: Api) -> None:
    """Each status once, and 429 and 503 also with Retry-After."""
    found = tried(api, "glance_show_image")["status"]
    statuses = [fault.settings() for fault in found]
    assert {settings["status"] for settings in statuses} >= {401, 403, 404, 413, 429, 500, 502, 503, 504}
    assert [settings["status"] for settings in statuses if "retry_after" in settings] == [429, 503]
    assert len({str(fault) for fault in found}) == len(found)


def test_optional_attributes_are_dropped_null_and_retyped(api: Api) -> None:
    """Of a response's attributes those that the documents do not promise."""
    found = tried(api, "glance_show_image")["attribute"]
    pointers = {fault.settings()["pointer"] for fault in found}
    assert "/size" in pointers
    assert {fault.settings()["mode"] for fault in found if fault.settings()["pointer"] == "/size"} == {
        "drop",
        "null",
        "retype",
    }


def test_next_page_is_not_taken_away(api: Api) -> None:
    """No client can know that there is a next page where the response has none; that its marker loops it can."""
    found = tried(api, "glance_list_images")
    assert [fault for fault in found["attribute"] if fault.settings()["pointer"] == "/next"] == [
        Mutate("/next", "retype")
    ]
    assert len(found["marker"]) == 1


def test_last_page_has_no_marker_to_loop(api: Api) -> None:
    """A page without a next one cannot come again."""
    api("GET", "/v2/images?limit=9")
    assert "marker" not in tried(api, "glance_list_images")


def test_lost_responses_end_in_every_way(api: Api) -> None:
    """A lost response is tried in each of its modes."""
    modes = [fault.settings().get("mode", "reset") for fault in tried(api, "glance_create_image_metadata")["lost"]]
    assert set(modes) == {"reset", "hangup", "timeout", 500, 502, 503, 504}


@pytest.mark.parametrize(
    ("operation", "families"),
    [
        ("glance_create_image_metadata", {"status", "garbled", "lost", "wire"}),
        ("glance_show_image", {"status", "garbled", "attribute", "lost", "wire", "stale"}),
        ("glance_list_images", {"status", "garbled", "attribute", "lost", "wire", "stale", "marker"}),
    ],
)
def test_families_of_an_operation(operation: str, families: set[str], api: Api) -> None:
    """An operation meets the families that apply to it, and no other."""
    assert set(tried(api, operation)) == families


def test_jobs_and_uploads_have_their_own() -> None:
    """A request that begins a job meets its failures, an upload those of files."""
    api = Api()
    api("POST", "/v2/cloudimages/action", {"name": "a", "instance_id": "877a2cda-ba63-4e1e-b95f-e67e48b6129a"})
    image = api.create(name="web")
    api("PUT", f"/v2/images/{image['id']}/file", b"x", Content_Type="application/octet-stream")
    assert len(tried(api, "create_image")["job"]) == 7
    assert len(tried(api, "glance_upload_image")["upload"]) == 3


def test_equal_requests_in_a_row_are_the_first_and_the_last() -> None:
    """Of ten polls the first and the last meet faults."""
    api = Api()
    image = api.create(name="web")
    for _ in range(10):
        api("GET", f"/v2/images/{image['id']}")
    assert [step for step, _ in steps_of(list(api.service.journal))] == [
        Step("glance_create_image_metadata", 1),
        Step("glance_show_image", 1),
        Step("glance_show_image", 10),
    ]


@pytest.mark.parametrize(("most", "numbers"), [(1, [1]), (2, [1, 5]), (3, [1, 2, 5]), (5, [1, 2, 3, 4, 5])])
def test_of_many_requests_those_at_both_ends_meet_faults(most: int, numbers: list[int]) -> None:
    """Of a walk over many images, the first and the last are as good as all."""
    api = Api()
    for _ in range(5):
        api("GET", f"/v2/images/{api.create(name='web')['id']}")
    steps = [step for step, _ in ends_of(steps_of(list(api.service.journal)), most)]
    assert [step.number for step in steps if step.operation == "glance_show_image"] == numbers


def test_requests_without_a_route_meet_no_fault() -> None:
    """A request that is of no operation is no step."""
    api = Api()
    api("GET", "/v2/nothing")
    assert steps_of(list(api.service.journal)) == []


def test_silent_plan_has_a_silent_fault() -> None:
    """A plan is silent where one of its faults keeps the work waiting in vain."""
    assert Plan((Injection(SHOW, Fail(503), 1), Injection(SHOW, Stall(60), 1))).is_silent
    assert not Plan((Injection(SHOW, Fail(503), 1),)).is_silent


@pytest.mark.parametrize(("times", "seconds"), [(1, 30), (2, 60), (None, 300)])
def test_service_asks_for_waits(times: int | None, seconds: float) -> None:
    """A Retry-After asks for as many waits as it comes; ten where it comes for ever."""
    assert Injection(SHOW, Fail(429, retry_after=30), times).asked_wait == seconds
    assert Injection(SHOW, Fail(429), times).asked_wait == 0


ONCE, _, ALWAYS = plans_of(SHOW, Fail(503))
LOST = plans_of(Step("show_job", 1), LoseResponse())[0]


@pytest.mark.parametrize(
    ("bounds", "plans"),
    [
        ({}, [ONCE, ALWAYS, LOST]),
        ({"only": ["status"]}, [ONCE, ALWAYS]),
        ({"only": ["*: 503 x1*", "lost"]}, [ONCE, LOST]),
        ({"only": ["glance_show_image: 503 skip 1"]}, [ALWAYS]),
        ({"skip": ["lost"]}, [ONCE, ALWAYS]),
        ({"only": ["status"], "skip": ["* x1*"]}, [ALWAYS]),
        ({"only": ["Status"]}, []),
    ],
)
def test_only_and_skip(bounds: dict[str, Any], plans: list[Plan]) -> None:
    """The plans are those that one of `only` matches, by id or family, and none of `skip` does."""
    assert [plan for plan in (ONCE, ALWAYS, LOST) if Bounds(**bounds).has(plan)] == plans


@pytest.mark.parametrize(
    ("budget", "plans", "seconds"),
    [(None, None, None), (5, 5, None), ("30s", None, 30.0), ("0.5s", None, 0.5)],
)
def test_budget_is_plans_or_seconds(budget: Any, plans: int | None, seconds: float | None) -> None:
    """A number is plans, a text seconds."""
    bounds = Bounds(budget=budget)
    assert (bounds.plans, bounds.seconds) == (plans, seconds)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ({"only": "wire"}, 'only must be a list of globs, got "wire"'),
        ({"only": (glob for glob in ["wire"])}, "only must be a list of globs"),
        ({"fail_fast": 1}, "fail_fast must be True or False, got 1"),
        ({"skip": [1]}, "skip must be a list of globs, got [1]"),
        ({"budget": 0}, 'budget must be a number of plans, or seconds such as "30s", got 0'),
        ({"budget": True}, 'budget must be a number of plans, or seconds such as "30s", got true'),
        ({"budget": "30"}, 'budget must be a number of plans, or seconds such as "30s", got "30"'),
        ({"pairs": -1}, "pairs must be a whole number, 0 or more, got -1"),
        ({"patience": float("nan")}, "patience must be a number, 0 or more, got NaN"),
        ({"pairs": 1.5}, "pairs must be a whole number, 0 or more, got 1.5"),
        ({"steps": float("inf")}, "steps must be a whole number, 1 or more, got Infinity"),
        ({"requests": 0}, "requests must be a whole number, 1 or more, got 0"),
        ({"plan": 1}, "plan must be the id of a plan, got 1"),
        *(
            ({"plan": text}, f"as in 'glance_show_image: 503 x2', got {text!r}")
            for text in ("reset", "", "no", "*: 503")
        ),
        ({"real_seconds": "1"}, 'real_seconds must be a number, 0.1 or more, got "1"'),
    ],
)
def test_wrong_bounds(bounds: dict[str, Any], text: str) -> None:
    """Wrong bounds are named with what they may be."""
    with pytest.raises(InvalidError) as caught:
        Bounds(**bounds)
    assert text in str(caught.value)


def test_waits_that_are_real(api: Api) -> None:
    """Where its seconds are real ones, Retry-After asks for few, and a body never comes; else the same is tried."""
    entry = api.service.journal.calls("glance_show_image")[-1]
    operation = load_contract().operations["glance_show_image"]
    usual, real = (list(map(fault_text, faults_for(operation, entry, is_real=is_real))) for is_real in (False, True))
    others = {f"{status}(retry_after=30)": f"{status}(retry_after=2)" for status in (429, 503)}
    others["stall(seconds=60)"] = "stall(seconds=3600)"
    assert others.keys() <= set(usual)
    assert real == [others.get(text, text) for text in usual]
