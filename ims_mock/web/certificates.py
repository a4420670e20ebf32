"""The certificate that a mock serves HTTPS with, as a setting says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ims_mock.contract.problems import wrong_setting

if TYPE_CHECKING:
    from ims_mock.web.tls import Tls


def certificate_of(tls: bool | Tls, host: str) -> Tls:
    """Return the certificate that a mock is to have; raise InvalidError for what is none."""
    # Imported here: without HTTPS nothing needs `ssl`.
    from ims_mock.web.tls import Tls, throw_away

    if tls is True:
        return throw_away(host)
    if not isinstance(tls, Tls):
        raise wrong_setting("tls", "type", f"must be True, False or what tls.from_files returns, got {tls!r}", tls)
    return tls
