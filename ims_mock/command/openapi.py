"""The command `openapi`: the contract as an OpenAPI document, whole or in part, in JSON or YAML."""

from __future__ import annotations

import argparse

from ims_mock.contract.excerpt import excerpt
from ims_mock.contract.json_text import encoded
from ims_mock.contract.operations import load_contract


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print the document that the options ask for."""
    document = load_contract().document
    if options.openapi_only:
        document = excerpt(document, options.openapi_only)
    if options.openapi_format == "json":
        print(encoded(document).decode())
        return 0
    try:
        from ims_mock.command.yaml_text import dumped
    except ImportError:
        parser.error("--format yaml needs PyYAML; install it with: pip install 'ims_mock[contract]'")
    print(dumped(document), end="")
    return 0
