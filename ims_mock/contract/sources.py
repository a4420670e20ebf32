"""What an image is made of: a body names one of several sources, and what else it must have depends on which."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ims_mock.contract.errors import ImsError
from ims_mock.contract.operations import JSON, Model, load_contract, load_model
from ims_mock.contract.problems import InvalidError, Problem


class Sources:
    """The attributes of a body of which one says what an image is made of, with the name of the model of each.

    A source that is empty is none. A list of parts is one only where no other is named.
    """

    def __init__(self, models: Mapping[str, str]) -> None:
        self._models = models

    def source_of(self, body: Mapping[str, Any]) -> str:
        """Return the source that a valid body names; raise 400 for a body with none, and for one with several."""
        named = [name for name in self._models if body.get(name)]
        single = [name for name in named if not isinstance(body[name], list)]
        if len(single) > 1:
            raise _wrong("IMG.0001", f"must have one source of the image, got {' and '.join(single)}")
        if not named:
            *names, last = self._models
            raise _wrong("IMG.0012", f"must have a source of the image: {', '.join(names)} or {last}")
        return (single or named)[0]

    def model_of(self, source: str) -> Model:
        """Return the model of a body with this source."""
        return load_model(self._models[source], writing=True)


@cache
def sources_of(operation_id: str) -> Sources | None:
    """Return the sources in the body of an operation; None where it makes no image of one."""
    model = load_contract().operations[operation_id].bodies.get(JSON)
    models = model.schema.extension("x-sources") if model else None
    return Sources(models) if models else None


def _wrong(code: str, text: str) -> ImsError:
    return ImsError(400, code, reason=InvalidError(Problem((), "sources", text)))
