"""E-mails as mail programs and servers write them, addressed to whom a test wants."""

from __future__ import annotations

from pathlib import Path

from umsalert.model import Outgoing

MAILS = Path(__file__).parent / "mails"
TOKEN = "AAAAB3rQ-tokenOfAGuard"
REFERENCE = "20260317-test-7-1"


def sample(name: str, token: str = TOKEN, reference: str = REFERENCE) -> bytes:
    """Return a sample, its lines ended as on the wire."""
    text = (MAILS / f"{name}.eml").read_text("utf-8")
    message_id = reference.rpartition("-")[0]
    text = text.replace("TOKEN", token).replace("REFERENCE", reference)
    return text.replace("MESSAGE_ID", message_id).replace("\n", "\r\n").encode("utf-8")


def answer(
    outgoing: Outgoing,
    text: str = "OK",
    *,
    to: str = "",
    headers: str = "",
    message_id: str = "answer-1",
) -> bytes:
    """Return a plain answer to a message, from its recipient."""
    lines = [
        f"Return-Path: <{outgoing.address}>",
        f"From: Agent <{outgoing.address}>",
        f"To: {to or f'reponse+{outgoing.token}@police.example'}",
        "Subject: Re: Alerte",
        "Date: Tue, 17 Mar 2026 18:20:00 +0100",
        f"Message-ID: <{message_id}@galerie.example>",
        *headers.splitlines(),
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode("utf-8")
