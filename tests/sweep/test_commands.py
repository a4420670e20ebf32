"""Commands as the work of a sweep: how they end, what is kept of them, and what errors nobody caught."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from ims_mock.faults.responses import Fail
from ims_mock.sweep.commands import AllowedExitError, Command, CrashError
from ims_mock.sweep.plans import Injection, Plan, Step
from ims_mock.sweep.rows import Judged, Row
from ims_mock.sweep.runs import Failure, Run
from ims_mock.sweep.traces import Trace, find_trace
from ims_mock.sweep.verdicts import Verdict


def test_process_that_begins_while_its_run_is_ended_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C may come when there is a process, and nobody has it yet."""
    begun: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            begun.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    # A shell that begins pytest in the background lets it ignore SIGINT.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            python("import time; time.sleep(600)")()
    finally:
        signal.signal(signal.SIGINT, handler)
    (process,) = begun
    with process:
        code = process.returncode
        process.kill()
    assert code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("stderr", "trace"),
    [
        ("", None),
        ("Error: cannot upload\n  at line 3 of x\n", Trace("Error: cannot upload")),
        ("Error: cannot upload\n", None),
        ("the Traceback (is short)\n", None),
        (
            "panic: runtime error: index out of range\n\ngoroutine 1 [running]:\n",
            Trace("panic: runtime error: index out of range"),
        ),
        (
            'Exception in thread "main" java.lang.Error: no\n\tat A.b(A.java:1)\n',
            Trace('Exception in thread "main" java.lang.Error: no'),
        ),
        (
            "/x.js:1\n\nTypeError: x is null\n    at g (/v/node_modules/y.js:7:1)\n    at f (/x.js:1:2)\n",
            Trace("TypeError: x is null", "/x.js:1"),
        ),
        (
            "panic: no\n\ngoroutine 1 [running]:\npanic(...)\n\t/usr/local/go/src/runtime/panic.go:7\n"
            "main.f()\n\t/x.go:3 +0x1",
            Trace("panic: no", "/x.go:3"),
        ),
        ("thread 'main' panicked at src/main.rs:2:5:\nno\n", Trace("thread 'main' panicked at src/main.rs:2:5:")),
        ("Unhandled exception. System.Exception: no\n", Trace("Unhandled exception. System.Exception: no")),
        (
            'Traceback (most recent call last):\n  File "/a/x.py", line 3, in f\n    g()\n'
            '  File "/v/site-packages/y.py", line 9, in g\n    raise A(\nA: no\n',
            Trace("A: no", "/a/x.py:3 in f"),
        ),
    ],
)
def test_traces(stderr: str, trace: Trace | None) -> None:
    """An error that nobody caught is known by what its language prints."""
    assert find_trace(stderr) == trace
    assert find_trace(stderr.replace("\n", "\r\n")) == trace


def python(program: str, **options: object) -> Command:
    """Return a command of Python."""
    return Command([sys.executable, "-I", "-S", "-c", program], os.environ, **options)  # type: ignore[arg-type]


def test_what_is_kept_of_an_output_is_bounded() -> None:
    """A command may print more than fits into a pipe, and the end of it is kept."""
    printed = python("print('x' * 1_000_000); print('end')", is_value=True)()
    assert printed is not None
    assert (len(printed), printed[-6:]) == (65_536, "x\nend\n")


def test_death_by_a_signal_is_a_crash() -> None:
    """No exit code that is allowed stands for it."""
    with pytest.raises(CrashError, match=r"^signal SIGSEGV$"):
        python("import os; os.kill(os.getpid(), 11)", allowed=frozenset([1, 11, 139]))()


def test_error_that_ends_a_thread_is_a_crash() -> None:
    """The exit code is 0 all the same; what is logged of an error that was caught is no crash."""
    program = "import threading; t = threading.Thread(target=lambda: {}['size']); t.start(); t.join()"
    with pytest.raises(CrashError, match=r"^KeyError: 'size'$"):
        python(program)()
    assert python("import sys; sys.stderr.write('Traceback (most recent call last):\\nKeyError: 1\\n')")() is None


def test_exit_code_alone_is_no_crash() -> None:
    """The last line on stderr says why."""
    with pytest.raises(AllowedExitError, match=r"^exit code 4: second$") as caught:
        python("import sys; sys.stderr.write('first\\nsecond\\n\\n'); sys.exit(4)", allowed=frozenset([4]))()
    assert caught.value.stderr == "first\nsecond\n\n"


def test_colours_and_frames_are_not_the_reason() -> None:
    """Terraform's last line is the end of a frame, in red; the last one with words is shown."""
    printed = (
        "\x1b[31m╷\x1b[0m\n\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0mno image\n\x1b[31m╵\x1b[0m\x1b[0m\n"
    )
    with pytest.raises(CrashError) as caught:
        python(f"import sys; sys.stderr.buffer.write({printed.encode()!r}); sys.exit(1)")()
    assert f"{caught.value}" == "exit code 1: │ Error: no image"


@pytest.mark.parametrize(
    ("texts", "frame", "are_alike"),
    [
        (("exit code 2: no disk", "exit code 2: no image"), "", False),
        (("HTTPError: 502", "HTTPError: no"), "publish.py:3 in f", True),
        (("HTTPError: 502", "Timeout: no"), "publish.py:3 in f", False),
    ],
)
def test_crashes_that_are_alike(texts: tuple[str, str], frame: str, are_alike: bool) -> None:
    """They are of one kind and from one line; where a command names no line, they say the same."""
    plan = Plan((Injection(Step("glance_list_images", 1), Fail(503), 1),))
    rows = [Row(plan, Run(failed_with=Failure.of(CrashError(text, frame)))) for text in texts]
    reasons = {Judged(row, Verdict("crash", text)).reason for row, text in zip(rows, texts, strict=True)}
    assert (len(reasons) == 1) == are_alike
