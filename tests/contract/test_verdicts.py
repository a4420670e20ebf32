"""The judge: what it finds in an exchange, and what it does not."""

from __future__ import annotations

import copy
import inspect
import json
import re
from typing import Any

import pytest

from ims_mock import contract
from ims_mock.contract import (
    DAMAGED,
    NOT_RECORDED,
    Finding,
    JsonBody,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
    judge,
    judging,
    request_rules,
    response_rules,
)
from ims_mock.contract.findings import worst
from ims_mock.contract.judging import is_one_letter_away
from ims_mock.contract.operations import load_contract
from tests.conftest import ROOT, Api
from tests.examples import example_of

ID = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86"
COPY = f"/v1/cloudimages/{ID}/copy"
JOB = {"job_id": "8a12fc664fb4daa3014fb4e581380005"}
JSON = ("Content-Type", "application/json")
PATCH = ("Content-Type", "application/openstack-images-v2.1-json-patch")
SERVICE = {"error": {"code": "IMG.0144", "message": "The requested resource was not found."}}
GATEWAY = {"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information", "request_id": "0" * 32}
IDENTITY = {"error": {"code": 404, "message": "The resource could not be found.", "title": "Not Found"}}


def encoded(body: Any) -> Any:
    """Return a body as bytes, unless it is none or says why there is none."""
    return json.dumps(body).encode() if isinstance(body, dict | list) else body


def exchange(
    method: str, url: str, sent: Any = b"", status: int = 200, got: Any = b"", **more: Any
) -> RecordedExchange:
    """Return an exchange of which all is recorded; `more` are fields of the request or, after "got_", the response."""
    request = {"headers": [JSON], "has_all_headers": True, "body": encoded(sent)}
    response = {"headers": [JSON], "has_all_headers": True, "body": encoded(got)}
    request |= {name: value for name, value in more.items() if not name.startswith("got_")}
    response |= {name.removeprefix("got_"): value for name, value in more.items() if name.startswith("got_")}
    return RecordedExchange(RecordedRequest(method, url, **request), RecordedResponse(status, **response))


def found(*arguments: Any, **more: Any) -> list[tuple[str, str, str]]:
    """Return the id, severity and pointer of each finding of an exchange."""
    return [(finding.id, finding.severity, finding.pointer) for finding in judge(exchange(*arguments, **more))]


def image(page: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the image of the official page with other attributes; None leaves one out."""
    return {name: value for name, value in {**page["response"], **changes}.items() if value is not None}


REQUESTS = [
    (("POST", COPY, {"name": 7}, 200, JOB), ("request.type", "break", "/name")),
    (("POST", COPY, {}, 200, JOB), ("request.missing_attribute", "break", "/name")),
    (("POST", COPY, b"", 200, JOB), ("request.missing_body", "break", "")),
    (("POST", COPY, b"{", 200, JOB), ("request.not_json", "break", "")),
    (("POST", COPY, b"\xff", 200, JOB), ("request.not_json", "break", "")),
    (("POST", COPY, {"name": "x" * 129}, 200, JOB), ("request.length", "break", "/name")),
    (
        ("POST", COPY, {"name": "a", "descriptoin": ""}, 200, JOB),
        ("request.unknown_attribute", "break", "/descriptoin"),
    ),
    (("POST", COPY, {"name": "a", "colour": "red"}, 200, JOB), ("request.unknown_attribute", "drift", "/colour")),
    (("PUT", f"/v2/images/{ID}/tags/a.b", b"", 204), ("request.path_parameter", "break", "{tag}")),
]


@pytest.mark.parametrize(("call", "expected"), REQUESTS)
def test_requests(call: tuple[Any, ...], expected: tuple[str, str, str]) -> None:
    """What is wrong with a request is found, one finding for each thing."""
    assert found(*call) == [expected]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"visibilty": "private"}, ("request.unknown_attribute", "break", "/visibilty")),
        ({"tgas": "a"}, ("request.unknown_attribute", "break", "/tgas")),
        ({"visibility": "publik"}, ("request.enum", "break", "/visibility")),
        ({"min_disk": 39}, ("request.bound", "break", "/min_disk")),
        ({"status": "active"}, ("request.read_only", "break", "/status")),
        ({"tags": ["x" * 256]}, ("request.length", "break", "/tags/0")),
        ({"name": "a\nb"}, ("request.pattern", "break", "/name")),
        ({"my_own": 7}, ("request.type", "break", "/my_own")),
    ],
)
def test_creates(page: dict[str, Any], sent: Any, expected: tuple[str, str, str]) -> None:
    """An attribute that a client may choose is one of its own, unless it is a letter away from a documented one."""
    assert found("POST", "/v2/images", sent, 201, image(page)) == [expected]
    assert found("POST", "/v2/images", {"os_type": "Linux", "mine": "x", "side": "a"}, 201, image(page)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=x", ("request.parameter", "break", "?limit")),
        ("limit=1&limit=2", ("request.repeated_parameter", "break", "?limit")),
        ("limitt=1", ("request.unknown_parameter", "break", "?limitt")),
    ],
)
def test_queries(query: str, expected: tuple[str, str, str]) -> None:
    """A parameter of a list that is wrong, given twice or misspelt is found; any other is a filter."""
    listed = ("GET", f"/v2/images?{query}", b"", 200, NOT_RECORDED)
    assert found(*listed) == [expected]
    assert found("GET", "/v2/images?tag=a&tag=b&__platform=Ubuntu&mine=x", b"", 200, NOT_RECORDED) == []


def test_parameter_of_an_operation_that_has_none() -> None:
    """A parameter that nobody documents is drift: nothing reads it."""
    assert found("DELETE", f"/v2/images/{ID}?force=1", b"", 204) == [("request.unknown_parameter", "drift", "?force")]


def test_parameter_that_is_refused() -> None:
    """A parameter that the documents exclude is found."""
    refused = [(operation, name) for operation in load_contract().operations.values() for name in operation.refused]
    assert refused
    for operation, name in refused:
        ids = found(operation.method, f"{operation.path}?{name}=x", b"", 200, NOT_RECORDED)
        assert ids == [("request.refused_parameter", "break", f"?{name}")]


def test_headers_of_a_request() -> None:
    """A header that is needed and missing is found where all headers are recorded, and a wrong media type too."""
    token = ("GET", "/v3/auth/tokens", b"", 200, NOT_RECORDED)
    missing = ("request.missing_header", "break", "X-Subject-Token")
    assert found(*token) == [missing]
    assert found(*token, has_all_headers=False) == []
    assert found(*token, headers=[("x-subject-token", "t")]) == []
    patch = ("PATCH", f"/v2/images/{ID}", [{"op": "add", "path": "/name", "value": "b"}], 200, NOT_RECORDED)
    wrong = ("request.media_type", "break", "Content-Type")
    assert found(*patch) == [wrong]
    assert found(*patch, headers=[]) == [wrong]
    assert found(*patch, headers=[], has_all_headers=False) == []
    assert found(*patch, headers=[PATCH]) == []


def test_patches() -> None:
    """A patch of an attribute that is a letter away from a documented one is found."""
    for path, headers in ((f"/v2/images/{ID}", [PATCH]), (f"/v2/cloudimages/{ID}", [JSON])):
        changes = [{"op": "add", "path": "/mine", "value": "a"}, {"op": "add", "path": "/min_dsik", "value": "40"}]
        expected = [("request.unknown_attribute", "break", "/1/path")]
        assert found("PATCH", path, changes, 200, NOT_RECORDED, headers=headers) == expected


V20 = ("Content-Type", "application/openstack-images-v2.0-json-patch")
OWN = f"/v2/cloudimages/{ID}"


@pytest.mark.parametrize(
    ("path", "header", "change", "expected"),
    [
        (f"/v2/images/{ID}", PATCH, {"op": "replace", "path": "/name", "value": 7}, ("type", "/0/value")),
        (f"/v2/images/{ID}", PATCH, {"op": "add", "path": "/mine", "value": 7}, ("type", "/0/value")),
        (f"/v2/images/{ID}", PATCH, {"op": "replace", "path": "/status", "value": "active"}, ("read_only", "/0/value")),
        (f"/v2/images/{ID}", PATCH, {"op": "remove", "path": "/id"}, ("read_only", "/0/path")),
        (f"/v2/images/{ID}", PATCH, {"op": "remove", "path": "/mine"}, None),
        (f"/v2/images/{ID}", V20, {"replace": "/name", "value": 7}, ("type", "/0/value")),
        (f"/v2/images/{ID}", V20, {"add": "/min_dsik", "value": "40"}, ("unknown_attribute", "/0/add")),
        (f"/v2/images/{ID}", V20, {"remove": "/mine"}, None),
        (OWN, JSON, {"op": "replace", "path": "/name", "value": ""}, ("length", "/0/value")),
        (OWN, JSON, {"op": "replace", "path": "/min_ram", "value": "1024"}, None),
        (OWN, JSON, {"op": "replace", "path": "/min_ram", "value": "much"}, ("type", "/0/value")),
        (OWN, JSON, {"op": "replace", "path": "/hw_firmware_type", "value": "eufi"}, ("enum", "/0/value")),
        (OWN, JSON, {"op": "replace", "path": "/visibility", "value": "public"}, ("read_only", "/0/path")),
        (OWN, JSON, {"op": "replace", "path": "/name"}, ("missing_attribute", "/0/value")),
        (OWN, JSON, {"op": "remove", "path": "/mine"}, None),
    ],
)
def test_what_patches_set(path: str, header: Any, change: Any, expected: Any) -> None:
    """A change is held to what its attribute may be, and to whether a client may set it."""
    wanted = [(f"request.{expected[0]}", "break", expected[1])] if expected else []
    assert found("PATCH", path, [change], 200, NOT_RECORDED, headers=[header]) == wanted


def test_value_of_a_patch_that_only_stands_for_its_type() -> None:
    """Of such a value the type alone is judged."""
    for value, expected in (("<>", []), (7, [("request.type", "break", "/0/value")])):
        change = JsonBody([{"op": "replace", "path": "/name", "value": value}], frozenset({(0, "value")}))
        assert found("PATCH", OWN, change, 200, NOT_RECORDED) == expected


FILE = {"name": "a", "image_url": "bucket:a.vhd", "min_disk": 40}
MISSING = "request.missing_attribute"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "a", "instance_id": ID}, []),
        ({"instance_id": ID}, [(MISSING, "break", "/name")]),
        ({"name": "<a>", "instance_id": ID}, [("request.pattern", "break", "/name")]),
        ({"name": 7, "instance_id": ID}, [("request.type", "break", "/name")]),
        (FILE, []),
        ({"name": "a", "image_url": "bucket:a.vhd"}, [(MISSING, "break", "/min_disk")]),
        ({**FILE, "instance_id": ""}, []),
        ({**FILE, "volume_id": ID}, [("request.rule", "break", "")]),
        ({"name": "a"}, [("request.rule", "break", "")]),
        ({"data_images": [{"name": "a", "volume_id": ID}]}, []),
        ({"data_images": [{"name": "a"}]}, [(MISSING, "break", "/data_images/0/volume_id")]),
        ({**FILE, "data_images": [{"image_url": "bucket:a.vhd"}]}, [(MISSING, "break", "/data_images/0/min_disk")]),
    ],
)
def test_what_an_image_is_made_of(body: Any, expected: Any) -> None:
    """The source that a body names decides what else it must have; a source that is empty is none."""
    for path in ("/v2/cloudimages/action", "/v1/cloudimages/action"):
        assert found("POST", path, body, 200, JOB) == expected
    assert [item for item in found("POST", path, body, 200, JOB, is_partial=True) if item[0] == MISSING] == []


def test_version_of_a_quick_import() -> None:
    """A system image needs the version of its operating system, and a data image does not."""
    path, body = "/v2/cloudimages/quickimport/action", {**FILE, "image_url": "bucket:a.raw"}
    missing = [(MISSING, "break", "/os_version")]
    assert found("POST", path, body, 200, JOB) == missing
    assert found("POST", path, {**body, "type": "ECS"}, 200, JOB) == missing
    assert found("POST", path, {**body, "type": "DataImage"}, 200, JOB) == []


def test_what_a_whole_image_is_made_of() -> None:
    """It is of a server or of a backup, and not of both."""
    for names in ([], ["instance_id", "backup_id"]):
        body = {"name": "a", **dict.fromkeys(names, ID)}
        assert found("POST", "/v1/cloudimages/wholeimages/action", body, 200, JOB) == [("request.rule", "break", "")]


def test_partial_request() -> None:
    """What a stub shall match may lack anything, and what it has is judged."""
    assert found("POST", COPY, {}, 200, JOB, is_partial=True) == []
    assert found("POST", COPY, b"", 200, JOB, is_partial=True) == []
    assert found("POST", COPY, {"name": 7}, 200, JOB, is_partial=True) == [("request.type", "break", "/name")]


def test_request_that_is_meant_to_be_refused() -> None:
    """Of a request that was made to be wrong, the response alone is judged."""
    assert found("POST", COPY, {"name": 7}, 400, SERVICE, meant_wrong=True) == []
    ids = found("POST", COPY, {"name": 7}, 400, IDENTITY, meant_wrong=True)
    assert ids == [("response.error_dialect", "break", "")]


def test_wrong_request_that_was_refused_is_a_note() -> None:
    """With a 4xx the service did what the contract says; with a 5xx or without a response it did not."""
    assert found("POST", COPY, {"name": 7}, 400, SERVICE) == [("request.type", "note", "/name")]
    assert found("POST", COPY, {"name": 7}, 503, GATEWAY) == [("request.type", "break", "/name")]
    lost = RecordedExchange(exchange("POST", COPY, {"name": 7}).request, None)
    assert [finding.severity for finding in judge(lost)] == ["break"]


RESPONSES = [
    ((COPY, 204, b""), [("response.undocumented_status", "drift", ""), ("response.missing_body", "break", "")]),
    ((COPY, 204, JOB), [("response.undocumented_status", "drift", ""), ("response.unexpected_body", "break", "")]),
    ((COPY, 202, JOB), [("response.undocumented_status", "drift", "")]),
    ((COPY, 302, b""), [("response.undocumented_status", "drift", "")]),
    ((COPY, 200, {}), [("response.missing_attribute", "break", "/job_id")]),
    ((COPY, 200, {"job_id": 7}), [("response.type", "break", "/job_id")]),
    ((COPY, 200, {"job_id": "7"}), [("response.pattern", "break", "/job_id")]),
    ((COPY, 200, {**JOB, "more": 1}), [("response.unknown_attribute", "drift", "/more")]),
    ((COPY, 200, b""), [("response.missing_body", "break", "")]),
    ((COPY, 200, b"<html></html>"), [("response.not_json", "break", "")]),
    ((COPY, 404, SERVICE), []),
    ((COPY, 404, GATEWAY), []),
    ((COPY, 404, IDENTITY), [("response.error_dialect", "break", "")]),
    ((COPY, 404, {"itemNotFound": {"code": 404}}), [("response.error_dialect", "break", "")]),
    ((COPY, 404, b"<html>Not Found</html>"), [("response.error_dialect", "break", "")]),
    ((COPY, 404, b""), [("response.error_dialect", "break", "")]),
    ((COPY, 401, GATEWAY), []),
    ((COPY, 401, SERVICE), [("response.error_dialect", "break", "")]),
    ((COPY, 404, {"error": {"code": "IMG.0144"}}), [("response.missing_attribute", "break", "/error/message")]),
    (
        (COPY, 404, {"error": {"code": "IMG.9999", "message": "x"}}),
        [("response.undocumented_code", "drift", "/error/code")],
    ),
    ((COPY, 429, {**GATEWAY, "error_code": "APIGW.9999"}), [("response.undocumented_code", "drift", "/error_code")]),
    ((COPY, 418, b"anything"), [("response.undocumented_status", "drift", "")]),
]


@pytest.mark.parametrize(("call", "expected"), RESPONSES)
def test_responses(call: tuple[str, int, Any], expected: list[Any]) -> None:
    """What is wrong with a response is found, one finding for each thing."""
    url, status, body = call
    assert found("POST", url, {"name": "b"}, status, body) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"min_ram": "1024"}, [("response.type", "break", "/min_ram")]),
        ({"protected": None, "tags": None}, []),
        ({"status": "dancing"}, [("response.enum", "break", "/status")]),
        ({"mine": "a"}, []),
        ({"mine": 7}, [("response.unknown_attribute", "drift", "/mine")]),
        ({"__new_of_the_cloud": "a"}, [("response.unknown_attribute", "drift", "/__new_of_the_cloud")]),
        ({"__support_s4l": "true"}, []),
    ],
)
def test_images(page: dict[str, Any], changes: dict[str, Any], expected: list[Any]) -> None:
    """An image may have attributes of its owner; those of the service that no document has are drift."""
    lacking = [("response.missing_attribute", "break", f"/{name}") for name, value in changes.items() if value is None]
    assert found("POST", "/v2/images", {}, 201, image(page, **changes)) == lacking + expected


def test_images_of_a_list(page: dict[str, Any]) -> None:
    """Each image of a list is judged, with its place."""
    body = {
        "images": [image(page), image(page, min_ram="1", __new_of_the_cloud="a")],
        "schema": "/v2/schemas/images",
        "first": "/v2/images",
    }
    assert found("GET", "/v2/images", b"", 200, body) == [
        ("response.type", "break", "/images/1/min_ram"),
        ("response.unknown_attribute", "drift", "/images/1/__new_of_the_cloud"),
    ]


def test_media_type_of_a_file() -> None:
    """A page in place of a file is said to be of another type, and its bytes are not looked at."""
    file = f"/v2/images/{ID}/file"
    page = {"got_headers": [("Content-Type", "text/html")]}
    assert found("GET", file, b"", 200, b"<html>", **page) == [("response.media_type", "drift", "Content-Type")]
    assert found("GET", file, b"", 200, b"\xff", got_headers=[("Content-Type", "application/octet-stream")]) == []


def test_values_of_a_map() -> None:
    """A rule for all values of an object without named attributes holds for each of them."""
    operation = load_contract().operations["glance_list_images_detail_v1"]
    document = load_contract().document["paths"][operation.path]["get"]["responses"]["200"]
    body = copy.deepcopy(document["content"]["application/json"]["example"])
    assert found("GET", operation.path, b"", 200, body) == []
    body["images"][0]["properties"]["__os_bit"] = 64
    wrong = ("response.type", "break", "/images/0/properties/__os_bit")
    assert found("GET", operation.path, b"", 200, body) == [wrong]


def test_errors_of_other_services() -> None:
    """The identity service and those that Terraform asks have errors of their own forms."""
    token = ("GET", "/v3/auth/catalog", b"")
    assert found(*token, 404, IDENTITY) == []
    assert found(*token, 404, SERVICE) == [("response.error_dialect", "break", "")]
    key = ("POST", "/v1.0/p/kms/describe-key", {"key_id": ID})
    assert found(*key, 404, {"error": {"error_code": "KMS.0205", "error_msg": "x"}}) == []
    assert found(*key, 404, SERVICE) == [("response.error_dialect", "break", "")]


def test_headers_of_a_response() -> None:
    """A header that clients read is needed where all headers are recorded; a wrong media type is drift."""
    body = example_of(load_contract().operations["keystone_create_token"]).body
    document = load_contract().document["paths"]["/v3/auth/tokens"]["post"]["responses"]["201"]
    token = document["content"]["application/json"]["example"]
    login = ("POST", "/v3/auth/tokens", body, 201, token)
    assert found(*login) == [("response.missing_header", "break", "X-Subject-Token")]
    assert found(*login, got_has_all_headers=False) == []
    assert found(*login, got_headers=[JSON, ("x-subject-token", "t")]) == []
    copied = ("POST", COPY, {"name": "b"}, 200, JOB)
    assert found(*copied, got_headers=[("content-type", "text/html")]) == [
        ("response.media_type", "drift", "Content-Type")
    ]
    assert found(*copied, got_headers=[("content-type", "application/json; charset=utf-8")]) == []


@pytest.mark.parametrize("absence", [NOT_RECORDED, DAMAGED])
def test_only_what_is_recorded_is_judged(absence: Any) -> None:
    """Of a body that is not recorded, or not faithfully, nothing is said; nor of headers."""
    assert found("POST", COPY, absence, 200, absence, headers=absence, got_headers=absence) == []
    assert found("POST", COPY, absence, 404, absence) == []


def test_body_that_is_kept_as_a_value() -> None:
    """A value is judged as its JSON would be; where it only stands for its type, the type alone."""
    assert found("POST", COPY, JsonBody({"name": 7}), 200, JsonBody({"job_id": "x"})) == [
        ("request.type", "break", "/name"),
        ("response.pattern", "break", "/job_id"),
    ]
    some = JsonBody({"job_id": "x"}, frozenset({("job_id",)}))
    assert found("POST", COPY, {"name": "a"}, 200, some) == []
    wrong = JsonBody({"job_id": 7}, frozenset({("job_id",)}))
    assert found("POST", COPY, {"name": "a"}, 200, wrong) == [("response.type", "break", "/job_id")]


def test_response_that_has_what_a_client_relies_on() -> None:
    """A partial response may lack anything, and what it has is judged."""
    assert found("POST", COPY, {"name": "b"}, 200, {}, got_is_partial=True) == []
    assert found("POST", COPY, {"name": "b"}, 200, b"", got_is_partial=True) == []
    wrong = {"job_id": 7}
    assert found("POST", COPY, {"name": "b"}, 200, wrong, got_is_partial=True) == [
        ("response.type", "break", "/job_id")
    ]


@pytest.mark.parametrize(
    ("method", "url", "name", "severity"),
    [
        ("GET", "/v2/imagez", "request.unknown_path", "break"),
        ("GET", "http://127.0.0.1:9292/image/v2/imagez", "request.unknown_path", "break"),
        ("GET", "https://ims.cn-north-4.myhuaweicloud.com/v3/nothing", "request.unknown_path", "break"),
        ("GET", "https://ims.cn-north-4.myhuaweicloud.com/cloudimages?limit=1", "request.unknown_path", "break"),
        ("GET", "http://ims/index.html", "request.unknown_path", "note"),
        ("GET", "https://ecs.cn-north-4.myhuaweicloud.com/v1/p/cloudservers", "request.unknown_path", "note"),
        ("GET", "https://example.com/index.html", "request.unknown_path", "note"),
        ("POST", "/v2/tasks", "request.unknown_path", "break"),
        ("GET", "/v3/roles", "request.unknown_path", "note"),
        ("PUT", "/v2/images", "request.unknown_method", "break"),
        ("OPTIONS", "/v2/images", "request.unknown_method", "note"),
    ],
)
def test_what_matches_no_operation(method: str, url: str, name: str, severity: str) -> None:
    """It is said to; of another service, or another site, it is only a note, and nothing else of it is judged."""
    (finding,) = judge(exchange(method, url, b"\xff", 599, b"\xff"))
    assert (finding.id, finding.severity, finding.operation) == (name, severity, None)
    assert method in finding.message


def test_every_id_is_documented() -> None:
    """docs/contract.md has every id that a rule of the judge can give, with its side."""
    text = (ROOT / "docs/contract.md").read_text("utf-8")
    table = text[text.index("| id | what it means |") : text.index("What was not recorded")]
    documented = set()
    for cell in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", cell)
        documented |= {names[0].partition(".")[0] + name if name.startswith(".") else name for name in names}
    given = {"request.unknown_path", "request.unknown_method"}
    for side, module in (("request", request_rules), ("response", response_rules)):
        source = inspect.getsource(module) + inspect.getsource(judging)
        words = re.findall(r"""\.add\(\s*"(\w+)\"""", source) + re.findall(r"""_check_value\(.*"(\w+)"\)""", source)
        given |= {f"{side}.{word}" for word in [*words, *judging._IDS.values(), "rule"]}
    # What a schema of one side alone has.
    never = {"response.read_only", "response.attribute_name"}
    assert given - never <= documented
    assert documented <= given


def test_words_of_a_finding() -> None:
    """A finding has its operation, side, place, rule, what was got, and a sentence; its entry is the exchange's."""
    sent = exchange("POST", COPY, {"name": 7}, 200, JOB)
    (finding,) = judge(RecordedExchange(sent.request, sent.response, "entry 3"))
    assert finding == Finding(
        "request.type",
        "break",
        "copy_image_in_region",
        "request",
        "/name",
        "type: string",
        7,
        "must be of type string, got 7",
        "entry 3",
    )
    text = "copy_image_in_region: request /name: must be of type string, got 7 [request.type]"
    assert str(finding) == f"entry 3: break: {text}"
    assert json.loads(json.dumps(finding.as_json()))["entry"] == "entry 3"


def test_words_of_an_error_without_a_body() -> None:
    """They say what is missing, and give no advice that is for requests."""
    (finding,) = judge(exchange("POST", COPY, {"name": "b"}, 404, b""))
    assert finding.message == "must be an error of the service or of the gateway, got no body"


def test_secret_is_not_in_a_finding() -> None:
    """What a schema hides, such as a password, no finding shows."""
    user = {"name": "demo", "password": ["hunter2"], "domain": {"name": "demo"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    findings = judge(exchange("POST", "/v3/auth/tokens", body, 201, NOT_RECORDED, got_headers=NOT_RECORDED))
    assert findings
    assert "hunter2" not in "".join(map(str, map(Finding.as_json, findings)))


def test_deep_and_large_bodies() -> None:
    """A body that is nested deep, or huge, is judged and ends."""
    assert found("POST", COPY, b"[" * 100_000, 200, JOB) == [("request.not_json", "break", "")]
    many = JsonBody({"name": "a", **{f"k{number}": number for number in range(20_000)}})
    assert len(found("POST", COPY, many, 200, JOB)) == 20_000


def test_every_operation_of_the_mock_conforms(api: Api) -> None:
    """Nothing is found in what the mock responds to the documents' own example of each operation."""
    created = api.create(id=ID)
    for operation in load_contract().operations.values():
        call = example_of(operation, image_id=created["id"], project_id=api.service.settings.project_id)
        response = api(call.method, call.path, call.body, Content_Type=next(iter(operation.bodies), "text/plain"))
        sent = exchange(call.method, call.path, call.body or b"", response.status_code, response.data)
        headers = list(response.headers.items())
        recorded = RecordedResponse(response.status_code, headers, response.data, has_all_headers=True)
        if operation.id == "glance_download_image":
            recorded = RecordedResponse(response.status_code, headers, has_all_headers=True)
        findings = judge(RecordedExchange(sent.request, recorded))
        assert [finding for finding in findings if finding.side == "response"] == [], operation.id


def test_worst() -> None:
    """The worst severity of several findings is the exit code's."""
    findings = judge(exchange("POST", COPY, {"name": 7}, 202, JOB))
    assert worst(findings) == "break"
    assert worst(judge(exchange("POST", COPY, {"name": "a"}, 202, JOB))) == "drift"
    assert worst([]) is None


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("visibilty", "visibility", True),
        ("min_dsik", "min_disk", True),
        ("min_disks", "min_disk", True),
        ("min_dixk", "min_disk", True),
        ("min_disk", "min_disk", False),
        ("os_type", "__os_type", False),
        ("abxy", "bayx", False),
        ("ba", "ab", True),
        ("", "a", True),
    ],
)
def test_one_letter_away(one: str, other: str, near: bool) -> None:
    """One letter more, less or different, or two exchanged, is a slip; anything else is another name."""
    assert is_one_letter_away(one, other) is near
    assert is_one_letter_away(other, one) is near


def test_public_names() -> None:
    """The package has what it says it has, and says so of another name."""
    assert all(getattr(contract, name) is not None for name in contract.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        contract.nothing  # noqa: B018
