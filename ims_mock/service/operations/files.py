"""The files of images: upload, download."""

from __future__ import annotations

from ims_mock.exchange.exchange import Exchange
from ims_mock.exchange.messages import Response
from ims_mock.state.files import File, wanted_range
from ims_mock.state.life_cycle import check_upload, file_of, find_image, keep_file, saving


def glance_upload_image(exchange: Exchange) -> Response:
    """Receive the file of a queued image, which is saving meanwhile and then active.

    Unlike the other operations it is called without the lock, which is free while the file arrives.
    https://docs.otc.t-systems.com/image-management-service/api-ref/native_openstack_apis/image_native_openstack_apis/uploading_an_image_native_openstack_api.html
    """
    image_id, store = exchange.path["image_id"], exchange.store
    with saving(store, image_id, exchange.project_id) as upload:
        file = File(exchange.body.pieces())
        file.check_announced(exchange.headers.get("X-OpenStack-Image-Size"))
        if store.sharing is not None:
            # It may take long, and nobody waits for it.
            file = store.sharing.send_file(file)

        def keep() -> None:
            if exchange.entry.is_open:
                # After a reset it would be another image.
                check_upload(store, image_id, upload)
            keep_file(store, image_id, upload, file)
            exchange.record()

        store.attempt(keep)
    return exchange.respond()


def glance_download_image(exchange: Exchange) -> Response:
    """Send the file of an image, or a range of it; nothing for an image that has none."""
    image = find_image(exchange.store, exchange.path["image_id"], exchange.project_id)
    file = file_of(exchange.store, image)
    if file is None:
        return exchange.respond(status=204)
    # A range is defined for GET alone, and no response has a validator that If-Range could hold for.
    is_ranged = exchange.request.method == "GET" and "If-Range" not in exchange.headers
    wanted = wanted_range(exchange.headers.get("Range"), file.size) if is_ranged else None
    # Glance writes the checksum in hexadecimal digits, and its clients read it so.
    headers = {
        "Accept-Ranges": "bytes",
        "Content-MD5": image.get("checksum", file.checksum),
        "Content-Type": "application/octet-stream",
    }
    if wanted is None:
        return exchange.respond(headers={**headers, "Content-Length": str(file.size)}, content=file.read())
    part = {"Content-Length": str(len(wanted)), "Content-Range": f"bytes {wanted[0]}-{wanted[-1]}/{file.size}"}
    return exchange.respond(status=206, headers={**headers, **part}, content=file.read(wanted))
