"""Which language people read, and `_()`.

Source strings are English; `locale/fr` holds the French catalogue. The composition of a sentence
is always `_("... {name} ...").format(name=...)`, so that a translator sees whole sentences.
Machine output (JSON keys, codes, state names) is never translated.
"""

from __future__ import annotations

import errno
import gettext
import os
from datetime import date
from pathlib import Path

LANGUAGES = ("fr", "en")
_LOCALE_DIR = Path(__file__).parent / "locale"
_active: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def activate(language: str) -> None:
    """Read every later message in `language` (one of `LANGUAGES`; anything else means English)."""
    global _active, _language  # noqa: PLW0603 - one process speaks one language to its operator
    _language = language if language in LANGUAGES else "en"
    _active = gettext.translation(
        "umsalert", localedir=_LOCALE_DIR, languages=[_language], fallback=True
    )


def language() -> str:
    """Return the active language, `fr` or `en`."""
    return _language


def language_of_environment(configured: str | None = None) -> str:
    """Return the language to speak: UMSALERT_LANG, then `configured`, then the locale, then French.

    The locale comes last because cron runs in the C locale; C and POSIX say nothing about the
    reader, so they fall through to French, the language of the users.
    """
    for value in (
        os.environ.get("UMSALERT_LANG"),
        configured,
        os.environ.get("LC_ALL"),
        os.environ.get("LC_MESSAGES"),
        os.environ.get("LANG"),
    ):
        code = (value or "").replace("-", "_").split("_")[0].split(".")[0].lower()
        if code in LANGUAGES:
            return code
    return "fr"


def decimal(number: str) -> str:
    """Return a written number with the decimal sign of the active language, for people to read."""
    return number.replace(".", ",") if _language == "fr" else number


def _(message: str) -> str:
    """Return `message` in the active language."""
    return _active.gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form of the sentence that fits `n`, in the active language."""
    return _active.ngettext(singular, plural, n)


def system_reason(error: OSError) -> str:
    """Return why the system refused something, in the active language where that is usual."""
    usual = {
        errno.EACCES: _("Permission denied"),
        errno.EEXIST: _("File exists"),
        errno.EISDIR: _("Is a directory"),
        errno.ENAMETOOLONG: _("File name too long"),
        errno.ENOENT: _("No such file or directory"),
        errno.ENOSPC: _("No space left on device"),
        errno.ENOTDIR: _("Not a directory"),
        errno.EPERM: _("Operation not permitted"),
        errno.EROFS: _("Read-only file system"),
        errno.EADDRNOTAVAIL: _("Cannot assign requested address"),
    }
    return usual.get(error.errno or 0) or error.strerror or type(error).__name__


def day_words(day: date) -> str:
    """Return a day as people write it."""
    return f"{day:%d/%m/%Y}" if language() == "fr" else day.isoformat()


def titled(title: str, value: object) -> str:
    """Return a value after what it is."""
    return _("{title}: {value}").format(title=title, value=value)


def sentences(*texts: str) -> str:
    """Return texts as one line: where one stops and another follows, a full stop."""
    *before, last = filter(None, texts)
    ended = [text if text.endswith((".", "!", "?", "…")) else f"{text}." for text in before]
    return " ".join([*ended, last])
