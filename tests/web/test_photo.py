"""Photos of a sighting: what is taken, what is left of it, what is refused in clear words."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from markupsafe import escape
from PIL import Image

from tests.web.guards import Phone, Shown, replies
from umsalert.model import Photo
from umsalert.settings import Settings
from umsalert.store.store import Store
from umsalert.web.page import limits, pictures, upload
from umsalert.web.page.notes import Note
from umsalert.web.page.pictures import PictureRefused

pytestmark = pytest.mark.usefixtures("at_once")

RED, BLUE = (200, 30, 30), (30, 30, 200)
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825
PLACE = b"43.7005"


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **how: object) -> bytes:
    """Return a picture, red above and blue below."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (0, size[1] // 2, *size))
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def with_place() -> bytes:
    """Return a JPEG that says where, by which telephone, and that it lies on its side."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKER] = "Telephone of Claude"
    exif[GPS] = {1: "N", 2: (43.0, 42.0, 1.8)}
    return picture(exif=exif, comment=b"made at " + PLACE)


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG that says to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000), 9)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


async def kept(store: Store) -> list[Photo]:
    """Return every photo of every answer."""
    found = [await store.answers.photos(reply.id) for reply in await replies(store)]
    return [photo for photos in found for photo in photos]


def says(page: Shown, sentence: str) -> bool:
    return str(escape(sentence)) in page.text


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_is_encoded_anew(phone: Phone, store: Store, kind: str) -> None:
    """Whatever it was, a small JPEG is kept with the sighting."""
    await phone.press("sighting")
    page = await phone.upload(picture(kind, (3000, 2000)))
    assert page.status == 200
    assert says(page, "Photo reçue.")
    assert says(page, "1 photo reçue")
    (photo,) = await kept(store)
    assert (photo.media_type, photo.width_px, photo.height_px) == ("image/jpeg", 1600, 1067)
    with Image.open(io.BytesIO(photo.content)) as image:
        assert image.format == "JPEG"
        assert image.size == (1600, 1067)
    assert (await replies(store))[0].photos == 1


async def test_nothing_but_the_pixels_is_kept(phone: Phone, store: Store) -> None:
    """It stands upright; the place, the telephone and the comment are gone."""
    await phone.press("sighting")
    assert PLACE in with_place()
    await phone.upload(with_place())
    (photo,) = await kept(store)
    with Image.open(io.BytesIO(photo.content)) as image:
        assert image.size == (300, 400)
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not image.getexif()
        right = image.getpixel((280, 200))
    assert isinstance(right, tuple)
    assert right[0] > right[2]  # what was above is at the right, as orientation 6 has it
    for secret in (PLACE, b"Telephone", b"Exif"):
        assert secret not in photo.content


async def test_transparency_becomes_white(phone: Phone, store: Store) -> None:
    """A screenshot with nothing in its corners is no black picture."""
    await phone.press("sighting")
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    await phone.upload(out.getvalue())
    (photo,) = await kept(store)
    with Image.open(io.BytesIO(photo.content)) as image:
        assert image.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b"\x00\x00\x00\x18ftypheic" + bytes(100), "Ce format (HEIC) n'est pas lu ici."),
        (lambda: b"GIF89a" + bytes(100), "Ce fichier n'est pas une photo"),
        (lambda: b"%PDF-1.7 not a photo", "Ce fichier n'est pas une photo"),
        (lambda: picture()[:-900], "Ce fichier n'est pas une photo"),
        (lambda: picture("GIF"), "Ce fichier n'est pas une photo"),
        (lambda: b"", "Choisissez d'abord une photo."),
        (lambda: bomb(20_000, 20_000), "Cette image a trop de pixels."),
        (lambda: bomb(10_000, 9_000), "Cette image a trop de pixels."),
        (lambda: bomb(6_000, 6_000), "Cette image a trop de pixels."),
        (lambda: bytes(upload.MAX_BYTES + 100_000), "Cette photo dépasse 8 Mo."),
        (lambda: bytes(upload.DRAIN_BYTES - 100_000), "Cette photo dépasse 8 Mo."),
    ],
    ids=[
        *("heic", "gif head", "pdf", "cut off", "gif", "none"),
        *("bomb", "smaller bomb", "small bomb", "8 MB", "24 MB"),
    ],
)
async def test_what_is_no_photo_is_refused_in_clear_words(
    phone: Phone, store: Store, make: Callable[[], bytes], sentence: str
) -> None:
    """At the field, with what to do; the sighting stays as it is."""
    await phone.press("sighting")
    page = await phone.upload(make())
    assert page.status == 200
    assert says(page, sentence)
    assert 'aria-describedby="file-hint file-error" aria-invalid="true"' in page.text
    assert not await kept(store)
    assert len(await replies(store)) == 1


async def test_three_photos_an_answer(phone: Phone, store: Store) -> None:
    """The fourth is refused, and the page shows no field for it."""
    await phone.press("sighting")
    stamp = (await phone.open()).stamp
    for _photo in range(4):
        page = await phone.upload(picture(), stamp=stamp)
    assert says(page, "Trois photos sont déjà reçues")
    assert 'type="file"' not in page.text
    assert len(await kept(store)) == 3


async def test_photos_are_counted_by_the_hour(phone: Phone, store: Store) -> None:
    """Whoever takes back and begins anew cannot fill the disk."""
    await phone.press("sighting")
    for _photo in range(limits.PHOTOS_MOST + 1):
        page = await phone.upload(b"no photo")
    assert says(page, "Trop de photos en peu de temps")
    assert not await kept(store)


async def test_a_photo_belongs_to_a_sighting(phone: Phone, store: Store) -> None:
    """Without one, and without a stamp of ours, nothing is kept."""
    await phone.press("acknowledged")
    assert says(await phone.upload(picture()), "La photo n'est pas enregistrée")
    await phone.press("sighting")
    assert says(await phone.upload(picture(), stamp="1.x"), "La photo n'est pas enregistrée")
    trapped = await phone.upload(picture(), website="https://shop.example")
    assert says(trapped, "La photo n'est pas enregistrée")
    assert not await kept(store)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 200,
        "multipart/form-data; charset=idna; boundary=x",
        "multipart/form-data; charset=hex; boundary=x",
    ],
)
async def test_a_broken_form_is_refused(phone: Phone, store: Store, content_type: str) -> None:
    """Nothing falls over, and the guard comes back to the page."""
    await phone.press("sighting")
    body = b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\nxn--\xff\r\n--x--\r\n'
    page = await phone.ask(
        "POST", f"{phone.link}/photo", data=body, headers={"Content-Type": content_type}
    )
    assert page.status == 200
    assert 'id="file-error"' in page.text
    assert not await kept(store)


async def test_a_photo_that_stops_coming_is_given_up(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends half of it holds nothing for ever."""
    await phone.press("sighting")
    monkeypatch.setattr(upload, "IDLE_S", 0.05)
    host, port = phone.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /r/{phone.token}/photo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    )
    writer.write(head.encode())
    answer = (await reader.read()).decode()
    assert answer.startswith("HTTP/1.1 303")
    assert f"../{phone.token}?note=photo-broken-off#photo" in answer
    writer.close()


async def test_the_officer_gets_the_photos(
    phone: Phone, store: Store, tmp_path: Path, settings: Settings
) -> None:
    """`reply photo` writes them, for this account only, and never over a file that is there."""
    await phone.press("sighting")
    for size in ((400, 300), (300, 400)):
        await phone.upload(picture(size=size))
    (reply,) = await replies(store)
    target = tmp_path / "seen.jpg"
    code, out = await umsalert(settings, reply.id, target)
    assert code == 0, out
    first, second = target, tmp_path / "seen-2.jpg"
    assert [p.read_bytes() for p in (first, second)] == [p.content for p in await kept(store)]
    assert {stat.S_IMODE(p.stat().st_mode) for p in (first, second)} == {0o600}
    first.unlink()
    second.write_bytes(b"mine")
    code, out = await umsalert(settings, reply.id, target)
    assert code == 2, out
    assert "seen-2.jpg" in out
    assert second.read_bytes() == b"mine"
    assert not first.exists()
    code, out = await umsalert(settings, 999, target)
    assert (code, "There is no photo with answer 999." in out) == (2, True)


async def umsalert(settings: Settings, reply_id: int, target: Path) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "umsalert",
            "reply",
            "photo",
            str(reply_id),
            "--output",
            str(target),
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"UMSALERT_DATABASE": str(settings.database)},
    )
    out, _none = await child.communicate()
    return child.returncode or 0, out.decode()


def test_a_jpeg_of_a_thousand_scans_is_not_decoded() -> None:
    """One as programs write it is taken; each scan more costs as much as the first."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    assert pictures.encode(io.BytesIO(whole)).width_px == 64
    last = whole.rindex(b"\xff\xda")
    forged = whole[:last] + whole[last:-2] * 1000 + whole[-2:]
    with pytest.raises(PictureRefused) as refused:
        pictures.encode(io.BytesIO(forged))
    assert refused.value.note is Note.PHOTO_PIXELS
