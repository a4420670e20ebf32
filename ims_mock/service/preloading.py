"""Everything that a request can need, imported and read before the first one.

The mock serves in the process of a test, which may put others in the place of files, of `open` and of what imports.
"""

from __future__ import annotations

import codecs
import linecache  # noqa: F401 (a traceback in the log needs it)
import traceback  # noqa: F401
from functools import cache

from ims_mock.contract import schema_files
from ims_mock.contract.errors import documented_message
from ims_mock.contract.operations import load_contract, load_control
from ims_mock.faults import kinds
from ims_mock.faults.definition import schema_of
from ims_mock.service.service import function_of
from ims_mock.state.jobs import job_types
from ims_mock.state.times import parse_basic_time

_CODECS = ("ascii", "latin-1", "unicode_escape", "idna", "punycode", "utf-8", "utf-8-sig")
_CODECS_OF_JSON = ("utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le")


@cache
def preload() -> None:
    """Import and read it all; the second time costs nothing."""
    import difflib  # noqa: F401 (the reason of what is wrong)

    import jsonschema  # noqa: F401 (takes 80 ms, and only those who serve need it)
    import referencing.jsonschema  # noqa: F401

    import ims_mock.evidence.audit
    import ims_mock.evidence.consumers.learning
    import ims_mock.evidence.consumers.pact
    import ims_mock.service.comparing  # noqa: F401 (the control API has them)

    schema_files.read_all()
    for contract in (load_contract(), load_control()):
        assert contract.document
    for kind in kinds.KINDS:
        schema_of(kind)
    for operation in load_contract().operations.values():
        function_of(operation.resource, operation.id)
    job_types()
    documented_message("IMG.0001", 400)
    parse_basic_time("20160602T074948Z")
    for name in _CODECS + _CODECS_OF_JSON:
        codecs.lookup(name)
