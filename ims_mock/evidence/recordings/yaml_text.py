"""YAML as vcrpy writes it: plain values, and three objects of Python that stand for bytes.

https://pyyaml.org/wiki/PyYAMLDocumentation
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ims_mock.evidence.recordings.errors import RecordingError

_PYTHON = "tag:yaml.org,2002:python/"
_ITERATOR = f"{_PYTHON}object/apply:builtins.iter"
_FILE = f"{_PYTHON}object/new:_io.BytesIO"
_TUPLE = f"{_PYTHON}tuple"


def read_yaml(text: str) -> Any:
    """Return the value of a YAML text; raise RecordingError, with the line, for what is none or may run code.

    Raises RecordingError, saying what to install, without the library PyYAML.
    """
    try:
        import yaml
    except ImportError:
        text = "looks like YAML, which needs PyYAML: pip install 'ims_mock[contract]'"
        raise RecordingError("", text) from None
    try:
        # The loader is a subclass of the safe one.
        return yaml.load(text, _loader())  # noqa: S506
    except yaml.MarkedYAMLError as error:
        at = f", at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecordingError("", f"is not YAML that is read: {error.problem}{at}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise RecordingError("", f"is not YAML that is read: {error}") from None


@cache
def _loader() -> Any:
    """Return the safe loader with what makes bytes of the objects that vcrpy writes, and refuses all others."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Reads the tags of Python that stand for bytes, and no other."""

    def items(loader: Any, node: Any) -> Any:
        return loader.construct_sequence(node, deep=True)

    def members(loader: Any, node: Any) -> dict[str, Any]:
        value = loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None
        return value if value is not None else {"args": items(loader, node)}

    def joined(loader: Any, node: Any) -> bytes:
        (chunks,) = members(loader, node)["args"]
        return b"".join(chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)

    def content(loader: Any, node: Any) -> bytes:
        return bytes(members(loader, node)["state"][0])

    def refused(_loader: Any, suffix: str, node: Any) -> None:
        text = f"the tag !!python/{suffix} is not read: it stands for code"
        raise yaml.constructor.ConstructorError(None, None, text, node.start_mark)

    def checked(construct: Any) -> Any:
        def constructor(loader: Any, node: Any) -> Any:
            try:
                return construct(loader, node)
            except (KeyError, TypeError, ValueError, IndexError):
                text = f"what stands under {node.tag.rpartition(':')[2]} is no body"
                raise yaml.constructor.ConstructorError(None, None, text, node.start_mark) from None

        return constructor

    Loader.add_constructor(_ITERATOR, checked(joined))
    Loader.add_constructor(_FILE, checked(content))
    Loader.add_constructor(_TUPLE, items)
    Loader.add_multi_constructor(_PYTHON, refused)
    return Loader
