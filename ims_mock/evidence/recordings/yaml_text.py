"""YAML as vcrpy and VCR write it: plain values, three objects of Python that stand for bytes, and bytes of Ruby.

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
_BYTES_OF_RUBY = "!binary"

MOST_VALUES = 10_000_000
"""Most values that a file may have, with those that it refers to counted as often as it does."""


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
        value = yaml.load(text, _loader())  # noqa: S506
    except yaml.MarkedYAMLError as error:
        at = f", at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecordingError("", f"is not YAML that can be read: {error.problem}{at}") from None
    except yaml.reader.ReaderError as error:
        at = f"at line {text.count(chr(10), 0, error.position) + 1}"
        raise RecordingError("", f"is not YAML that can be read: {error.reason}, {at}") from None
    _check_size(value, {})
    return value


def _check_size(value: Any, sizes: dict[int, int]) -> int:
    """Return how many values there are in one, those that are used again each time; refuse one that has itself.

    A few lines can say that they are used a billion times.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in sizes:
        sizes[id(value)] = MOST_VALUES
        children = value.values() if isinstance(value, dict) else value
        sizes[id(value)] = 1 + sum(_check_size(child, sizes) for child in children)
    if sizes[id(value)] >= MOST_VALUES:
        raise RecordingError("", f"has more than {MOST_VALUES:,} values, most of them by references (*)")
    return sizes[id(value)]


@cache
def _loader() -> Any:
    """Return the safe loader with what makes bytes of the objects that vcrpy writes, and refuses all others."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Reads the tags of Python and Ruby that stand for bytes, and no other."""

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            try:
                return super().construct_object(node, deep)
            except (LookupError, TypeError, ValueError, AttributeError):
                # The library converts what stands under a tag, such as !!int, without a look at it.
                text = f"the value under {node.tag.rpartition(':')[2]} has another type than its tag"
                raise yaml.constructor.ConstructorError(None, None, text, node.start_mark) from None

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

    Loader.add_constructor(_ITERATOR, joined)
    Loader.add_constructor(_FILE, content)
    Loader.add_constructor(_TUPLE, items)
    Loader.add_constructor(_BYTES_OF_RUBY, Loader.construct_yaml_binary)
    Loader.add_multi_constructor(_PYTHON, refused)
    return Loader
