"""A saved state held against the rules that its schema cannot express, so that every request can be served after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ims_mock.contract.operations import load_model
from ims_mock.contract.problems import InvalidError, Keys, invalid, wrong_at, wrong_settings
from ims_mock.contract.wording import shown
from ims_mock.identity.accounts import new_accounts
from ims_mock.service import neighbours
from ims_mock.service.settings import Settings, is_saved
from ims_mock.state.clock import ManualClock
from ims_mock.state.jobs import job_types

Images = Mapping[str, Mapping[str, Any]]
"""The images of a state by their ids."""


def check_state(document: Mapping[str, Any], *, any_records: bool = False) -> None:
    """Raise InvalidError for a state, valid by its schema, after which a request could fail in the mock itself.

    With `any_records`, what images and jobs have in them is not checked, nor what is to become of them.
    """
    settings_of(document)
    _check_ids(document)
    images = {placed["image"]["id"]: placed["image"] for placed in document["images"]}
    _check_belongings(document, images)
    _check_members(document["members"])
    _check_numbers(document)
    _check_neighbours(document["neighbours"])
    if not any_records:
        _check_records(document, images)
    for access, issued in document["temporary_credentials"].items():
        _check_key(("temporary_credentials", access, "access"), issued["access"])


def settings_of(document: Mapping[str, Any]) -> Settings:
    """Return the settings of a state; raise InvalidError when they, the clock or the accounts cannot be."""
    with _under("settings"):
        given: Mapping[str, Any] = document["settings"]
        for name in given:
            if not is_saved(name):
                raise wrong_settings("settings", f"{name} are not part of a state; leave them out")
        settings = Settings().changed(given)
    with _under("clock"):
        ManualClock(document["clock"]["now"], document["clock"]["speed"])
    _check_accounts(document, settings)
    return settings


@contextmanager
def _under(*path: str | int) -> Iterator[None]:
    """Give the problems of a part of the document their path in the whole."""
    try:
        yield
    except ValueError as error:
        raise invalid(error).under(*path).of_document() from None


def _check_accounts(document: Mapping[str, Any], settings: Settings) -> None:
    for kind in ("projects", "users"):
        for name, record in document[kind].items():
            _check_key((kind, name, "name"), record["name"])
    # The default project has any id, as a setting gives it.
    projects = [
        {key: value for key, value in project.items() if key != "id" or value != settings.project_id}
        for project in document["projects"].values()
    ]
    accounts = {"projects": projects, "users": list(document["users"].values())}
    for problem in load_model("accounts").schema.find_problems(accounts):
        of_kind, index, *rest = problem.path
        name = list(document[str(of_kind)])[int(index)]
        raise wrong_at((of_kind, name, *rest), problem.keyword, problem.text)
    complete = {**accounts, "projects": list(document["projects"].values())}
    new_accounts(settings.project_id, settings.region).restore(complete)


def _check_records(document: Mapping[str, Any], images: Images) -> None:
    """Raise InvalidError for an image or a job that no request can have made, or that would become one."""
    for kind in ("images", "deleted"):
        for index, placed in enumerate(document[kind]):
            created_at = placed["image"]["created_at"]
            if placed["created_at"] != created_at:
                raise wrong_at((kind, index, "created_at"), "const", f"must be {created_at}, as in the image")
    _check_transitions(document, images)
    for job_id, job in document["jobs"].items():
        _check_job(document["jobs"], images, job_id, job)


def _check_ids(document: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for kind in ("images", "deleted"):
        for index, placed in enumerate(document[kind]):
            image_id = placed["image"]["id"]
            if image_id != image_id.lower():
                raise wrong_at((kind, index, "image", "id"), "pattern", f"must be in lower case, got {shown(image_id)}")
            if image_id in seen:
                raise wrong_at(
                    (kind, index, "image", "id"), "unique", f"two images have the id {image_id}; leave one out"
                )
            seen.add(image_id)


def _check_belongings(document: Mapping[str, Any], images: Images) -> None:
    """Raise InvalidError for what belongs to an image that does not exist."""
    belongings: list[tuple[Keys, str]] = [
        *((("members", image_id), image_id) for image_id in document["members"]),
        *((("files", image_id), image_id) for image_id in document["files"]),
        *(
            (("transitions", index, "id"), item["id"])
            for index, item in enumerate(document["transitions"])
            if item["collection"] == "images"
        ),
    ]
    for path, image_id in belongings:
        if image_id not in images:
            raise wrong_at(path, "image", f"there is no image {shown(image_id)}; leave it out")


def _check_members(members: Mapping[str, Mapping[str, Any]]) -> None:
    for image_id, of_image in members.items():
        for member_id, member in of_image.items():
            _check_key(("members", image_id, member_id, "image_id"), member["image_id"], image_id)
            _check_key(("members", image_id, member_id, "member_id"), member["member_id"])


def _check_key(path: Keys, value: str, key: str | None = None) -> None:
    """Raise InvalidError for a record whose attribute is not the key under which it stands."""
    wanted = path[-2] if key is None else key
    if value != wanted:
        raise wrong_at(path, "const", f"must be {shown(wanted)}, as in its path")


def _check_numbers(document: Mapping[str, Any]) -> None:
    """Raise InvalidError for a transition whose number another one has."""
    numbers = Counter(item["number"] for item in document["transitions"])
    for index, item in enumerate(document["transitions"]):
        if numbers[item["number"]] > 1:
            raise wrong_at(
                ("transitions", index, "number"), "unique", f"two have the number {item['number']}; give each its own"
            )


def _check_transitions(document: Mapping[str, Any], images: Images) -> None:
    """Raise InvalidError for a transition that its record cannot make."""
    for index, item in enumerate(document["transitions"]):
        if item["collection"] == "images":
            _check_change(images, item, ("transitions", index))
        elif item["id"] not in document["jobs"]:
            raise wrong_at(("transitions", index, "id"), "job", f"there is no job {shown(item['id'])}; leave it out")


def _check_change(images: Images, transition: Mapping[str, Any], path: Keys) -> None:
    """Raise InvalidError for a transition after which its image would not be one."""
    image = images.get(transition["id"])
    if image is not None:
        problems = load_model("image").schema.find_problems({**image, **transition["attributes"]})
        if problems:
            raise InvalidError(*problems).under(*path, "attributes")


def _check_neighbours(records: Mapping[str, Any]) -> None:
    for key, record in records.items():
        with _under("neighbours", key):
            neighbours.check_stored(key, record)


def _check_job(jobs: Mapping[str, Any], images: Images, job_id: str, job: Mapping[str, Any]) -> None:
    """Raise InvalidError for a job that could not be shown, or could not end."""
    path: Keys = ("jobs", job_id)
    _check_key((*path, "id"), job["id"])
    if job["type"] not in job_types():
        raise wrong_at((*path, "type"), "enum", f"must be one of {', '.join(job_types())}, got {shown(job['type'])}")
    _check_family(jobs, job_id, path)
    problems = load_model("job_entities").schema.find_problems(job["entities"])
    if problems:
        raise InvalidError(*problems).under(*path, "entities")
    for name in ("on_success", "on_failure"):
        for index, following in enumerate(job[name]):
            place = (*path, name, index)
            if following["collection"] == "images":
                _check_change(images, following, place)
            elif following["collection"] == "neighbours":
                with _under(*place, "attributes"):
                    neighbours.check_stored(following["id"], following["attributes"])


def _check_family(jobs: Mapping[str, Mapping[str, Any]], job_id: str, path: Keys) -> None:
    """Raise InvalidError unless a job and the jobs within it know each other, and those have none within them."""
    job = jobs[job_id]
    if job["parent"] and job_id not in jobs.get(job["parent"], {"sub_jobs": ()})["sub_jobs"]:
        raise wrong_at((*path, "parent"), "job", f"there is no job {shown(job['parent'])} that has this one within it")
    for index, part in enumerate(job["sub_jobs"]):
        if job["parent"] or jobs.get(part, {"parent": ""})["parent"] != job_id:
            raise wrong_at((*path, "sub_jobs", index), "job", f"there is no job {shown(part)} that is within this one")
