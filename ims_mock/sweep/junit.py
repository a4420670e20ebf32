"""A sweep's report as JUnit has it: one test a plan.

A plan's id is the same in every run, so that a CI server sees since when one fails; a group of alike failures
is another one as soon as a message changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from ims_mock.contract.wording import in_xml
from ims_mock.sweep.rows import Judged

_NAME = "ims_mock sweep"


def junit(judged: Sequence[Judged], summary: Iterable[str]) -> str:
    """Return a suite with a test for each plan; one whose failure is accepted is skipped, with the verdict.

    What it prints is the summary, which says whether all plans were run.
    """
    failures = [item for item in judged if item.fails]
    known = [item for item in judged if item.is_known]
    counts = {"tests": len(judged), "failures": len(failures), "skipped": len(known), "errors": 0}
    root = ElementTree.Element("testsuites", name=_NAME)
    suite = ElementTree.SubElement(root, "testsuite", {"name": _NAME, **{key: f"{n}" for key, n in counts.items()}})
    for item in judged:
        _add_case(suite, item)
    ElementTree.SubElement(suite, "system-out").text = in_xml("\n".join(summary))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_case(suite: ElementTree.Element, item: Judged) -> None:
    row, (name, detail) = item.row, item.verdict
    place = row.plan.injections[0].step.operation
    case = ElementTree.SubElement(suite, "testcase", {"classname": place, "name": in_xml(row.plan.id)})
    if item.fails:
        failure = ElementTree.SubElement(case, "failure", type=name, message=in_xml(f"{name}: {detail}"))
        lines = [f"{name}: {detail}", *row.requests, row.reproduce, row.marker]
        failure.text = in_xml("\n".join(lines))
    elif item.is_known:
        ElementTree.SubElement(case, "skipped", message=in_xml(f"known: {name}: {detail}"))
