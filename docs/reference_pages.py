"""The pages of the reference, made from the schemas and the docstrings while the manual is built."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any

from schema_text import Row, Words, as_table, as_text, codes_of

from ims_mock.contract import schema_files
from ims_mock.contract.operations import Contract, Operation, load_contract, load_control
from ims_mock.faults.kinds import KINDS

ROOT = Path(__file__).resolve().parent.parent

MODULES: dict[str, tuple[str, ...]] = {
    "ims_mock": (),
    "ims_mock.evidence.journal": ("Journal",),
    "ims_mock.state.images": ("Image",),
    "ims_mock.state.job_collection": ("Job",),
    "ims_mock.faults.rule_set": ("Faults",),
    "ims_mock.sweep.report": ("SweepReport",),
    "ims_mock.contract": (),
    "ims_mock.testing.drift": (),
    "ims_mock.testing.proxy": ("ImsProxy",),
    "ims_mock.evidence.consumers": (),
}
"""The modules of the Python API, with those of their names that are; none stands for all that are public."""


def pages() -> Iterator[tuple[str, str]]:
    """Yield each page of the reference: its name and its text in Markdown."""
    contract = load_contract()
    for tag in contract.document["tags"]:
        operations = [item for item in contract.operations.values() if item.resource == tag["name"]]
        yield f"operations/{tag['name']}", _page(tag["description"], _operations(contract, operations))
    control = sorted(load_control().operations.values(), key=lambda operation: operation.path)
    yield "control", _page("Every request of the mock's own API", _control(control))
    yield "faults", _page("Every field of a fault", _faults())
    yield "jobs", _page("Every type of job", _jobs())
    yield "settings", _page("Every value of a setting", _settings())
    yield "codes", _page("Every code of an error", _codes())
    yield "fixtures", _page("Every fixture", _fixtures())
    yield "python", _page("The Python API", _names())
    yield "changelog", (ROOT / "CHANGELOG.md").read_text("utf-8").replace("](docs/", "](../")


def linked(text: str) -> str:
    """Return a page's text in which each row of an operation leads to its section of the reference."""
    for operation in load_contract().operations.values():
        link = f"generated/operations/{operation.resource}.md#{operation.id}"
        text = text.replace(f"| `{operation.id}` |", f"| [`{operation.id}`]({link}) |")
    for operation in load_control().operations.values():
        row = f"`{operation.method} {operation.path}`"
        text = text.replace(f"| {row} |", f"| [{row}](generated/control.md#{operation.id}) |")
    return text


def write(folder: Path) -> None:
    """Write the pages to a folder, and touch none that is as it was."""
    for name, text in pages():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([f"# {title}", "", *lines]).rstrip() + "\n"


def _operations(contract: Contract, operations: list[Operation]) -> Iterator[str]:
    for operation in operations:
        composed = contract.composed["paths"][operation.path][operation.method.lower()]
        published = contract.document["paths"][operation.path][operation.method.lower()]
        yield from (f"## {operation.id}", "", f"`{operation.method} {operation.path}`", "")
        yield from (as_text(f"{_sentence(composed['summary'])} {composed.get('description', '')}".strip()), "")
        yield from _particulars(operation, composed)
        words = Words(contract.composed)
        if rows := [_parameter(words, item) for item in composed.get("parameters", ())]:
            yield from ("**Parameters**", "", *as_table(rows), "")
        yield from _request(words, composed.get("requestBody", {}))
        yield from ("**Responses**", "", *_responses(contract, published), "")


def _control(operations: list[Operation]) -> Iterator[str]:
    yield from _operations(load_control(), operations)
    yield from ("## What every request may get", "", *_shared(load_control()))


def _particulars(operation: Operation, composed: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is needed to call an operation, and where it is documented, as a list."""
    lines = []
    if page := composed.get("externalDocs"):
        title = page.get("description", "Official page").removeprefix("Official page")
        lines.append(f"- The official page: [{title or page['url'].rpartition('/')[2]}]({page['url']})")
    if operation.is_anonymous:
        lines.append("- It needs no credential.")
    if operation.actions:
        lines.append(f"- The caller needs {_and(operation.actions)}.")
    if operation.job_types:
        types = " or ".join(f"[`{name}`](../jobs.md#{name.lower()})" for name in operation.job_types)
        lines.append(f"- It begins a job of the type {types}.")
    yield from (*lines, "") if lines else ()


def _parameter(words: Words, item: Mapping[str, Any]) -> Row:
    item = words.whole(item)
    schema = words.whole(item["schema"])
    where = {"path": "in the path", "query": "", "header": "a header"}[item["in"]]
    meaning = " ".join(filter(None, [item.get("description", ""), f"({where})" if where else ""]))
    is_required = item.get("required", False)
    return Row(item["name"], is_required, words.rule(schema), meaning, codes_of(schema))


def _request(words: Words, request: Mapping[str, Any]) -> Iterator[str]:
    for media_type, content in request.get("content", {}).items():
        must = "required" if request.get("required") else "may be left out"
        yield from (f"**Body**, as `{media_type}`; {must}", "")
        schema = content.get("schema", {})
        rows = list(dict.fromkeys(words.rows(schema)))
        if not rows:
            yield from (f"{_sentence(words.rule(schema))}", "")
        else:
            yield from (*as_table(rows), "")
        if "example" in content:
            example = json.dumps(content["example"], indent=2, ensure_ascii=False)
            yield from ("```json", *example.splitlines(), "```", "")


def _responses(contract: Contract, published: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the statuses that are an operation's own, and which others it shares with all operations."""
    words = Words(contract.document)
    shared = {status for status, item in published["responses"].items() if _is_shared(item)}
    own = {status: words.whole(item) for status, item in published["responses"].items() if status not in shared}
    yield from _statuses(own)
    if shared:
        link = (
            "#what-every-request-may-get"
            if contract is load_control()
            else "../codes.md#what-every-operation-may-return"
        )
        yield from ("", f"And [what all have in common]({link}): {', '.join(sorted(shared))}.")


def _is_shared(response: Mapping[str, Any]) -> bool:
    """Return whether a response is one of all operations of an API, and not of one operation or one service."""
    return str(response.get("$ref", "")).rpartition("/")[2].isdigit()


def _shared(contract: Contract) -> Iterator[str]:
    """Yield a table of the statuses that all operations share."""
    responses = contract.document["components"]["responses"]
    yield from _statuses({name: item for name, item in responses.items() if name.isdigit()})


def _statuses(responses: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a table of responses by their statuses, with the codes and what they say."""
    yield from ("| status | code | meaning |", "|---|---|---|")
    for status, response in sorted(responses.items()):
        yield f"| {status} | | {as_text(response['description'])} |"
        content = response.get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            if message := _message(example.get("value")):
                yield f"| | `{name}` | {as_text(message)} |"


def _message(body: Any) -> str:
    """Return the message in the body of an error, of whatever service; "" where there is none."""
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("error"), dict):
        return _message(body["error"])
    return str(body.get("message") or body.get("error_msg") or "")


def _faults() -> Iterator[str]:
    for kind, fault in KINDS.items():
        schema = schema_files.read(f"faults/kinds/{kind}.json")
        says = schema["x-documentation"]
        yield from (f"## {fault.__name__}", "", f'In JSON: `"kind": "{kind}"`. {_sentence(says.get("effect", ""))}', "")
        rows = [row for row in Words(schema).rows(schema) if row.name != "kind"]
        yield from (*as_table(rows), "") if rows else ("It has no fields.", "")


def _jobs() -> Iterator[str]:
    """Yield the types of jobs: which operations begin them, what they show, and how they can fail."""
    messages = schema_files.read("error_codes.json")["service"]
    for name in schema_files.names("jobs"):
        job = schema_files.read(name)
        begun_by = [item.id for item in load_contract().operations.values() if job["type"] in item.job_types]
        yield from (f"## {job['type']}", "", as_text(job["summary"]), "")
        if begun_by:
            yield f"- Operations that begin it: {_and(tuple(begun_by))}"
        if job.get("sub_job"):
            yield f"- The job inside it: `{job['sub_job']['type']}`"
        if job.get("entities"):
            yield f"- What it shows at its end: {_and(tuple(job['entities']))}"
        yield from ("", "| can fail with | message |", "|---|---|")
        yield from (f"| `{code}` | {as_text(messages.get(code, ''))} |" for code in job.get("codes", ()))
        yield ""


def _settings() -> Iterator[str]:
    document = schema_files.read("settings.json")
    rows = [row for row in Words(document).rows({"properties": document["properties"]}) if "." not in row.name]
    yield from ("[Settings](../settings.md) says where a setting is set.", "", *as_table(rows), "")


def _codes() -> Iterator[str]:
    document = schema_files.read("error_codes.json")
    yield from ("## What every operation may return", "", *_shared(load_contract()), "")
    yield from ("## Codes of statuses", "", "A status has this code where an operation's page has no other:", "")
    yield from ("| status | code | message |", "|---|---|---|")
    for status, item in document["statuses"].items():
        yield f"| {status} | `{item['code']}` | {item.get('message', '')} |"
    yield from ("", "## Codes of the service", "", "| code | message |", "|---|---|")
    for code, message in document["service"].items():
        yield f"| `{code}` | {message} |"
    yield from ("", "## Codes of the gateway in front of it", "", "| code | status | message |", "|---|---|---|")
    for code, messages in document["gateway"].items():
        for status, message in messages.items():
            yield f"| `{code}` | {status} | {message} |"


def _fixtures() -> Iterator[str]:
    """Yield the fixtures with their docstrings, as their modules have them."""
    for module in sorted(ROOT.glob("ims_mock/pytest_*.py")):
        tree = ast.parse(module.read_text("utf-8"))
        for node in tree.body:
            scope = _scope(node)
            if isinstance(node, ast.FunctionDef) and scope:
                yield from (f"## {node.name}", "", f"Scope: {scope}.", "", ast.get_docstring(node) or "", "")


def _names() -> Iterator[str]:
    """Yield the public names of the package, each with its signature and docstring by autodoc."""
    yield from ("[Faults](faults.md) have a page of their own.", "")
    faults = {fault.__name__ for fault in KINDS.values()}
    documented: set[int] = set()
    # What has a module of its own here is shown there, since autodoc finds the text of a value beside it alone.
    placed = {name for names in MODULES.values() for name in names}
    for module, chosen in MODULES.items():
        public = import_module(module)
        names = chosen or sorted(
            set(public.__all__) - faults - placed - {"__version__"}, key=lambda name: (name != "ImsMock", name)
        )
        yield from (f"## {module}", "")
        for name in names:
            value = getattr(public, name)
            if id(value) not in documented:
                documented.add(id(value))
                yield from ("```{eval-rst}", *_directive(value, f"{module}.{name}"), "```", "")


def _directive(value: object, place: str) -> list[str]:
    """Return the lines by which autodoc shows a value."""
    if isinstance(value, type):
        return [f".. autoclass:: {place}", "   :members:"]
    return [f".. {'autofunction' if isfunction(value) else 'autodata'}:: {place}"]


def _scope(node: ast.stmt) -> str:
    """Return the scope of a fixture; "" for anything else."""
    for decorator in getattr(node, "decorator_list", ()):
        call = decorator if isinstance(decorator, ast.Call) else None
        if ast.unparse(call.func if call else decorator).endswith("fixture"):
            given = {item.arg: ast.literal_eval(item.value) for item in call.keywords} if call else {}
            return str(given.get("scope", "function"))
    return ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _and(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
