"""The hash chain of the audit log: each entry's hash covers the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from umsalert.model import AuditHead

GENESIS = AuditHead(0, "0" * 64)
"""What the first entry of a database follows."""

_TEXT = json.JSONEncoder(separators=(",", ":"))


def link(previous: AuditHead, at: datetime, fields: tuple[str, str, str, str, str]) -> AuditHead:
    """Return the head after one more entry.

    Args:
        previous: the head before it.
        at: when it was done, aware; milliseconds count.
        fields: operator, action, noun, ref and detail, the last as JSON text.
    """
    n = previous.n + 1
    text = _TEXT.encode([n, round(at.timestamp() * 1000), *fields, previous.sha256])
    return AuditHead(n, hashlib.sha256(text.encode("ascii")).hexdigest())


def links(
    previous: AuditHead, at: datetime, fields: tuple[str, str, str, str], refs: Iterable[str]
) -> Iterator[tuple[AuditHead, str]]:
    """Yield the head after each of many entries that differ in their ref only, and that ref.

    Args:
        previous: the head before them.
        at: as for `link`, once for all.
        fields: operator, action, noun and detail.
        refs: one for each entry.
    """
    operator, action, noun, detail = fields
    moment = round(at.timestamp() * 1000)
    before = _TEXT.encode([moment, operator, action, noun])[1:-1]
    after = _TEXT.encode([detail])[1:-1]
    n, digest = previous.n, previous.sha256
    for ref in refs:
        n += 1
        text = f'[{n},{before},{_TEXT.encode(ref)},{after},"{digest}"]'
        digest = hashlib.sha256(text.encode("ascii")).hexdigest()
        yield AuditHead(n, digest), ref
