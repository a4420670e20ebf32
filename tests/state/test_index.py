"""Records found by what they say."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ims_mock import ManualClock
from ims_mock.state.collections import Collection
from ims_mock.state.store import Store

KEYS = st.sampled_from("abc")
BACKUPS = st.sampled_from([{}, {"__backup_id": ""}, {"__backup_id": "X"}, {"__backup_id": "x"}, {"__backup_id": "y"}])
JOBS = st.fixed_dictionaries(
    {"status": st.sampled_from(["INIT", "RUNNING", "SUCCESS"])},
    optional={
        "entities": st.sampled_from([{}, {"image_id": "x"}, {"image_id": "y"}]),
        "type": st.sampled_from(["copy", "export"]),
        "project_id": st.sampled_from("pq"),
    },
)


def change(store: Store, collection: Collection, changes: list[tuple[str, Any]]) -> None:
    """Make changes: put the record of a key, remove it where it is None, and load what there is where it is "load"."""
    for key, record in changes:
        if record == "load":
            collection.load(collection.stored_of(collection.document_of(collection.records)))
            continue
        with store.transaction():
            if record is None:
                collection.remove(key)
            else:
                collection.put(key, {"id": key, **record})


@given(st.lists(st.tuples(KEYS, BACKUPS | st.sampled_from([None, "load"]))))
def test_images_of_a_backup(changes: list[tuple[str, Any]]) -> None:
    """However images have changed, those of a backup are those that a walk over all of them finds."""
    store = Store(ManualClock(0))
    change(store, store.images, changes)
    walked = {key for key, image in store.images.items() if image.get("__backup_id", "").lower() == "x"}
    assert set(store.images.of_backup("x")) == set(store.images.of_backup("X")) == walked


@given(st.lists(st.tuples(KEYS, JOBS | st.sampled_from([None, "load"]))))
def test_pending_jobs(changes: list[tuple[str, Any]]) -> None:
    """However jobs have changed, the pending ones of an image, or of a type, are those that a walk over all finds."""
    store = Store(ManualClock(0))
    change(store, store.jobs, changes)
    pending = [job for job in store.jobs.values() if job["status"] != "SUCCESS"]
    of_image = {job["id"] for job in pending if job.get("entities", {}).get("image_id") == "x"}
    of_type = {job["id"] for job in pending if (job.get("type"), job.get("project_id")) == ("copy", "p")}
    assert {job["id"] for job in store.jobs.pending_of_image("x")} == of_image
    assert set(store.jobs.pending_of_type("copy", "p")) == of_type
