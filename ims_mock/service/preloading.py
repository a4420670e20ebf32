"""Everything that a request can need, imported and read before the first one.

The mock serves in the process of a test, which may put others in the place of files, of `open` and of what imports.
"""

from __future__ import annotations

import codecs
import linecache  # noqa: F401 (a traceback in the log needs it)
import traceback  # noqa: F401
from functools import cache

from ims_mock.contract.errors import documented_message
from ims_mock.contract.operations import load_contract, load_control
from ims_mock.faults.definition import schema_of
from ims_mock.faults.kinds import KINDS
from ims_mock.state.jobs import job_types

_CODECS = ("ascii", "latin-1", "utf-8", "utf-8-sig", "utf-16", "unicode_escape", "idna", "punycode")


@cache
def preload() -> None:
    """Import and read it all; the second time costs nothing."""
    import jsonschema  # noqa: F401 (takes 80 ms, and only those who serve need it)
    import referencing.jsonschema  # noqa: F401

    for contract in (load_contract(), load_control()):
        assert contract.document
    for kind in KINDS:
        schema_of(kind)
    job_types()
    documented_message("IMG.0001", 400)
    for name in _CODECS:
        codecs.lookup(name)
