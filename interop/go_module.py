"""Build a program of a Go module at an exact version, once: `python interop/go_module.py MODULE@VERSION [PACKAGE]`.

`go install MODULE@VERSION` refuses a module whose go.mod replaces others, as those of Terraform's providers do. So this
copies the module's folder out of the module cache, and builds there. The program goes into the user's cache, and a link
to it into bin/ of the working folder. `--test` builds the tests of the package instead.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ims-mock-interop"
"""Where the programs stay, because some of them take minutes to build."""


def built(module: str, package: str, name: str, is_test: bool) -> Path:
    """Return the program, and build it first if it is not in the cache."""
    version = module.partition("@")[2]
    program = CACHE / version / name
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    download = subprocess.run(["go", "mod", "download", "-json", module], check=True, stdout=subprocess.PIPE)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        source = Path(folder, "source")
        shutil.copytree(json.loads(download.stdout)["Dir"], source, copy_function=shutil.copyfile)
        for place in (source, *filter(Path.is_dir, source.rglob("*"))):
            place.chmod(0o755)
        verb = ["go", "test", "-c"] if is_test else ["go", "build"]
        result = Path(folder, name)
        options = ["-mod=mod", "-buildvcs=false", "-o", str(result)]
        subprocess.run([*verb, *options, package], check=True, cwd=source)
        result.replace(program)
    return program


def main() -> None:
    """Build what the arguments name, and link to it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", help="MODULE@VERSION")
    parser.add_argument("package", nargs="?", default=".", help="the package in the module, such as ./cmd/tofu")
    parser.add_argument("--name", help="the name of the program; without it, the last word of the module")
    parser.add_argument("--test", action="store_true", help="build the tests of the package")
    options = parser.parse_args()
    name = options.name or options.module.partition("@")[0].rpartition("/")[2]
    program = built(options.module, options.package, name, options.test)
    link = Path("bin", name)
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(program)


if __name__ == "__main__":
    main()
