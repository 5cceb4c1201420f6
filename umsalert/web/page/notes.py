"""What the page says once, after something was sent: in the address of the page that follows."""

from __future__ import annotations

from enum import StrEnum


class Note(StrEnum):
    """One sentence of `words.py`; the address may name any of them, it changes nothing."""

    AGAIN = "again"
    UNDONE = "undone"
    PHOTO = "photo"
    PHOTO_AGAIN = "photo-again"
    PHOTO_MISSING = "photo-missing"
    PHOTO_HEIC = "photo-heic"
    PHOTO_UNREADABLE = "photo-unreadable"
    PHOTO_PIXELS = "photo-pixels"
    PHOTO_LARGE = "photo-large"
    PHOTO_MANY = "photo-many"
    PHOTO_OFTEN = "photo-often"
    PHOTO_BROKEN_OFF = "photo-broken-off"

    @property
    def about_photo(self) -> bool:
        """Say whether it tells what is wrong with a photo."""
        return self.startswith("photo-")


def note_of(text: str) -> Note | None:
    """Return the note that an address names, None where it names none."""
    return Note(text) if text in set(Note) else None
