"""Who the suite asks as, by the environment."""

from __future__ import annotations

from typing import Any

import pytest

from ims_mock.conformance.connection import Connection, UnreachableError
from ims_mock.conformance.credentials import AccessKey, CredentialsError, Login, Token, find_caller
from ims_mock.exchange.messages import Request

KEY = {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s", "HUAWEICLOUD_SDK_PROJECT_ID": "p"}
USER = {"OS_USERNAME": "u", "OS_PASSWORD": "w", "OS_PROJECT_NAME": "n", "OS_AUTH_URL": "https://iam.example.com/v3/"}


def test_nothing_says_who_asks() -> None:
    """An environment without credentials has no caller."""
    assert find_caller({"OS_AUTH_URL": "https://iam.example.com"}) is None


def test_token_counts_more_than_a_key() -> None:
    """A token is used where there is one, and then a key; the login stays for the tests of logins."""
    caller = find_caller({**USER, **KEY, "IMS_TOKEN": "t"})
    assert caller is not None
    assert (caller.credentials, caller.iam_endpoint) == (Token("t"), "https://iam.example.com")
    assert isinstance(caller.login, Login)
    caller = find_caller({**USER, **KEY})
    assert caller is not None
    assert caller.credentials == AccessKey("a", "s", "p")


@pytest.mark.parametrize(
    ("given", "missing"), [(KEY, "HUAWEICLOUD_SDK_SK"), (KEY, "HUAWEICLOUD_SDK_PROJECT_ID"), (USER, "OS_PASSWORD")]
)
@pytest.mark.parametrize("ending", ["", "_2"])
def test_part_of_credentials_is_refused(given: dict[str, str], missing: str, ending: str) -> None:
    """The variable that is missing beside others is named."""
    environ = {name + ending: value for name, value in given.items() if name != missing}
    with pytest.raises(CredentialsError, match=f"the environment variable {missing}{ending} is needed"):
        find_caller(environ, ending)


def test_second_project_shares_the_identity_service() -> None:
    """The second project has its own user, and the first one's endpoint."""
    caller = find_caller({**USER, "OS_USERNAME_2": "v", "OS_PASSWORD_2": "w", "OS_PROJECT_ID_2": "q"}, "_2")
    assert caller is not None
    assert (caller.login, caller.iam_endpoint) == (Login("v", "w", "Default", {"id": "q"}), "https://iam.example.com")


def test_secrets_are_in_no_repr() -> None:
    """What shows a caller shows no secret, since a failed test prints it."""
    caller = find_caller({**USER, **KEY, "IMS_TOKEN": "hidden-token"})
    assert caller is not None
    for shown in (caller, caller.credentials, caller.login, AccessKey("a", "hidden-key", "p")):
        assert "hidden" not in repr(shown)


def test_temporary_key_is_signed_with_its_token() -> None:
    """The security token of a temporary key is among the signed headers."""
    headers = AccessKey("a", "s", "p", "temporary").headers_for(Request("GET", "/v2/images", "", {"Host": "h"}), b"")
    assert headers["X-Security-Token"] == "temporary"
    assert "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token" in headers["Authorization"]


@pytest.mark.parametrize("endpoint", ["ims.example.com", "ftp://ims.example.com", "https://"])
def test_endpoint_is_a_url(endpoint: str) -> None:
    """An endpoint is a URL with a host."""
    with pytest.raises(UnreachableError, match="must be http:// or https:// with a host"):
        Connection(endpoint)


def test_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy of the environment is asked for a tunnel to the endpoint."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    seen: list[Any] = []
    monkeypatch.setattr("http.client.HTTPConnection.set_tunnel", lambda self, host: seen.append((self.port, host)))
    with pytest.raises(UnreachableError, match=r"ims\.example\.com cannot be reached"):
        Connection("https://ims.example.com").open()
    assert seen == [(9, "ims.example.com")]


def test_throttled_request_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that the gateway has throttled is sent again after the time that it names, and at last given up."""
    from ims_mock import Fail, ImsMock
    from ims_mock.state.real import RealTime

    waited: list[float] = []
    monkeypatch.setattr(RealTime, "sleep", staticmethod(waited.append))
    with ImsMock(auth="off") as mock:
        mock.faults.add(Fail(429, retry_after=7), times=2)
        connection = Connection(mock.url)
        assert connection.send("GET", "/v2/images", {"Host": connection.host}, b"").status == 200
        connection.close()
    assert waited == [7.0, 7.0]
