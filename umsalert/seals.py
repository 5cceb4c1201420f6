"""A signature beside a file, which proves without the database that the file is as it was written.

The format is minisign's (https://jedisct1.github.io/minisign/): Ed25519 over the BLAKE2b-512 of
the file, then over that signature and a comment that says what was sealed. `minisign -V` proves
it as well.
"""

from __future__ import annotations

import base64
import errno
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from umsalert import files, sharing
from umsalert.errors import ConfigurationError, InvalidData, UsageError
from umsalert.i18n import _, system_reason

if TYPE_CHECKING:
    import minisign

SUFFIX = ".minisig"
_SAFE = " :@.-+_/"
"""What stands in a comment as it is; all else is percent-encoded (RFC 3986)."""
_KEY_CHARS = 56
"""Base64 of 42 bytes."""
_LIKE_A_KEY = re.compile("RW[A-Za-z0-9+/=]{20,}")
_LIKE_AN_ID = re.compile("[0-9A-Fa-f]{16}")
_GROUP_READS = 0o640
"""In a folder that several accounts share: each of them seals with the one key."""
_MAX_BYTES = 20_000
"""Of a signature or a key: its comment has at most 8 KiB, the rest some hundred bytes."""


class Seal(NamedTuple):
    """A seal that was proven: the ID of its key, as minisign prints it, and what it says."""

    key_id: str
    said: Mapping[str, str]


def beside(file: Path) -> Path:
    """Return where the seal of a file lies."""
    return file.with_name(file.name + SUFFIX)


def seal(file: Path, key_file: Path, said: Mapping[str, str]) -> bytes:
    """Return the seal of a file, with which `said` is signed too: names and printable values.

    The key is made where there is none yet. Raises ConfigurationError when it cannot be used.
    """
    comment = "\t".join(f"{name}:{quote(value, _SAFE)}" for name, value in said.items())
    with _secret_key(key_file) as key, file.open("rb") as content:
        signature = key.sign(content, trusted_comment=comment)
    return bytes(signature) + b"\n"


def public_key(key_file: Path) -> str:
    """Return the public half of a key as minisign's -P takes it; the key is made if missing.

    Raises ConfigurationError when the key cannot be used.
    """
    with _secret_key(key_file) as key:
        line: bytes = key.get_public_key().to_base64()
    return line.decode()


def key_id(line: str | bytes) -> str:
    """Return the ID of a key, or of the key of a signature, as minisign prints it.

    The line is base64 of the algorithm (2 bytes), the ID (8) and more.
    """
    return base64.b64decode(line)[2:10][::-1].hex().upper()


def key_file_text(key: str) -> str:
    """Return what minisign's -p takes: a remark, then the key."""
    return f"untrusted comment: minisign public key {key_id(key)}\n{key}"


def read_public_key(typed: str) -> str:
    """Return a public key that was typed, or lies in a file that was named. Raises UsageError."""
    if (key := _public_key(typed)) is not None:
        return key
    try:
        lines = _read(Path(typed)).decode("ascii", "replace").split("\n")
    except UsageError as error:
        if _LIKE_A_KEY.fullmatch(typed):
            sentence = _("The public key {key} is not whole: it has {n} characters, not {whole}.")
            raise _no_key(sentence.format(key=typed, n=len(typed), whole=_KEY_CHARS)) from error
        if _LIKE_AN_ID.fullmatch(typed):
            raise _no_key(_("{id} is the ID of a key, not the key.").format(id=typed)) from error
        sentence = _("This is no public key, and no file that can be read: {message}")
        raise _no_key(sentence.format(message=error.message)) from error
    for line in lines:
        if (key := _public_key(line.strip())) is not None:
            return key
    raise _no_key(_("{file} holds no public key.").format(file=typed))


def verify(file: Path, keys: Sequence[str]) -> Seal:
    """Prove that a file is as it was when it was sealed with one of `keys`.

    Raises UsageError when the file or its seal cannot be read, InvalidData when the seal is none
    or of another key, or when the file, or what the seal says, was changed.
    """
    import minisign

    if file.is_dir():  # "." has no name that a seal could lie beside
        raise _unread(file, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    try:
        file.stat()  # of two files that are not there, the report is the one that was named
        signature = minisign.Signature.from_bytes(_read(beside(file)))
    except OSError as error:
        raise _unread(file, error) from error
    except ValueError as error:
        raise _changed(
            "seal_invalid", _("{file} is not a seal.").format(file=beside(file))
        ) from error
    sealed_by = key_id(bytes(signature).split(b"\n")[1])
    found = [minisign.PublicKey.from_base64(key) for key in keys if key_id(key) == sealed_by]
    if not found:
        raise InvalidData(
            "seal_of_another_key",
            _("{file} was sealed with the key {key}, which is not known here.").format(
                file=file, key=sealed_by
            ),
            hint=_(
                "Ask who sealed it for the key, by another way than the report came by: "
                "umsalert report key. Then give it with --key."
            ),
        )
    try:
        with file.open("rb") as content:
            found[0].verify(content, signature)
    except OSError as error:
        raise _unread(file, error) from error
    except minisign.VerifyError as error:
        sentence = _("{file} or its seal was changed after it was sealed.").format(file=file)
        raise _changed("report_changed", sentence) from error
    said = (part.partition(":") for part in signature.trusted_comment.split("\t"))
    return Seal(sealed_by, {name: unquote(value) for name, _colon, value in said})


def _secret_key(path: Path) -> minisign.SecretKey:
    import minisign

    try:
        if not path.exists():
            _make_key(path)
        key = minisign.SecretKey.from_bytes(path.read_bytes())
    except OSError as error:
        raise _unusable(path, system_reason(error)) from error
    except ValueError as error:
        raise _unusable(path, _("it is not a minisign key")) from error
    if key.is_encrypted():
        raise _unusable(path, _("it is locked with a password"))
    return key


def _make_key(path: Path) -> None:
    """Make a key, unless another process was quicker: then its key is everybody's.

    Raises ConfigurationError when it cannot be made: where it lies is a setting.
    """
    import minisign

    try:
        with files.aside(path) as part:
            part.write_bytes(bytes(minisign.KeyPair.generate().secret_key) + b"\n")
            if sharing.is_shared(path.parent):
                part.chmod(_GROUP_READS)
    except (UsageError, InvalidData) as error:
        if error.code != "file_exists":
            raise ConfigurationError(
                "seal_key_unusable",
                _("The key that seals reports cannot be made: {reason}").format(
                    reason=error.message
                ),
                hint=_("Correct the setting {name}, or make that folder.").format(
                    name="report.seal_key_file"
                ),
            ) from error


def _public_key(text: str) -> str | None:
    import minisign

    try:
        line: bytes = minisign.PublicKey.from_base64(text).to_base64()
    except ValueError:
        return None
    return line.decode()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unread(path, error) from error


def _unread(path: Path, error: Exception) -> UsageError:
    reason = system_reason(error) if isinstance(error, OSError) else str(error)
    return UsageError(
        "file_not_read",
        _("{file} cannot be read: {reason}.").format(file=path, reason=reason),
        hint=_("A sealed report is two files: the report, and its seal that ends in {end}").format(
            end=SUFFIX
        ),
    )


def _no_key(sentence: str) -> UsageError:
    return UsageError(
        "key_invalid",
        sentence,
        hint=_(
            "A public key is one line of {whole} characters that begins with RW, or a file with "
            "that line, such as nice.pub. Ask whoever sealed the report for it; there this makes "
            "it: umsalert report key > nice.pub"
        ).format(whole=_KEY_CHARS),
    )


def _changed(code: str, sentence: str) -> InvalidData:
    return InvalidData(
        code,
        sentence,
        hint=_("Do not rely on it; fetch both files again from who sealed it."),
    )


def _unusable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        "seal_key_unusable",
        _("The key {file} cannot be used: {reason}.").format(file=path, reason=reason),
        hint=_("Correct the setting {name}; where that file is missing, a new key is made.").format(
            name="report.seal_key_file"
        ),
    )
