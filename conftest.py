"""Loads the plugin from the checkout, installed or not; `pytester` runs pytest inside a test."""

pytest_plugins = ["ims_mock.pytest_plugin", "pytester"]
