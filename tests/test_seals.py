"""A sealed file is proven by its key alone; whatever is changed in it, or in its seal, is found."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import minisign
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from umsalert import seals, sharing
from umsalert.errors import ConfigurationError, InvalidData, UmsalertError, UsageError

SAID = {"alert": "A-1", "audit": "12:abc", "by": "zoé.l@nice sud", "station": "Nice\t100 %"}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "seal.key"


@pytest.fixture
def report(tmp_path: Path, key_file: Path) -> Path:
    """A sealed file."""
    file = tmp_path / "report.html"
    file.write_bytes(b"who got what, when\n" * 999)
    seals.beside(file).write_bytes(seals.seal(file, key_file, SAID))
    return file


def test_a_sealed_file_is_proven_and_says_what_was_said(report: Path, key_file: Path) -> None:
    proven = seals.verify(report, [seals.public_key(key_file)])
    assert dict(proven.said) == SAID
    assert len(proven.key_id) == 16


def test_the_key_is_private_and_stays_the_same(key_file: Path) -> None:
    first = seals.public_key(key_file)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert seals.public_key(key_file) == first


def test_a_key_in_a_shared_folder_is_that_of_its_group(tmp_path: Path) -> None:
    """The accounts of a station seal with one key; a key of one's own nobody else reads."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(sharing.FOLDER_MODE)
    seals.public_key(folder / "seal.key")
    assert stat.S_IMODE((folder / "seal.key").stat().st_mode) == 0o640


def test_who_makes_the_first_key_a_moment_later_takes_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two first seals at once: both are of one key, and neither is refused."""
    file, quicker = tmp_path / "seal.key", [""]
    generate = minisign.KeyPair.generate

    def overtaken() -> minisign.KeyPair:
        monkeypatch.setattr(minisign.KeyPair, "generate", generate)
        code = (
            f"from umsalert import seals, files; print(seals.public_key(files.Path({str(file)!r})))"
        )
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        quicker[0] = run.stdout.strip()
        return generate()

    monkeypatch.setattr(minisign.KeyPair, "generate", overtaken)
    assert seals.public_key(file) == quicker[0] == seals.public_key(file)
    assert [it.name for it in tmp_path.iterdir()] == ["seal.key"]


def test_a_key_that_cannot_be_made_is_a_setting_to_correct(tmp_path: Path) -> None:
    """Nobody typed that folder: it is not told as a mistake of the command line."""
    with pytest.raises(ConfigurationError) as refused:
        seals.public_key(tmp_path / "nowhere" / "seal.key")
    assert refused.value.code == "seal_key_unusable"
    assert "report.seal_key_file" in refused.value.hint
    assert not list(tmp_path.iterdir())


def test_the_tool_of_others_proves_it_too(report: Path, key_file: Path) -> None:
    """And names the same key: an inspector does not need us."""
    key = seals.public_key(key_file)
    command = ["minisign", "-V", "-m", str(report), "-P", key]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "verified" in told
    assert "alert:A-1" in told
    report.write_bytes(report.read_bytes() + b" ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@given(data=st.data())
@settings(max_examples=60)
def test_every_changed_byte_is_found(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    key_file, file = folder / "seal.key", folder / "report.csv"
    file.write_bytes(b"a;b\n1;2\n")
    seals.beside(file).write_bytes(seals.seal(file, key_file, SAID))
    changed = data.draw(st.sampled_from([file, seals.beside(file)]))
    content = bytearray(changed.read_bytes())
    # The first line of a seal is a remark that nobody signs.
    start = content.index(b"\n") + 1 if changed != file else 0
    at = data.draw(st.integers(start, len(content) - 2))
    content[at] ^= data.draw(st.integers(1, 255))
    changed.write_bytes(content)
    with pytest.raises(UmsalertError):
        seals.verify(file, [seals.public_key(key_file)])


def test_another_key_is_named_as_such(report: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as refused:
        seals.verify(report, [seals.public_key(tmp_path / "other.key")])
    assert refused.value.code == "seal_of_another_key"


def test_a_seal_of_another_file_proves_nothing(
    report: Path, key_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.html"
    other.write_bytes(b"nobody got anything\n")
    seals.beside(other).write_bytes(seals.beside(report).read_bytes())
    with pytest.raises(InvalidData) as refused:
        seals.verify(other, [seals.public_key(key_file)])
    assert refused.value.code == "report_changed"


@pytest.mark.parametrize(
    "content", [b"", b"untrusted comment: x\n", b"\xff\x00" * 9, b"a\nb\nc\nd\n"]
)
def test_what_is_no_seal_is_said_to_be_none(report: Path, key_file: Path, content: bytes) -> None:
    seals.beside(report).write_bytes(content)
    with pytest.raises(InvalidData) as refused:
        seals.verify(report, [seals.public_key(key_file)])
    assert refused.value.code == "seal_invalid"


def test_a_report_without_its_seal_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"x")
    with pytest.raises(UsageError) as refused:
        seals.verify(tmp_path / "report.html", [])
    assert refused.value.code == "file_not_read"
    assert ".minisig" in refused.value.hint


def test_a_report_that_is_not_there_is_named_and_not_its_seal(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        seals.verify(tmp_path / "report.html", [])
    assert "report.html cannot be read" in str(refused.value)


def test_a_key_that_is_neither_key_nor_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        seals.read_public_key(str(tmp_path / "nice.pub"))
    assert refused.value.code == "key_invalid"
    assert "No such file" in refused.value.message
    assert "umsalert report key >" in refused.value.hint
    assert "56 characters" in refused.value.hint


def test_half_a_key_is_told_from_a_file_that_is_not_there(key_file: Path) -> None:
    """Who has copied a line too short looks for no file."""
    with pytest.raises(UsageError) as refused:
        seals.read_public_key(seals.public_key(key_file)[:-4])
    assert "52 characters, not 56" in refused.value.message


def test_an_id_is_told_from_a_key(key_file: Path) -> None:
    """It is what people read out to each other, and what `verify` shows."""
    with pytest.raises(UsageError) as refused:
        seals.read_public_key(seals.key_id(seals.public_key(key_file)))
    assert "is the ID of a key" in refused.value.message


def test_a_public_key_is_typed_or_lies_in_a_file(key_file: Path, tmp_path: Path) -> None:
    key = seals.public_key(key_file)
    (tmp_path / "key.pub").write_text(f"untrusted comment: ours\n{key}\n")
    assert seals.read_public_key(key) == seals.read_public_key(str(tmp_path / "key.pub")) == key
    (tmp_path / "key.pub").write_text("no key\n")
    for typed in (str(tmp_path / "key.pub"), str(tmp_path / "missing"), key[:-4], "\0"):
        with pytest.raises(UsageError):
            seals.read_public_key(typed)


@pytest.mark.parametrize("content", [b"", b"\xff", b"untrusted comment: x\nRWQ\n"])
def test_a_key_that_is_none_is_a_setting_to_correct(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "seal.key").write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        seals.public_key(tmp_path / "seal.key")
    assert "report.seal_key_file" in refused.value.hint
    assert (tmp_path / "seal.key").read_bytes() == content
