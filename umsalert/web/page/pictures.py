"""A guard's photo: judged by its content, turned upright, made small, encoded anew.

The pixels are all that is kept: no place, no telephone's name, no thumbnail of what was cut away,
and nothing that another program could stumble over.
"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import IO

from PIL import Image, ImageOps

from umsalert.model import Photo
from umsalert.web.page.notes import Note

MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
"""Where a picture says to be larger, it is not decoded: a small file can become gigabytes. A JPEG
is decoded at an eighth to a half of its size, so it may have more."""
MAX_SCANS = 30
"""Of a JPEG, those of its thumbnails included: each runs over all pixels again. Programs write ten;
a forged one of half a megabyte has thousands, and would be decoded for minutes."""
LONGEST_SIDE_PX = 1600
QUALITY = 80

_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


class PictureRefused(Exception):
    """This is no photo we take; `note` says why."""

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        self.note = note


def encode(file: IO[bytes]) -> Photo:
    """Return the picture in `file` as a small JPEG without metadata. Raises PictureRefused."""
    start = file.read(12)
    file.seek(0)
    if not start:
        raise PictureRefused(Note.PHOTO_MISSING)
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF:
        raise PictureRefused(Note.PHOTO_HEIC)
    try:
        return _encode(file)
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(Note.PHOTO_PIXELS) from error
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        raise PictureRefused(Note.PHOTO_UNREADABLE) from error


def _scans(file: IO[bytes]) -> int:
    at = file.tell()
    file.seek(0)
    count = file.read().count(b"\xff\xda")  # a marker: in the data of a scan 0xFF has a zero behind
    file.seek(at)
    return count


def _encode(file: IO[bytes]) -> Photo:
    with Image.open(file, formats=tuple(MAX_PIXELS)) as image:
        if image.width * image.height > MAX_PIXELS[str(image.format)]:
            raise PictureRefused(Note.PHOTO_PIXELS)
        if image.format == "JPEG" and _scans(file) > MAX_SCANS:
            raise PictureRefused(Note.PHOTO_PIXELS)
        image.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
        picture: Image.Image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        picture.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
        with suppress(Exception):  # a picture that lies on its side is better than none
            picture = ImageOps.exif_transpose(picture)
    bare = Image.new("RGB", picture.size, "white")
    bare.paste(picture, mask=picture if picture.mode == "RGBA" else None)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Photo("image/jpeg", bare.width, bare.height, out.getvalue())
