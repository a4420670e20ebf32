"""What is imported only when a request needs it: by one thread at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SERVER = """
import sys
from urllib.error import HTTPError
from urllib.request import urlopen
from ims_mock import ImsMock
from ims_mock.web.late import IMPORTING

class Watch:
    seen = []
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("flask", "werkzeug"):
            self.seen.append((name, IMPORTING.locked()))

sys.meta_path.insert(0, Watch())
mock = ImsMock()
mock.start(prepared=False)
assert Watch.seen == [], "nothing is imported before a request needs it"
try:
    urlopen(mock.url + sys.argv[1])
except HTTPError:
    pass
mock.stop()
print(len(Watch.seen), [name for name, is_locked in Watch.seen if not is_locked])
"""


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/v2/images/no", "/_ims_mock/clock", "/~NO!/v2/images"])
def test_flask_is_imported_by_one_thread_at_a_time(path: str) -> None:
    """The first request that is rejected, of the control API, or for no world imports Flask with the lock held."""
    ran = subprocess.run([sys.executable, "-c", _SERVER, path], capture_output=True, text=True, check=True)
    count, unlocked = ran.stdout.split(" ", 1)
    assert unlocked.strip() == "[]"
    assert int(count) > 0
