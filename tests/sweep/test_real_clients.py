"""Sweeps of real client libraries: which failures a naive use does not survive, and that a ready one survives all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from glanceclient import exc
from huaweicloudsdkcore.exceptions.exceptions import SdkException
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from ims_mock import ImsMock
from ims_mock.evidence.consumers import ConsumerContract, known_consumer
from ims_mock.sweep.report import SweepReport
from ims_mock.sweep.verdicts import Verdict
from tests.sweep import real_programs as programs

pytestmark = [
    pytest.mark.ims_mock(auth="strict", jobs={"*": 60}),
    # openstacksdk warns of its own deprecations, at every connection and resource, and where it is imported first.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The openstack.version module is deprecated"),
    # It leaves the file of an upload open, as other clients do a connection that was cut.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    # Huawei has moved show, list and delete to its historical APIs, and the SDK says so at each call.
    pytest.mark.filterwarnings("ignore:Method '.*:DeprecationWarning"),
    # The SDK's signer asks for the time in a way that Python 3.12 warns of.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

PATIENCE = {"patience": 600, "requests": 3, "real_seconds": 5}
"""What a sweep of these programs is bound by: an image takes minutes, and a thread may wait for ever."""


@dataclass(frozen=True)
class Library:
    """A library, the errors that its manual names, and what a naive use of it does under some failures.

    `found` has the verdict and a part of its reason by plan, in which a "*" is for a number; `worst` the operations by
    verdict, of a whole sweep, and `needs` what of their responses it needs.
    """

    name: str
    naive: Callable[..., str]
    ready: Callable[..., str]
    errors: tuple[type[BaseException], ...]
    found: Mapping[str, tuple[str, str]]
    worst: Mapping[str, set[str]]
    needs: Mapping[str, list[str]]

    @property
    def plans(self) -> list[str]:
        """The plans that show something."""
        return list(self.found)


GLANCE_REQUESTS = {
    *("glance_show_image_schemas", "glance_create_image_metadata", "glance_upload_image", "glance_show_image"),
}

OPENSTACK = Library(
    "openstack",
    programs.naive_openstack,
    programs.ready_openstack,
    (SDKException,),
    {
        "glance_create_image_metadata: lose_response(mode=503) x1": ("left_behind", "also image 'web' queued"),
        "glance_create_image_metadata: lose_response x1": ("left_behind", "image 'web' queued"),
        "glance_upload_image: bad_upload(outcome=killed) x1": ("wrong_success", "there is no image 'web' active"),
        "glance_upload_image: 503 x1": ("failed_cleanly", "400: Client Error"),
        "glance_show_image: garble(mode=html_200) x1 skip 1": ("wrong_success", "'None' in place of 'active'"),
        "glance_list_images: reset x1": ("crash", "ConnectFailure"),
        "glance_list_images: garble(mode=html_200) x1": ("crash", "JSONDecodeError"),
        "keystone_create_token: 503 x1": ("crash", "ServiceUnavailable"),
        "list_versions: 400 x1": ("bad_manners", "list_versions was rejected with 400, and sent again"),
    },
    {
        "crash": {"keystone_list_versions", "keystone_create_token", "glance_show_image", "glance_list_images"},
        "hang": {
            *("keystone_list_versions", "keystone_create_token", "list_versions", "glance_show_image"),
            *("glance_list_images", "glance_create_image_metadata", "glance_upload_image"),
        },
        "wrong_success": {"glance_show_image", "glance_upload_image"},
        "left_behind": {"glance_create_image_metadata"},
        "bad_manners": {"list_versions"},
    },
    {"keystone_create_token": ["/token/catalog"]},
)

GLANCE = Library(
    "glance",
    programs.naive_glance,
    programs.ready_glance,
    (exc.BaseException, exc.ClientException, ClientException),
    {
        "glance_upload_image: 401 x1": ("wrong_success", "there is no image 'web' active"),
        "glance_upload_image: bad_upload(outcome=killed) x1": ("wrong_success", "there is no image 'web' active"),
        "glance_upload_image: 500 x1": ("left_behind", "image 'web' queued"),
        "glance_create_image_metadata: lose_response x1": ("left_behind", "image 'web' queued"),
        "glance_create_image_metadata: lose_response(mode=timeout) x1": ("hang", "it waited for more than 600 s"),
        "glance_create_image_metadata: 429 x1": ("crash", "AttributeError"),
        "glance_show_image: garble(mode=html_200) x1": ("crash", "AttributeError"),
        "glance_show_image: truncate(at=*) x1": ("crash", "ChunkedEncodingError"),
        "glance_show_image_schemas: 503 x1": ("crash", "AttributeError"),
    },
    {
        "crash": GLANCE_REQUESTS,
        "hang": {"keystone_create_token", *GLANCE_REQUESTS},
        "wrong_success": {"glance_upload_image"},
        "left_behind": {"glance_create_image_metadata", "glance_upload_image"},
    },
    {"keystone_create_token": ["/token/catalog"]},
)

HUAWEI = Library(
    "huawei",
    programs.naive_huawei,
    programs.ready_huawei,
    (SdkException,),
    {
        "create_image: lose_response(mode=timeout) x1": ("crash", "ReadTimeout"),
        "create_image: truncate(at=*) x1": ("crash", "ChunkedEncodingError"),
        "create_image: fail_job(leaves=killed) x1": ("left_behind", "image 'web' killed"),
        "create_image: stick_job x1": ("hang", "it sent more than"),
        "create_image: bad_job(outcome=no_image_id) x1": ("failed_cleanly", "The image does not exist."),
        "show_job: garble(mode=html_200)": ("hang", "it sent more than"),
        "show_job: 429 x1": ("failed_cleanly", "too many 429 error responses"),
        "glance_show_image: garble(mode=html_200) x1": ("wrong_success", "'None' in place of 'active'"),
    },
    {
        "crash": {"create_image", "show_job", "glance_show_image"},
        "hang": {"create_image", "show_job"},
        "wrong_success": {"glance_show_image"},
        "left_behind": {"create_image"},
    },
    {"show_job": ["/entities/image_id"]},
)

by_library = pytest.mark.parametrize("library", [OPENSTACK, GLANCE, HUAWEI], ids=lambda library: library.name)


@dataclass(frozen=True)
class Sweeps:
    """Sweeps the programs, which find the mock and a file."""

    mock: ImsMock
    path: Path

    def naive(self, library: Library, **bounds: Any) -> SweepReport:
        """Sweep the naive use of a library."""
        allowed = (programs.PublishError, *library.errors)
        return self._sweep(lambda: library.naive(*self._given(library)), allowed, bounds)

    def ready(self, library: Library, **bounds: Any) -> SweepReport:
        """Sweep the use of a library that is ready for every failure."""
        given = [*self._given(library), *([f"{self.mock.url}/v2"] if library is OPENSTACK else [])]
        return self._sweep(lambda: library.ready(*given), (programs.PublishError,), bounds)

    def with_token(self, program: Callable[[str], str], **bounds: Any) -> SweepReport:
        """Sweep a program of huaweicloudsdkims that has a token beside its keys."""
        token = self.mock.new_token("demo")
        return self._sweep(lambda: program(token), (programs.PublishError, *HUAWEI.errors), bounds)

    def _given(self, library: Library) -> list[Any]:
        return [] if library is HUAWEI else [self.path]

    def _sweep(self, work: Callable[[], str], allowed: Any, bounds: Mapping[str, Any]) -> SweepReport:
        return self.mock.sweep(work, allowed=allowed, **{**PATIENCE, "pairs": 0, **bounds})


@pytest.fixture
def sweeps(ims_mock: ImsMock, ims_mock_env: dict[str, str], tmp_path: Path) -> Iterator[Sweeps]:
    """Sweeps programs whose environment leads them to the mock."""
    path = tmp_path / "disk.raw"
    path.write_bytes(programs.FILE)
    yield Sweeps(ims_mock, path)
    # What the libraries leave open is closed here, where nobody is warned, and not in another test.
    gc.collect()


def found(report: SweepReport) -> dict[str, Verdict]:
    """Return the verdict of every plan."""
    return {row.plan.id: report.verdict(row) for row in report.rows}


def expect(report: SweepReport, library: Library) -> None:
    """Look whether a report has what is known of a library."""
    verdicts = found(report)
    for name, (verdict, words) in library.found.items():
        ((got, detail),) = [verdicts[plan] for plan in verdicts if fnmatchcase(plan, name)]
        assert (name, got) == (name, verdict)
        assert words in detail


@by_library
def test_naive_use_has_the_known_findings(library: Library, sweeps: Sweeps) -> None:
    """What the library does by itself under a failure has the verdict that docs/sweep.md names."""
    report = sweeps.naive(library, only=library.plans)
    assert len(report.rows) == len(library.found)
    expect(report, library)


@by_library
def test_ready_use_survives_what_the_naive_one_does_not(library: Library, sweeps: Sweeps) -> None:
    """With what docs/sweep.md says that one must add, the same failures are survived, or fail cleanly."""
    report = sweeps.ready(library, only=library.plans)
    report.assert_survives()
    assert len(report.rows) > 3


def test_a_token_changes_nothing_for_huaweicloudsdkims(sweeps: Sweeps) -> None:
    """With a token in place of its keys, the SDK does the same under the same failures."""
    only = ["create_image: lose_response(mode=timeout) x1", "glance_show_image: garble(mode=html_200) x1"]
    report = sweeps.with_token(programs.naive_huawei, only=only)
    assert [(plan, verdict.name) for plan, verdict in found(report).items()] == [
        (plan, HUAWEI.found[plan][0]) for plan in only
    ]


@pytest.mark.thorough
@by_library
def test_whole_sweep_of_a_naive_use(library: Library, sweeps: Sweeps) -> None:
    """Each verdict comes at the requests that are known for it, and the needs are those of docs/sweep.md."""
    report = sweeps.naive(library)
    expect(report, library)
    worst: dict[str, set[str]] = {}
    for item in report.judged():
        if not item.is_good:
            worst.setdefault(item.verdict.name, set()).add(item.row.plan.injections[0].step.operation)
    assert worst == library.worst
    assert report.needs() == library.needs


@pytest.mark.thorough
@by_library
def test_whole_sweep_of_a_ready_use(library: Library, sweeps: Sweeps) -> None:
    """Every failure, and pairs of them, is survived, or fails cleanly."""
    report = sweeps.ready(library, pairs=30)
    report.assert_survives()
    assert report.is_whole


def attributes(contract: ConsumerContract, operation: str) -> dict[str, Any]:
    """Return what a contract says of the attributes of a good response."""
    responses = contract.operations[operation]["responses"]
    (status,) = (status for status in responses if status[0] == "2")
    return dict(responses[status])


def test_contract_of_the_sdk_is_a_program_s_where_it_is_used(sweeps: Sweeps) -> None:
    """A program needs the image's id of a job that all of the SDK's users have as read; it got what the SDK knows."""
    swept = sweeps.naive(HUAWEI, only=["show_job: mutate(pointer=*image_id*"]).consumer_contract("backup")
    known = known_consumer("huaweicloud-sdk")
    assert set(swept.operations) == {"create_image", "show_job", "glance_show_image"}
    assert attributes(swept, "show_job")["/entities/image_id"] == {"use": "needed", "type": ["string"]}
    assert attributes(known, "show_job")["/entities/image_id"] == {"use": "read", "type": ["null", "string"]}
    assert attributes(swept, "create_image").keys() == attributes(known, "create_image").keys()
