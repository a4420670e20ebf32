"""Loads the plugin from the checkout, installed or not; `pytester` runs pytest inside a test."""

import sys

# What has been compiled, and rewritten for its assertions, is kept for the next run and for every process that a test
# starts, even where the environment says otherwise: it is seconds of each.
sys.dont_write_bytecode = False

pytest_plugins = ["ims_mock.pytest_plugin", "pytester"]
