"""The pytest plugin by its name: loads its parts, which import pytest, and no Flask; `-p no:ims_mock` leaves them out.

https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

from __future__ import annotations

import sys

import pytest

pytest_plugins = (
    "ims_mock.pytest_policy",
    "ims_mock.pytest_shared",
    "ims_mock.pytest_fixtures",
    "ims_mock.pytest_contract",
    "ims_mock.pytest_mocks",
    "ims_mock.pytest_sweep",
)


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    """Keep the parts from being loaded, however often they are asked for, where `-p no:ims_mock` is given."""
    if manager.is_blocked("ims_mock") and plugin is sys.modules[__name__]:
        for name in (*pytest_plugins, __name__):
            manager.set_blocked(name)
