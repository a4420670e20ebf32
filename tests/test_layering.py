"""Which package may import which: the ordered list of the design, and no circle inside a package."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

LAYERS = [
    "version",
    "contract",
    "state",
    "evidence",
    "exchange",
    "identity",
    "faults",
    "service",
    "sweep",
    "web",
    "mock_world",
    "unfired_rules",
    "started",
    "mock",
    "shared",
    "remote",
    "factory",
    "testing",
    "conformance",
    "command",
    "pytest_markers",
    "pytest_contract",
    "pytest_policy",
    "pytest_shared",
    "pytest_reports",
    "pytest_fixtures",
    "pytest_mocks",
    "pytest_sweep",
    "pytest_plugin",
    "__main__",
]
"""The packages, and the modules beside them, lowest first: each imports those before it alone."""

SUITE = {f"conformance.{path.stem}" for path in Path(ROOT, "ims_mock/conformance").glob("*.py")}
"""The modules of the suite that pytest runs."""

PLUGIN = ("markers", "contract", "fixtures", "mocks", "policy", "reports", "shared", "sweep", "plugin")
"""The modules of the pytest plugin, as their names end."""

# Who may know what stands outside.
KNOWN = {
    "flask": {"web.app", "web.control", "web.page"},
    "werkzeug": {"web.app", "web.control", "web.direct"},
    "jsonschema": {"contract.validation", "service.preloading"},
    "referencing": {"contract.validation", "service.preloading"},
    # The command waits for a signal on a pair of sockets, which the network does not see; a sweep replaces timeouts.
    "socket": {
        *("web.handler", "web.loop", "web.passing", "web.proxy", "web.server", "web.tunnel", "web.wire"),
        *("command.standalone", "sweep.sockets", "sweep.blocking"),
    },
    # The suite is a client, and so are the proxy and the check of health.
    "ssl": {
        "command.healthcheck",
        "web.passing",
        "web.tls",
        "remote.connection",
        "remote.pool",
        "conformance.connection",
        "sweep.sockets",
        "sweep.blocking",
    },
    "time": {"state.real", "sweep.virtual_time"},
    "datetime": {"state.times", "state.frozen", "sweep.clocks"},
    "random": {"exchange.exchange", "faults.rules", "sweep.runs"},
    "uuid": set(),
    "shtab": {"command.completion"},
    "redis": {"shared.link", "shared.watching"},
    "boto3": {"shared.bucket"},
    "botocore": {"shared.bucket"},
    "tomllib": {"command.config_file"},
    "tomli": {"command.config_file"},
    "pytest": {*(f"pytest_{part}" for part in PLUGIN), "command.contract_verify", *SUITE},
}

PACKAGE = Path(ROOT, "ims_mock")
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def module_of(path: Path) -> str:
    """Return the name of a file's module below the package, such as "web.app"."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(file) for file in FILES}


@cache
def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it, those for type checking alone too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def own_imports(path: Path) -> set[str]:
    """Return the modules of this package that a file imports, such as "web.app"."""
    found = set()
    for name in imports(path):
        parts = name.removeprefix("ims_mock.").split(".") if name.startswith("ims_mock.") else []
        known = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
        found |= set([module for module in known if module in MODULES][-1:])
    return found


def layer_of(module: str) -> int:
    """Return the number of the layer of a module, such as "web.app"."""
    return LAYERS.index(module.partition(".")[0])


def test_packages_import_only_those_before_them() -> None:
    """A package imports packages of lower layers alone, so that each can be read without those above."""
    found = [
        f"{module_of(path)} imports {module}"
        for path in FILES
        for module in own_imports(path)
        if layer_of(module) > layer_of(module_of(path))
    ]
    assert found == []


def test_no_modules_import_each_other() -> None:
    """Inside a package too the imports make no circle."""
    try:
        list(TopologicalSorter({module_of(path): own_imports(path) for path in FILES}).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_modules_know_only_what_they_may() -> None:
    """Flask, the WSGI server, jsonschema, sockets and the wall clock each have their own modules."""
    found = [
        f"{module_of(path)} imports {module}"
        for path in FILES
        for module in imports(path)
        for name, modules in KNOWN.items()
        if (module == name or module.startswith(name + ".")) and module_of(path) not in modules
    ]
    assert found == []


FAMILIES = {f"faults.{name}" for name in ("connections", "delays", "responses", "sequences", "stored")}
"""The modules that have the faults."""


def test_no_module_but_the_list_of_kinds_knows_a_fault() -> None:
    """What is particular to a fault is a hook of Fault, so that adding one needs an edit nowhere else."""
    found = [module_of(path) for path in FILES if own_imports(path) & FAMILIES]
    assert found in ([], ["faults.kinds"])


def test_every_package_has_a_layer() -> None:
    """A new package is given its layer here."""
    assert {module_of(path).partition(".")[0] for path in FILES} <= set(LAYERS)
