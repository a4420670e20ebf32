"""Imported by the process that the commands of OpenStack's clients are forked from."""

from tests.commands import load

load()
