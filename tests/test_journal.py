"""What was received, what was answered, and why."""

from __future__ import annotations

from ims_mock.journal import MAX_BODY, MAX_ENTRIES, Entry
from tests.conftest import PAGE, Api


def test_entry_has_request_and_answer(api: Api) -> None:
    """An entry tells the request, the operation, the caller's project and the answer."""
    answer = api("POST", "/v2/images?a=b", b'{"name": "a"}', X_Project_Id="p")
    (entry,) = api.service.journal
    assert (entry.number, entry.method, entry.path, entry.operation, entry.project_id) == (
        1,
        "POST",
        "/v2/images?a=b",
        "glance_create_image_metadata",
        "p",
    )
    assert (entry.status, entry.request_body, entry.response_body, entry.reason) == (
        201,
        b'{"name": "a"}',
        answer.data,
        "",
    )
    assert entry.request_id == answer.headers["X-Request-Id"]
    assert str(entry) == f"{PAGE} POST /v2/images?a=b -> 201 glance_create_image_metadata"


def test_refusal_has_its_reason(api: Api) -> None:
    """An entry of a refusal has the reason of the header, one of no route no operation."""
    refused, lost = api("POST", "/v2/images", b"[]"), api("GET", "/nope")
    first, second = api.service.journal
    assert first.reason == refused.headers["X-IMS-Mock-Reason"]
    assert (second.operation, second.status, second.reason) == (None, 404, lost.headers["X-IMS-Mock-Reason"])
    assert str(second).startswith(f"{PAGE} GET /nope -> 404 no route: no route is /nope")


def test_line_of_an_entry_is_one_line() -> None:
    """Whatever bytes a target has, the entry's line is printable ASCII."""
    entry = Entry(1, "", 0, "GET", "/\x1b[31m\n\xff", None)
    assert str(entry) == "1970-01-01T00:00:00Z GET /\\x1b[31m\\n\\xff -> 0 no route"


def test_calls_of_one_operation(api: Api) -> None:
    """Calls are those of one operation, or all, oldest first."""
    api.create()
    api("GET", "/v2/images")
    api.create()
    journal = api.service.journal
    assert [entry.number for entry in journal.calls("glance_create_image_metadata")] == [1, 3]
    assert [entry.number for entry in journal.calls()] == [1, 2, 3]
    assert len(journal) == 3


def test_journal_is_bounded(api: Api) -> None:
    """The oldest entries go, long bodies are cut."""
    api("POST", "/v2/images", b" " * (MAX_BODY + 1))
    assert len(api.service.journal.calls()[0].request_body) == MAX_BODY
    for _ in range(MAX_ENTRIES):
        api("GET", "/v2/schemas/image")
    assert len(api.service.journal) == MAX_ENTRIES
    assert api.service.journal.calls()[0].number == 2


def test_control_api_is_not_in_it(api: Api) -> None:
    """What the tester asks the mock is no request of the program under test."""
    api("GET", "/_ims_mock/health")
    assert len(api.service.journal) == 0
