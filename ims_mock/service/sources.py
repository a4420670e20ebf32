"""What images are made of: servers, disks, files in buckets and backups, which live in other services."""

from __future__ import annotations

from ims_mock.contract.pointers import pointer_to
from ims_mock.contract.problems import Keys
from ims_mock.exchange.exchange import Exchange
from ims_mock.service.own_api import refuse_where
from ims_mock.state.images import Image

_QUICK_FORMATS = ("raw", "zvhd2")
_FORMATS = (*_QUICK_FORMATS, "zvhd", "qcow2", "vhd", "vhdx", "qed", "vdi", "qcow", "vmdk", "iso", "ova")


def from_server(exchange: Exchange, server_id: str) -> Image:
    """Return what a system image says of the server that it is made of."""
    return {"__data_origin": f"instance,{server_id}", **_OF_SERVER}


_OF_SERVER = {"__support_agent_list": "hss,ces", "min_disk": 40}


def from_volume(exchange: Exchange, volume_id: str) -> Image:
    """Return what an image says of the disk that it is made of."""
    return {"__data_origin": f"volume,{volume_id}", "min_disk": 40}


def from_file(exchange: Exchange, url: str, path: Keys = (), *, is_quick: bool = False) -> Image:
    """Return what an image says of the file that it is made of; raise 400 for a file that it cannot be made of.

    The file is named in the body, or in a part of it at a path.
    """
    format_, place = format_of(url), pointer_to((*path, "image_url"))
    is_wrong = is_quick and format_ not in ("", *_QUICK_FORMATS)
    refuse_where(
        (" " in url, "IMG.0175", f"{place}: must be without spaces, got {url!r}"),
        (is_wrong, "IMG.0158", f"{place}: a file that is imported quickly must be RAW or ZVHD2, and is {format_}"),
    )
    return {"__data_origin": f"file,{url}"}


def format_of(url: str) -> str:
    """Return the format of a file, as the end of its name has it; "" where that says nothing."""
    ending = url.rpartition(".")[2].lower()
    return ending if ending in _FORMATS else ""
