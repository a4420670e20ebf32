"""Reports of a sweep: what they say, in which order, and in how many lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ims_mock import ImsMock
from ims_mock.sweep.report import SweepReport
from ims_mock.sweep.rows import Row, can_both_fire, pairs_of, requests_of
from ims_mock.sweep.runs import Failure, Run
from ims_mock.sweep.secrets import hidden
from ims_mock.sweep.table import WIDTH
from tests.sweep.reports import NOTHING, BackupError, Client, failed, plan_of, report_of


def test_table_begins_with_the_counts_and_the_worst(report: SweepReport) -> None:
    """The first line counts the verdicts, the worst first, and the groups are in that order."""
    lines = list(report.lines())
    assert lines[0].startswith(f"{report.counts()['crash']} crash, ")
    verdicts = [line.partition(":")[0] for line in lines if line and not line.startswith(" ") and ": " in line]
    assert verdicts == sorted(verdicts, key=list(report.counts()).index)
    assert verdicts[0] == "crash"


def test_group_has_all_that_one_needs_to_repeat_it(report: SweepReport) -> None:
    """A group shows the error with the user's line, the requests, what the documents say, the option and the marker."""
    (group,) = [item for item in report.groups() if item.verdict.detail.startswith("KeyError")]
    text = "\n".join(report.lines(most=1000))
    rule = "glance_show_image: mutate(pointer=/size, mode=drop) x1"
    assert "reports.py:" in group.verdict.detail
    assert "in back_up" in group.verdict.detail
    assert "POST /v2/images 201, PUT /v2/images/<id>/file 204, GET /v2/images/<id> 200!\n" in text
    assert "because   the documents say that /size of the response is optional\n" in text
    assert f"--fault '{rule}'\n" in text
    assert f"@pytest.mark.ims_mock(faults=['{rule}'])" in text


def test_option_and_marker_are_read_as_the_same_rules(report: SweepReport) -> None:
    """The rules of a report are those that `faults` takes, and do what the sweep has seen."""
    row = next(item.smallest for item in report.groups() if item.verdict.detail.startswith("KeyError"))
    with (
        ImsMock(faults=[str(injection) for injection in row.plan.injections]) as mock,
        pytest.raises(KeyError),
    ):
        Client(mock).back_up()
    assert row.run.failure
    assert row.run.failure.kind is KeyError


def test_lines_are_short(report: SweepReport) -> None:
    """No line is longer than the table is wide, unless it is to be copied."""
    copied = ("--fault", "@pytest", "https://")
    assert [line for line in report.lines() if len(line) > WIDTH and not any(text in line for text in copied)] == []


def row_of(text: str, number: int, *, asked: int) -> Row:
    """Return the row of a fault at a request of an operation that was asked so often."""
    plan = plan_of(text, operation="glance_show_image", number=number)
    return Row(plan, Run(state=NOTHING), asked={"glance_show_image": asked})


def test_alike_failures_are_one() -> None:
    """Failures with the same reason at the same request are a group, its smallest plan first."""
    rows = [failed(plan_of(text, times=times), KeyError("images")) for text in ("503", "500") for times in (2, 1, None)]
    (group,) = report_of(*rows).groups()
    assert (group.smallest.plan.id, len(group.members)) == ("glance_list_images: 503 x1", 6)
    assert group.others == ["500"]


def test_earliest_request_is_the_smallest() -> None:
    """Of equal plans at several requests of an operation, the first request's is shown."""
    rows = [failed(plan_of(number=number), KeyError("images")) for number in (3, 1, 2)]
    assert report_of(*rows).groups()[0].smallest is rows[1]


def test_other_reasons_are_other_groups() -> None:
    """Another message of one of Python's own errors, and another request, are groups of their own."""
    rows = [failed(plan_of(), KeyError("images")), failed(plan_of(), KeyError("first"))]
    rows.append(failed(plan_of(operation="glance_show_image"), KeyError("images")))
    assert len(report_of(*rows).groups()) == 3


def test_messages_of_other_errors_are_not_looked_at() -> None:
    """Errors that are not Python's own quote the response, and are alike for the same line of the user."""
    rows = [failed(plan_of(text), BackupError(f"status {text}")) for text in ("503", "500")]
    assert len(report_of(*rows).groups()) == 1


@pytest.mark.parametrize("kind", [KeyError, BackupError])
@pytest.mark.parametrize(("lines", "count"), [((3, 3), 1), ((3, 5), 2)])
def test_other_lines_of_the_user_are_other_groups(kind: type[Exception], lines: tuple[int, int], count: int) -> None:
    """The same error in another line is a failure of its own, which wants a mend of its own."""
    failures = [Failure(kind, f"{kind.__name__}: 'id'", f"publish.py:{line} in publish") for line in lines]
    rows = [Row(plan_of(), Run(failed_with=failure, state=NOTHING)) for failure in failures]
    assert len(report_of(*rows).groups()) == count


def test_characters_that_xml_has_not_are_replaced() -> None:
    """A file of JUnit can be read, whatever a message has."""
    odd = "a\0\x1b\r\ud800\udfff\ufffe\uffffz\U0001f600\n\t"
    case = ElementTree.fromstring(report_of(failed(plan_of(), BackupError(odd))).as_junit()).find(".//failure")
    assert case is not None
    assert "a" + "\ufffd" * 7 + "z\U0001f600" in (case.text or "")


@pytest.mark.parametrize(
    ("first", "second", "can_fire"),
    [
        (row_of("503", 1, asked=1), row_of("reset", 1, asked=1), False),
        (row_of("503", 1, asked=2), row_of("reset", 1, asked=1), True),
        (row_of("mutate(/size, null)", 1, asked=1), row_of("stale(reads=1)", 1, asked=1), True),
        (row_of("503", 1, asked=1), row_of("reset", 2, asked=2), False),
        (row_of("503", 1, asked=2), row_of("reset", 2, asked=2), True),
        (row_of("503", 2, asked=2), row_of("reset", 1, asked=1), False),
    ],
)
def test_pairs_of_which_one_keeps_the_work_from_the_other(first: Row, second: Row, can_fire: bool) -> None:
    """Work that gives up at the first fault does not come to the second; one that tries again meets both."""
    assert can_both_fire(first, second) is can_fire


def test_pairs_are_of_all_requests_in_turn() -> None:
    """Where few of many pairs are run, they are of as many requests as can be."""
    rows = [row_of(text, number, asked=9) for number in (1, 2, 3) for text in ("503", "reset", "lose_response")]
    found = [[row.plan.injections[0].step.number for row in pair] for pair in pairs_of(rows)]
    assert found[:6] == [[1, 2], [1, 3], [2, 3], [1, 1], [2, 2], [3, 3]]
    assert len(found) == 9 * 8 / 2


def test_reasons_that_quote_a_document_have_no_middle() -> None:
    """The kind of the error and the place in the user's code stay."""
    (item,) = report_of(failed(plan_of(), ValueError("not in the schema: " + "x" * 10_000))).judged()
    assert len(item.verdict.detail) < 500
    assert item.verdict.detail.startswith("ValueError: not in the schema: xxx")
    assert item.verdict.detail.endswith("xxx")


def test_long_tables_are_cut_with_a_count() -> None:
    """Of many kinds of failures the first ones are shown, and how many more there are."""
    rows = [failed(plan_of(), KeyError("a" * length)) for length in range(60)]
    lines = list(report_of(*rows).lines())
    assert len(lines) < 500
    assert lines[-1] == f'{len(rows) - 40} more kinds of failures: report.save("report.html") has them all'


def test_equal_requests_in_a_row_are_one(client: Client) -> None:
    """Requests are shown without ids, those that are repeated as one."""
    client.mock.reset()
    client.back_up()
    client.back_up()
    entries = client.mock.journal.calls("glance_show_image")
    assert requests_of(entries) == ["GET /v2/images/<id> 200 x2"]


def test_json_is_as_documented(report: SweepReport) -> None:
    """The report in JSON has the baseline, the counts, and of every plan the six members."""
    document = json.loads(json.dumps(report.as_json()))
    assert list(document) == ["baseline", "counts", "plans"]
    assert {tuple(plan) for plan in document["plans"]} == {
        ("id", "faults", "verdict", "detail", "requests", "reproduce"),
    }
    assert Counter(plan["verdict"] for plan in document["plans"]) == Counter(document["counts"])
    assert document["baseline"]["requests"] == [
        *("POST /v2/images 201", "PUT /v2/images/<id>/file 204", "GET /v2/images/<id> 200"),
    ]


def test_rules_of_json_can_be_armed(report: SweepReport) -> None:
    """The faults of a plan in JSON are rules as the control API takes them."""
    mock = ImsMock()
    for plan in report.as_json()["plans"]:
        for rule in plan["faults"]:
            mock.faults.add(rule)


def test_no_form_shows_a_token(report: SweepReport, client: Client) -> None:
    """A token in the message of an error is masked in every form of the report."""
    assert any(row.run.failure and client.mock.token in row.run.failure.text for row in report.rows)
    assert client.mock.token not in json.dumps(report.as_json())
    assert client.mock.token not in "\n".join(report.lines(most=1000))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("headers {'X-Auth-Token': 'abc', 'A': 'b'}", "headers {'X-Auth-Token': '***', 'A': 'b'}"),
        ("password=hunter2&x=1", "password=***&x=1"),
        (f"got {'ab' * 32}", "got ***"),
        ("KeyError: 'size'", "KeyError: 'size'"),
    ],
)
def test_credentials_are_masked(text: str, shown: str) -> None:
    """What is named as a credential, or looks like a token, is masked; other texts stay."""
    assert hidden(text) == shown


def test_error_of_a_failed_sweep_is_the_table(report: SweepReport) -> None:
    """assert_survives raises the table, and nothing where what came is allowed."""
    with pytest.raises(AssertionError) as raised:
        report.assert_survives()
    assert str(raised.value).splitlines()[1:] == list(report.lines())
    rows = [failed(plan_of(), BackupError("no"))]
    report_of(*rows).assert_survives(allowed=[BackupError])


def many_rows(count: int) -> list[Row]:
    """Return the rows of so many plans that all crash, each in a way of its own."""
    plans = (plan_of(f"{400 + n % 200}", number=n // 600 + 1, times=(1, 2, None)[n // 200 % 3]) for n in range(count))
    return [failed(plan, KeyError(f"<b>{chr(0x4E00 + index)}\0")) for index, plan in enumerate(plans)]


class Page(HTMLParser):
    """The elements of a page, with what is wrong with how they are nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that begins."""
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold the end of an element against the one that is open."""
        assert self.open.pop() == tag


def test_page_stands_alone(report: SweepReport) -> None:
    """The page has no script and loads nothing, each element is closed, and each mark of a failure leads to a part."""
    found = Page(report.as_html())
    assert found.open == []
    assert {"script", "link", "img"}.isdisjoint(tag for tag, _ in found.found)
    links = {given["href"] for tag, given in found.found if tag == "a"}
    ids = {f"#{given['id']}" for tag, given in found.found if tag == "dl"}
    assert ids
    assert {link for link in links if link and not link.startswith("https://")} == ids


def test_page_has_a_mark_for_each_plan(report: SweepReport) -> None:
    """Every plan has a mark with its verdict's class, and its letter says the same to who sees no colours."""
    marks = [given for _, given in Page(report.as_html()).found if "title" in given]
    assert Counter(given["title"] for given in marks) == Counter(item.verdict.name for item in report.judged())
    assert ">C1</a>" in report.as_html()


def test_page_of_many_plans_is_small() -> None:
    """A page of 2,000 failures takes less than a megabyte where they are alike, and a kilobyte for each other kind."""
    alike = [failed(row.plan, KeyError("images")) for row in many_rows(2000)]
    assert len(report_of(*alike).as_html().encode()) < 500_000
    assert len(report_of(*many_rows(200)).as_html().encode()) < 200_000


def test_page_is_escaped() -> None:
    """What an error quotes is text, and no element."""
    assert "<b>\u4e00" not in report_of(*many_rows(1)).as_html()


def test_junit_has_a_test_for_each_plan(report: SweepReport) -> None:
    """Each plan is a test by its id; those that fail have the verdict, and the lines that repeat it."""
    suite = ElementTree.fromstring(report.as_junit())[0]
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == [row.plan.id for row in report.rows]
    failures = {name: case[0] for name, case in cases.items() if len(case)}
    assert suite.get("failures") == str(len(failures)) == str(sum(not item.is_good for item in report.judged()))
    failure = failures["glance_show_image: mutate(pointer=/size, mode=drop) x1"]
    assert failure.get("type") == "crash"
    assert "--fault 'glance_show_image: mutate(pointer=/size, mode=drop) x1'" in (failure.text or "")


def test_junit_says_whether_it_is_whole() -> None:
    """What the suite prints is the summary."""
    suite = ElementTree.fromstring(report_of(*many_rows(3), ended="at its budget").as_junit())[0]
    assert "3 plans, 0 saved; the sweep ended at its budget, before all plans were run" in (suite[-1].text or "")


def test_junit_takes_any_text() -> None:
    """What XML does not have is replaced."""
    ElementTree.fromstring(report_of(*many_rows(3)).as_junit())


@pytest.mark.parametrize("suffix", [".html", ".json", ".xml", ".TXT"])
def test_report_is_saved_by_the_end_of_the_name(report: SweepReport, tmp_path: Path, suffix: str) -> None:
    """Each form is written, in a folder that need not be there, without a token."""
    path = tmp_path / "out" / f"report{suffix}"
    report.save(path)
    assert "glance_show_image: mutate(pointer=/size, mode=drop) x1" in path.read_text("utf-8").replace("&#x27;", "'")
    assert "ims-mock-token" not in path.read_text("utf-8")


def test_other_ends_of_names_are_rejected(report: SweepReport) -> None:
    """Another end of the name is named, with the known ones."""
    with pytest.raises(ValueError, match=r"^path: must end in \.html, \.json, \.xml, \.txt, got 'report\.pdf'$"):
        report.save("report.pdf")


def test_rows_keep_nothing_of_a_run_that_is_large(report: SweepReport) -> None:
    """The error, which may hold a response and frames, and the journal's entries are dropped; equal states are one."""
    assert all(row.run.error is None and row.run.entries == [] for row in report.rows)
    states = {id(row.run.state) for row in report.rows if row.run.state == report.baseline.state}
    assert states == {id(report.baseline.state)}


def test_frame_is_from_the_current_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's line is shown as an editor opens it, and one elsewhere with the whole path."""
    with pytest.raises(AttributeError) as raised:
        Client.back_up(None)  # type: ignore[arg-type]
    monkeypatch.chdir(Path(__file__).parent)
    assert re.fullmatch(r"reports\.py:\d+ in back_up", Failure.of(raised.value).frame)
    monkeypatch.chdir(Path(__file__).parent.parent / "web")
    assert Failure.of(raised.value).frame.startswith(str(Path(__file__).parent))


def test_summary_says_what_was_not_the_same() -> None:
    """A sweep of work that does other things each time, or that ended at its bounds, says so."""
    lines = list(report_of(unsteady=["request 2"], ended="at its budget", saved=3).summary())
    assert lines == [
        "no plans",
        "0 requests, 0 plans, 3 saved; the sweep ended at its budget, before all plans were run",
        "without any failure, request 2 was not the same in two runs",
    ]


def test_long_lists_are_cut_in_the_middle() -> None:
    """Of many requests, and of many other faults, the first and the last are shown."""
    requests = tuple(f"GET /{number}" for number in range(20))
    first = Row(plan_of("500"), Run(error=KeyError("a"), state=NOTHING), requests)
    lines = list(report_of(first, *(failed(plan_of(f"{status}"), KeyError("a")) for status in range(501, 520))).lines())
    assert "    requests  GET /0, GET /1, GET /2, GET /3, ... 12 more ..., GET /16, GET /17, GET /18, GET /19" in lines
    assert any("505, ... 9 more ..., 515" in line for line in lines)
