"""Taking a photo in while it arrives: capped, timed, and read to an end that can be answered."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from umsalert.web.page.notes import Note
from umsalert.web.page.pictures import PictureRefused

FIELD = "photo"
MAX_BYTES = 8 * 1024 * 1024
FORM_BYTES = 8 * 1024
"""What stands round the photo."""
DRAIN_BYTES = 24 * 1024 * 1024
"""A browser shows no answer while it still sends: up to here, more is read and thrown away."""
IDLE_S = 15.0
WITHIN_S = 120.0
"""8 MiB at half a megabit a second."""

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what is sent fills no log

_BOUNDARY = re.compile(
    r"""\bboundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))""", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo that has arrived whole, and the fields beside it."""

    file: IO[bytes]
    fields: Mapping[str, str]


async def receive(request: Request) -> Upload:
    """Return what is posted. Raises PictureRefused for what is too large, broken or no form."""
    boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
    if boundary is None:
        raise PictureRefused(Note.PHOTO_MISSING)
    headers = Headers(
        {"content-type": f'multipart/form-data; boundary="{boundary[1] or boundary[2]}"'}
    )
    parser = MultiPartParser(
        headers, _capped(request), max_files=1, max_fields=8, max_part_size=FORM_BYTES
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            form = await parser.parse()
    except (TimeoutError, ClientDisconnect) as error:
        raise PictureRefused(Note.PHOTO_BROKEN_OFF) from error
    except MultiPartException as error:
        raise PictureRefused(Note.PHOTO_UNREADABLE) from error
    photo = form.get(FIELD)
    if not isinstance(photo, UploadFile):
        for file in parser._files_to_close_on_error:  # it forgets one that has not come whole
            file.close()
        raise PictureRefused(Note.PHOTO_MISSING)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Upload(photo.file, fields)


async def drain(request: Request) -> None:
    """Read what is sent and throw it away: only then does a browser show the answer."""
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(WITHIN_S):
            async for chunk in _in_time(request):
                size += len(chunk)
                if size > DRAIN_BYTES:
                    break


async def _capped(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in _in_time(request):
        size += len(chunk)
        if size <= MAX_BYTES + FORM_BYTES:
            yield chunk
        elif size > DRAIN_BYTES:
            break
    if size > MAX_BYTES + FORM_BYTES:
        raise PictureRefused(Note.PHOTO_LARGE)


async def _in_time(request: Request) -> AsyncGenerator[bytes, None]:
    stream = request.stream()
    while True:
        async with asyncio.timeout(IDLE_S):
            chunk = await anext(stream, None)
        if chunk is None:
            return
        yield chunk
