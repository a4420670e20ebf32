"""The fixture `ims_mock_contract`, in test files of its users, with the stubs of four libraries."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import httpx
import pytest
import pytest_httpserver
import requests
import requests_mock
import responses
import respx

from ims_mock.testing.stub_libraries import NAMES
from ims_mock.testing.stubs import WatchedStubs
from tests.test_pytest_plugin import LEAN

pytestmark = pytest.mark.slow

# What a run inside a test imports is dropped at its end, and half of a library is worse than none: the whole stays.
IMPORTED = (httpx, pytest_httpserver, requests, requests_mock, responses, respx)

PLUGINS = ("-p", "respx.plugin", "-p", "requests_mock.contrib._pytest_plugin", "-p", "pytest_httpserver.pytest_plugin")

HEADER = """
import asyncio
import httpx, pytest, requests, requests_mock as rm, responses, respx

HOST = "https://ims.cn-north-4.myhuaweicloud.com"
PATH = "/v1/cloudimages/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86/copy"
URL = HOST + PATH
GOOD = {"job_id": "8a12fc664fb4daa3014fb4e581380005"}
BAD = {"job_id": 7}
MISTAKES = {
    "none": (200, GOOD),
    "no content": (204, None),
    "misspelt": (200, {"job_idd": "8a12fc664fb4daa3014fb4e581380005"}),
    "number": (200, BAD),
    "status": (418, {"error": {"code": "IMG.0144", "message": "Not found."}}),
    "dialect": (404, {"message": "Not found."}),
}
each = pytest.mark.parametrize(("status", "body"), MISTAKES.values(), ids=MISTAKES)

def copy(url=URL):
    return requests.post(url, json={"name": "a"}, timeout=60)
"""

FOUND = [
    "*no content*",
    "copy_image_in_region: the stub of * does not match the contract of IMS",
    "  POST http*/v1/cloudimages/4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba86/copy -> 204",
    "  break: response: must have a body [[]response.missing_body]",
    "  drift: response: the status 204 is not documented for copy_image_in_region; documented are 200, *",
    "*misspelt*",
    "  break: response /job_id: * [[]response.missing_attribute]",
    '  drift: response /job_idd: *did you mean "job_id"[?] [[]response.unknown_attribute]',
    "*number*",
    "  break: response /job_id: must be of type string, got 7 [[]response.type]",
    "*dialect*",
    "  break: response: must be an error of the service or of the gateway, * [[]response.error_dialect]",
]
"""What the report of all mistakes has, in their order."""


def run(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    """Run pytest on a test file, with this plugin and those of the stubs."""
    pytester.makepyfile(HEADER + body)
    return pytester.runpytest_inprocess("-W", "error", "--strict-markers", *LEAN, *PLUGINS, *arguments)


STUBS: Mapping[str, str] = {
    "responses": """
@each
@responses.activate
def test_it(ims_mock_contract, status, body):
    responses.post(URL, status=status, json=body)
    copy()
""",
    "responses, callback in a context": """
@each
def test_it(ims_mock_contract, status, body):
    with responses.RequestsMock() as stubs:
        content = b"" if body is None else responses.json_module.dumps(body)
        stubs.add_callback("POST", URL, lambda request: (status, {"Content-Type": "application/json"}, content))
        copy()
""",
    "requests-mock, fixture": """
@each
def test_it(ims_mock_contract, requests_mock, status, body):
    requests_mock.post(URL, status_code=status, json=body)
    copy()
""",
    "requests-mock, decorator": """
@each
@rm.Mocker(kw="stubs")
def test_it(ims_mock_contract, status, body, **more):
    more["stubs"].post(URL, status_code=status, json=body)
    copy()
""",
    "requests-mock, adapter": """
@each
def test_it(ims_mock_contract, status, body):
    adapter, session = rm.Adapter(), requests.Session()
    session.mount("https://", adapter)
    adapter.register_uri("POST", PATH, status_code=status, json=body)
    session.post(URL, json={"name": "a"})
""",
    "respx, fixture": """
@each
def test_it(ims_mock_contract, respx_mock, status, body):
    respx_mock.post(URL).respond(status, json=body)
    with httpx.Client() as client:
        client.post(URL, json={"name": "a"})
""",
    "respx, decorator": """
@each
@respx.mock
def test_it(ims_mock_contract, status, body):
    respx.post(URL).mock(side_effect=lambda request: httpx.Response(status, json=body))
    with httpx.Client() as client:
        client.post(URL, json={"name": "a"})
""",
    "respx, coroutine": """
@each
def test_it(ims_mock_contract, status, body):
    @respx.mock(using="httpx")
    async def post(respx_mock):
        respx_mock.post(URL).respond(status, json=body)
        async with httpx.AsyncClient() as client:
            await client.post(URL, json={"name": "a"})

    asyncio.run(post())
""",
    "respx, transport": """
router = respx.Router()
client = httpx.Client(transport=httpx.MockTransport(router.handler))

@each
def test_it(ims_mock_contract, status, body):
    router.post(URL).respond(status, json=body)
    client.post(URL, json={"name": "a"})
""",
    "pytest-httpserver": """
@each
def test_it(ims_mock_contract, httpserver, status, body):
    expected = httpserver.expect_request(PATH, method="POST")
    expected.respond_with_data("", status) if body is None else expected.respond_with_json(body, status)
    copy(httpserver.url_for(PATH))
""",
}
"""Ways of stubbing, each with all of the mistakes."""


@pytest.mark.parametrize("body", STUBS.values(), ids=STUBS)
def test_stub_that_is_wrong_fails_its_test(pytester: pytest.Pytester, body: str) -> None:
    """A good stub passes, and so does drift; each other mistake fails its test with what is wrong."""
    result = run(pytester, body)
    result.assert_outcomes(passed=2, failed=4)
    result.stdout.fnmatch_lines(FOUND)
    assert "Traceback" not in result.stdout.str()


def test_workers(pytester: pytest.Pytester) -> None:
    """It is the same on workers of pytest-xdist."""
    run(pytester, STUBS["responses"], "-p", "xdist", "-n", "2").assert_outcomes(passed=2, failed=4)


@pytest.mark.parametrize(
    ("setting", "option"),
    [
        ("ims_mock_contract.drift = True", ""),
        ("pass", "ims_mock_contract_drift=true"),
    ],
)
def test_drift_fails_on_demand(pytester: pytest.Pytester, setting: str, option: str) -> None:
    """What nobody documents fails a test that asks for it, or all of them by the ini file."""
    body = STUBS["responses"].replace("    copy()", f"    copy()\n    {setting}")
    result = run(pytester, body, *(["-o", option] if option else []))
    result.assert_outcomes(passed=1, failed=5)
    result.stdout.fnmatch_lines(["*test_it[[]status[]]*", "  drift: *response.undocumented_status]"])


def test_findings_are_accepted(pytester: pytest.Pytester) -> None:
    """Ids are accepted in the test, by its markers, which add up, and by the ini file."""
    result = run(
        pytester,
        """
def stub(**body):
    with responses.RequestsMock() as stubs:
        stubs.post(URL, json=body)
        copy()

def test_ini(ims_mock_contract):
    stub()

def test_code(ims_mock_contract):
    stub(job_id=7)
    ims_mock_contract.allow("copy_image_in_region:response.type")

@pytest.mark.ims_mock_contract(allow=["response.type"])
class TestMarker:
    @pytest.mark.ims_mock_contract(allow=["response.unknown_attribute"], drift=True)
    def test_both(self, ims_mock_contract):
        stub(job_id=7, more=7)

    @pytest.mark.ims_mock_contract(drift=True)
    def test_one(self, ims_mock_contract):
        stub(job_id=7, more=7)
""",
        *("-o", "ims_mock_contract_allow=response.missing_attribute"),
    )
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*TestMarker.test_one*", "*[[]response.unknown_attribute]"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("alow=[]", "takes allow=, drift=, only_host= alone, got alow"),
        ("'response.type'", "takes allow=, drift=, only_host= alone, got 'response.type'"),
        ("allow='response.type'", "allow: must be ids of findings, such as *, got 'response.type'"),
        ("only_host='ims.*'", "only_host: must be globs of hosts, such as *, got 'ims.[*]'"),
        ("drift=1", "drift: must be True or False, got 1"),
    ],
)
def test_wrong_marker_is_reported(pytester: pytest.Pytester, marker: str, message: str) -> None:
    """A marker that cannot be is an error of the test that has it."""
    result = run(pytester, f"@pytest.mark.ims_mock_contract({marker})\ndef test_it(ims_mock_contract): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"@pytest.mark.ims_mock_contract: {message}"])


def test_what_a_test_can_see(pytester: pytest.Pytester) -> None:
    """The fixture has what was returned and what is wrong with it, and says what it watches."""
    result = run(
        pytester,
        """
@responses.activate
def test_it(ims_mock_contract):
    responses.post(URL, json=BAD)
    responses.get("https://example.com/")
    copy()
    requests.get("https://example.com/", timeout=60)
    (exchange,) = ims_mock_contract.exchanges
    assert (exchange.request.url, exchange.response.status) == (URL, 200)
    assert (exchange.request.body, exchange.response.body) == (b'{"name": "a"}', b'{"job_id": 7}')
    (finding,) = ims_mock_contract.findings
    assert (finding.id, finding.pointer, finding.entry) == ("response.type", "/job_id", "responses")
    watched = "responses, respx, requests_mock, pytest_httpserver"
    assert repr(ims_mock_contract) == f"<WatchedStubs: 1 exchanges, 1 findings; watching {watched}>"
    ims_mock_contract.allow("*")
    assert ims_mock_contract.findings == []
""",
    )
    result.assert_outcomes(passed=1)


# Which stubs are IMS's.


def test_only_hosts_that_are_asked_for(pytester: pytest.Pytester) -> None:
    """A test, its marker or the ini file can name the hosts; all of theirs is judged, and nothing of others."""
    result = run(
        pytester,
        """
def stub(*urls):
    with responses.RequestsMock() as stubs:
        for url in urls:
            stubs.post(url, json=BAD)
            copy(url)

def test_ini(ims_mock_contract):
    stub(URL, "http://image.corp:8080" + PATH)
    assert [exchange.request.url[:19] for exchange in ims_mock_contract.exchanges] == ["http://image.corp:8"]
    ims_mock_contract.allow("response.type")

@pytest.mark.ims_mock_contract(only_host=["*.example"])
def test_marker(ims_mock_contract):
    stub(URL, "https://api.example/v9/images")
    (finding,) = ims_mock_contract.findings
    assert finding.id == "request.unknown_path"
    ims_mock_contract.allow("request.*")

def test_code(ims_mock_contract):
    stub(URL)
    ims_mock_contract.only_host("*.myhuaweicloud.com")
    assert len(ims_mock_contract.findings) == 1
""",
        *("-o", "ims_mock_contract_only_host=*.corp"),
    )
    result.assert_outcomes(passed=2, failed=1)


def test_real_services_are_no_stubs(pytester: pytest.Pytester) -> None:
    """What passes through to a service, and what a library returns where no stub matches, is not judged."""
    result = run(
        pytester,
        """
from ims_mock import Mutate

@pytest.fixture
def url(ims_mock):
    ims_mock.faults.add(Mutate("/max_ram", "value", 7))
    return ims_mock.url + "/v2/images"

def create(url, client=requests):
    assert client.post(url, json={}, headers={"X-Auth-Token": "t"}).json()["max_ram"] == 7

@responses.activate
def test_responses(ims_mock_contract, url):
    responses.add_passthru(url)
    create(url)

@responses.activate
def test_responses_of_a_stub(ims_mock_contract, url):
    responses.add(responses.PassthroughResponse("POST", url))
    create(url)

def test_requests_mock(ims_mock_contract, url, requests_mock):
    requests_mock.post(url, real_http=True)
    create(url)

@respx.mock
def test_respx(ims_mock_contract, url):
    respx.post(url).pass_through()
    with httpx.Client() as client:
        create(url, client)

def test_httpserver(ims_mock_contract, httpserver):
    assert copy(httpserver.url_for(PATH)).status_code == 500
    httpserver.expect_ordered_request("/")
    assert copy(httpserver.url_for(PATH)).status_code == 500
    assert copy(httpserver.url_for(PATH)).status_code == 500

@pytest.fixture(autouse=True)
def nothing(ims_mock_contract):
    yield
    assert ims_mock_contract.exchanges == []
""",
    )
    result.assert_outcomes(passed=5)


def test_failures_of_stubs_are_left(pytester: pytest.Pytester) -> None:
    """A stub that raises an error still does, and has returned nothing."""
    result = run(
        pytester,
        """
@responses.activate
def test_responses(ims_mock_contract):
    responses.post(URL, body=requests.ConnectionError("down"))
    with pytest.raises(requests.ConnectionError, match="down"):
        copy()
    with pytest.raises(requests.ConnectionError, match="refused by Responses"):
        copy(HOST)
    assert ims_mock_contract.exchanges == []

def test_requests_mock(ims_mock_contract, requests_mock):
    requests_mock.post(URL, exc=requests.ConnectTimeout)
    with pytest.raises(requests.ConnectTimeout):
        copy()
    assert ims_mock_contract.exchanges == []

@respx.mock
def test_respx(ims_mock_contract):
    respx.post(URL).mock(side_effect=httpx.ConnectError)
    with httpx.Client() as client, pytest.raises(httpx.ConnectError):
        client.post(URL)
    assert ims_mock_contract.exchanges == []
""",
    )
    result.assert_outcomes(passed=3)


def test_streams_are_left(pytester: pytest.Pytester) -> None:
    """A response that the client reads piece by piece is not read before it, nor is what it did not keep judged."""
    result = run(
        pytester,
        """
def pieces():
    yield b'{"job_id": '
    yield b'7}'

@responses.activate
def test_responses(ims_mock_contract):
    responses.post(URL, json=BAD)
    with requests.post(URL, json={"name": "a"}, stream=True, timeout=60) as response:
        assert ims_mock_contract.findings == []
        assert response.raw.read() == b'{"job_id": 7}'

@respx.mock
def test_respx(ims_mock_contract):
    respx.post(URL).mock(side_effect=lambda request: httpx.Response(200, content=pieces()))
    with httpx.Client() as client, client.stream("POST", URL, json={"name": "a"}) as response:
        assert ims_mock_contract.findings == []
        assert b"".join(response.iter_raw()) == b'{"job_id": 7}'

def test_httpserver(ims_mock_contract, httpserver):
    from werkzeug.wrappers import Response
    stub = httpserver.expect_request(PATH)
    stub.respond_with_handler(lambda request: Response(pieces(), content_type="application/json"))
    assert copy(httpserver.url_for(PATH)).json() == BAD

@pytest.fixture(autouse=True)
def one(ims_mock_contract):
    yield
    assert len(ims_mock_contract.exchanges) == 1
""",
    )
    result.assert_outcomes(passed=3)


# When a test fails.


def test_other_ends_of_a_test(pytester: pytest.Pytester) -> None:
    """A test fails once: for its own reason, and then shows the findings; one that is skipped is skipped."""
    result = run(
        pytester,
        """
@pytest.fixture
def stubbed(ims_mock_contract):
    with responses.RequestsMock() as stubs:
        stubs.post(URL, json=BAD)
        copy()
        copy()

def test_failed(stubbed):
    raise AssertionError("its own")

def test_skipped(stubbed):
    pytest.skip("not here")

@pytest.mark.xfail
def test_expected(stubbed):
    pass

@pytest.fixture
def broken(stubbed):
    raise AssertionError("its own, too")

def test_error(broken):
    pass

def test_without_findings(ims_mock_contract):
    raise AssertionError("its own")
""",
    )
    result.assert_outcomes(failed=2, skipped=1, xfailed=1, errors=1)
    assert result.stdout.str().count("- ims_mock contract -") == 2
    section = ["*- ims_mock contract -*", "copy_image_in_region: *", "  POST *", "  break: *", "  2 times"]
    result.stdout.fnmatch_lines([*("*ERROR at setup of test_error*", *section), *("*test_failed*", *section)])


def test_request_of_a_later_fixture(pytester: pytest.Pytester) -> None:
    """What a fixture asks for at its end is an error there, and what the test has asked for is none twice."""
    result = run(
        pytester,
        """
@pytest.fixture
def late(ims_mock_contract):
    with responses.RequestsMock() as stubs:
        stubs.post(URL, json=BAD)
        yield
        copy()

def test_good(late):
    pass

def test_bad(late):
    copy()
""",
    )
    result.assert_outcomes(passed=1, failed=1, errors=2)
    assert "2 times" not in result.stdout.str()


def test_unittest(pytester: pytest.Pytester) -> None:
    """Test cases of unittest use the fixture by a marker."""
    result = run(
        pytester,
        """
import unittest

@pytest.mark.usefixtures("ims_mock_contract")
class TestCopy(unittest.TestCase):
    def setUp(self):
        self.stubs = responses.RequestsMock()
        self.stubs.start()
        self.addCleanup(self.stubs.stop)

    def test_good(self):
        self.stubs.post(URL, json=GOOD)
        self.assertEqual(copy().json(), GOOD)

    def test_bad(self):
        self.stubs.post(URL, json=BAD)
        copy()

    def test_failed(self):
        self.stubs.post(URL, json=BAD)
        copy()
        self.fail("its own")

    @rm.Mocker()
    def test_mocker(self, stubs):
        stubs.post(URL, json=BAD)
        copy()
""",
    )
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines_random(["*AssertionError: its own", "*the stub of requests_mock does not match*"])


# What is watched, and what is left behind.


@pytest.mark.parametrize("name", ["responses", "respx", "requests_mock", "pytest_httpserver"])
def test_library_that_a_test_imports(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A library is not imported by the fixture; one that the test imports itself is watched from then on."""
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    pytester.makepyfile(
        f"""
import sys

def test_it(ims_mock_contract):
    assert {name!r} not in ims_mock_contract.libraries
    assert {name!r} not in sys.modules
    import {name}
    assert {name!r} in ims_mock_contract.libraries
    assert type({name}.__loader__).__name__ == type({name}.__spec__.loader).__name__ == "SourceFileLoader"
    assert {name}.__spec__.loader.get_source({name!r})
"""
    )
    pytester.runpytest_inprocess("-W", "error", *LEAN).assert_outcomes(passed=1)


def test_nothing_is_watched(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no library is imported the fixture passes, and says so."""
    for module in [module for module in sys.modules if module.partition(".")[0] in NAMES]:
        monkeypatch.delitem(sys.modules, module)
    pytester.makepyfile(
        """
def test_it(ims_mock_contract):
    assert ims_mock_contract.libraries == ()
    nothing = "nothing; none of responses, respx, requests_mock, pytest_httpserver is imported"
    assert repr(ims_mock_contract) == f"<WatchedStubs: 0 exchanges, 0 findings; watching {nothing}>"
"""
    )
    pytester.runpytest_inprocess("-W", "error", *LEAN).assert_outcomes(passed=1)


def test_nothing_is_left_behind() -> None:
    """After a test the libraries and the import system are as before it."""

    servers = (pytest_httpserver.HTTPServer, pytest_httpserver.BlockingHTTPServer)
    kinds = {responses.CallList, respx.Router, requests_mock.Adapter, *servers, *servers[0].__mro__}

    def state() -> list[object]:
        return [list(sys.meta_path), *(dict(vars(kind)) for kind in kinds)]

    before = state()
    with WatchedStubs() as watched:
        assert watched.libraries == NAMES
        assert state() != before
    assert state() == before


def test_library_that_cannot_be_watched(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of another build than expected fails the test, instead of being left out in silence."""
    monkeypatch.delattr(requests_mock.Adapter, "send")
    result = run(pytester, "def test_it(ims_mock_contract): pass")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["requests_mock * cannot be watched: it has no 'send'; install another version"])


UNUSED = """
@pytest.mark.ims_mock_contract(drift=True)
def test_alone():
    pass

@pytest.mark.ims_mock_contract(drift=True)
class TestUnused:
    def test_one(self):
        pass

    def test_two(self):
        pass

@pytest.mark.ims_mock_contract(drift=True)
class TestUsed:
    def test_one(self, ims_mock_contract):
        pass

    def test_asked(self, request):
        request.getfixturevalue("ims_mock_contract")

    def test_without(self):
        pass
"""


def test_marker_without_effect(pytester: pytest.Pytester) -> None:
    """A marker on a test, or on a class, without the fixture fails it, and says what to do."""
    result = run(pytester, UNUSED)
    result.assert_outcomes(passed=4, failed=2)
    advice = "use the fixture ims_mock_contract: take it"
    result.stdout.fnmatch_lines_random(
        [
            f"@pytest.mark.ims_mock_contract has no effect, since the test does not {advice}",
            f"@pytest.mark.ims_mock_contract of TestUnused has no effect: its tests do not {advice}",
        ]
    )
