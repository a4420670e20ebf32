"""One request on its way: what operations and faults are given."""

from __future__ import annotations

import json
from random import Random

import pytest

from ims_mock import ManualClock
from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import load_contract
from ims_mock.evidence.journal import Entry, Journal
from ims_mock.exchange.caller import Caller
from ims_mock.exchange.exchange import Exchange, Hit
from ims_mock.exchange.messages import Request
from ims_mock.state.store import Store


@pytest.fixture
def exchange() -> Exchange:
    """A request for a list of images."""
    request = Request("GET", "/v2/images", "http://mock")
    operation = load_contract().operations["glance_list_image_members"]
    entry = Entry("0" * 32, 0.0, "GET", "/v2/images", operation.id)
    return Exchange(operation, request, request.body, Store(ManualClock(0.0)), entry, Journal())


def test_respond(exchange: Exchange) -> None:
    """A document is sent as JSON, with the operation's own status."""
    response = exchange.respond({"members": [], "schema": "/v2/schemas/members"})
    assert (response.status, json.loads(response.body)["members"]) == (200, [])
    assert response.headers == {"Content-Type": "application/json", "Content-Length": str(len(response.body))}


def test_respond_with_a_location(exchange: Exchange) -> None:
    """A location is made absolute, as the client reached the mock."""
    assert (
        exchange.respond({"members": [], "schema": "/v2/schemas/members"}, location="/v2").headers["Location"]
        == "http://mock/v2"
    )


def test_respond_with_what_the_contract_does_not_have(exchange: Exchange) -> None:
    """A document that breaks the operation's schema does not leave."""
    with pytest.raises(ImsError, match="500"):
        exchange.respond({"members": 5})


def test_another_view_of_the_store_is_of_that_exchange_alone(exchange: Exchange) -> None:
    """What sees another store is the same request; the exchange itself sees what it saw."""
    store, other = exchange.store, Store(ManualClock(0.0))
    seeing = exchange.seeing(other)
    assert (seeing.store, exchange.store) == (other, store)
    assert seeing.entry is exchange.entry


def test_hit_is_known_to_the_fault_alone(exchange: Exchange) -> None:
    """A fault is given the hit of its own rule, and not that of another around it."""
    outer, inner = Hit(1, {}, Random()), Hit(2, {}, Random())
    given = exchange.hit_by(outer)
    assert given.hit_by(inner).hit is inner
    assert given.hit is outer
    with pytest.raises(AssertionError, match="no rule has fired"):
        _ = exchange.hit


@pytest.mark.parametrize(
    ("actions", "action", "may"),
    [
        (("*",), "ims:images:create", True),
        (("ims:images:*",), "ims:images:create", True),
        (("ims:images:get", "ims:images:list"), "ims:images:create", False),
        ((), "ims:images:get", False),
    ],
)
def test_caller_may(actions: tuple[str, ...], action: str, may: bool) -> None:
    """A caller may do what one of the globs of its roles has."""
    assert Caller(actions=actions).may(action) is may
