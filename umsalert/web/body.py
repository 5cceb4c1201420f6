"""Reading what somebody sends: never more, and never for longer, than it may take."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

CLOSE = {"Connection": "close"}  # what remains of a body is not read


async def read_body(request: Request, most_bytes: int, within_s: float) -> bytes:
    """Return the body. Raises HTTPException 413 where it is larger, 408 where it takes longer."""
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    raise HTTPException(413, headers=CLOSE)
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408, headers=CLOSE) from error
    return bytes(body)
