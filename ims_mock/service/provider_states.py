"""What a mock has to have for a request of a consumer's contract: the states of a provider, in Pact's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ims_mock.contract.problems import wrong_at
from ims_mock.contract.wording import nearest, shown
from ims_mock.evidence.consumers import states
from ims_mock.evidence.consumers.stand_ins import IMAGE, JOB, OTHER
from ims_mock.faults.rule_text import new_rule
from ims_mock.faults.rules import Rule
from ims_mock.service.catalogue import add_image, load_public_images
from ims_mock.service.service import Service
from ims_mock.state.jobs import SUCCESS
from ims_mock.state.times import precise_timestamp


def provide(service: Service, state: str) -> Rule | None:
    """Let a service have what a state says, such as "an image"; return the rule of a failure, which fires once.

    Raises InvalidError for a state that it cannot be in.
    """
    check_state(state)
    if state not in _MADE:
        return service.faults.arm(new_rule(f"{int(state.removeprefix(states.FAILURE))} x1 optional"))
    with service.store.transaction():
        _MADE[state](service)
    return None


def check_state(state: str) -> None:
    """Raise InvalidError for a state in which no mock can be."""
    status = state.removeprefix(states.FAILURE)
    is_failure = status != state and status.isdecimal() and 400 <= int(status) <= 599
    if state not in _MADE and not is_failure:
        known = [*_MADE, f"{states.FAILURE}503"]
        text = f"no mock can have the state {shown(state)}; the states are {', '.join(known)}{nearest(state, known)}"
        raise wrong_at(("state",), "known", text)


def _image(service: Service) -> None:
    attributes = {"__description": "text", "max_ram": "4096", "min_ram": 1024, "hw_firmware_type": "bios"}
    _add(service, tags=["key=value", "tag"], members={OTHER: "accepted"}, **attributes)


def _bare(service: Service) -> None:
    _add(service)


def _queued(service: Service) -> None:
    add_image(service.store, service.auth.project_id, {"id": IMAGE, "name": "text"})


def _shared(status: str) -> Callable[[Service], None]:
    def make(service: Service) -> None:
        _add(service, owner=OTHER, members={service.auth.project_id: status})

    return make


def _add(service: Service, *, members: Mapping[str, str] | None = None, **attributes: Any) -> None:
    image = {"id": IMAGE, "name": "text", **attributes}
    add_image(service.store, service.auth.project_id, image, b"file", members)


def _job(status: str, **attributes: Any) -> Callable[[Service], None]:
    def make(service: Service) -> None:
        _image(service)
        now = service.store.clock.now()
        has_ended = status in ("SUCCESS", "FAIL")
        job: dict[str, Any] = {
            "id": JOB,
            "type": "imsCopyImageInRegionJob",
            "project_id": service.auth.project_id,
            "status": status,
            "begin_time": precise_timestamp(now),
            "end_time": precise_timestamp(now) if has_ended else "",
            **dict.fromkeys(("error_code", "fail_reason")),
            "entities": {"image_id": IMAGE, "image_name": "text"},
            "began": now,
            "duration": {"seconds": 0 if has_ended else 60},
            "end": SUCCESS,
            **dict.fromkeys(("looks", "percent"), 0),
            "parent": "",
            **{name: [] for name in ("sub_jobs", "on_success", "on_failure")},
        }
        service.store.jobs.put(JOB, {**job, **attributes})

    return make


def _public(service: Service) -> None:
    load_public_images(service.store)


_MADE: Mapping[str, Callable[[Service], None]] = {
    states.IMAGE: _image,
    states.BARE: _bare,
    states.QUEUED: _queued,
    states.OFFERED: _shared("pending"),
    states.ACCEPTED: _shared("accepted"),
    states.DONE: _job("SUCCESS"),
    states.FAILED: _job("FAIL", error_code="IMG.0022", fail_reason="The image cannot be copied.", entities={}),
    states.RUNNING: _job("RUNNING"),
    states.PUBLIC: _public,
}
"""How each state is made; schemas/consumer.json has them as "given"."""
