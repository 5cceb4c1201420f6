"""What one record becomes: a line with the fields that are ours, and nothing that people typed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.errors import UsageError
from umsalert.logs.formats import JsonFormatter, TextFormatter, wanted

SECRET = "homme au blouson rouge"


def record(
    message: object,
    *arguments: object,
    name: str = "umsalert.x",
    error: BaseException | None = None,
    **fields: object,
) -> logging.LogRecord:
    made = logging.LogRecord(
        name,
        logging.WARNING,
        __file__,
        1,
        message,
        arguments,
        None if error is None else (type(error), error, error.__traceback__),
    )
    made.created, made.process = 1_795_630_503.12, 42
    made.__dict__.update(fields)
    return made


def document(made: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JsonFormatter().format(made))
    return found


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        fail(error)
    return caught.value


def fail(error: Exception) -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as cause:
        raise error from cause


def test_a_line_of_text() -> None:
    """Time in UTC with milliseconds, level, the fields in their order, the sentence."""
    made = record(
        "handed over: %s", "accepted", alert="20261125-4b29", delivery=7, attempt=1, channel="sms"
    )
    assert TextFormatter().format(made) == (
        "2026-11-25T18:15:03.120Z WARNING alert=20261125-4b29 delivery=7 attempt=1 channel=sms "
        "pid=42 handed over: accepted"
    )


def test_a_json_object() -> None:
    """The same, one object a line; ids are numbers."""
    made = record("handed over: %s", "accepted", alert="20261125-4b29", delivery=7, code="")
    assert document(made) == {
        "time": "2026-11-25T18:15:03.120Z",
        "level": "WARNING",
        "alert": "20261125-4b29",
        "delivery": 7,
        "pid": 42,
        "message": "handed over: accepted",
    }


def test_ids_that_share_a_line_are_no_telephone_number() -> None:
    """Several ids are a list, whatever it looks like; of anything else nothing passes uncleaned."""
    made = record("handed over", deliveries=(639980001, 639980002))
    assert document(made)["deliveries"] == [639980001, 639980002]
    assert " deliveries=639980001,639980002 " in TextFormatter().format(made)
    assert "63998" not in TextFormatter().format(record("x", deliveries=(7, "+33639980001")))


def test_a_reference_names_what_it_is_about() -> None:
    """A provider's reference becomes alert, delivery and attempt; any other text is left out."""
    found = document(record("taken", reference="20261125-4b29-12-2"))
    assert (found["alert"], found["delivery"], found["attempt"]) == ("20261125-4b29", 12, 2)
    assert "alert" not in document(record("taken", reference=SECRET))
    assert document(record("taken", alert="20261125-2345"))["alert"] == "20261125-2345"
    assert document(record("taken", alert="06 39 98 00 01"))["alert"] == "[number]"
    assert SECRET not in TextFormatter().format(record("taken", reference=SECRET))


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_nothing_forges_a_line(formatter: logging.Formatter, text: str) -> None:
    """Whatever a value or a message holds, one record without a traceback is one line."""
    line = formatter.format(record(text, code=text, provider=text, name="umsalert.x"))
    assert len(line.splitlines()) == 1
    foreign = formatter.format(record(text, name="aiohttp.server"))
    assert len(foreign.splitlines()) == 1


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize("error", [ValueError(SECRET), ExceptionGroup(SECRET, [OSError(SECRET)])])
def test_a_traceback_has_places_and_no_words(
    formatter: logging.Formatter, error: Exception
) -> None:
    """Frames and names of errors are written, of causes and groups too; their messages are not."""
    text = formatter.format(record("failed", error=raised(error)))
    assert SECRET not in text
    assert "KeyError" in text
    assert type(error).__name__ in text
    assert f"in {fail.__name__}" in text


def test_errors_that_have_a_code_show_it() -> None:
    """An error of ours shows its code, one of the system its symbol."""
    ours = document(record("failed", error=raised(UsageError("no_such_alert", SECRET))))
    assert ours["traceback"][-1] == "umsalert.errors.UsageError no_such_alert"
    system = document(record("failed", error=raised(FileNotFoundError(2, SECRET, SECRET))))
    assert system["traceback"][-1] == "FileNotFoundError ENOENT"


def test_a_library_is_cut_to_its_own_sentence() -> None:
    """Of what a library logs, only warnings pass, and of these the first line, no argument."""
    made = record("Error handling %s\n%s", SECRET, SECRET, name="aiohttp.server")
    assert document(made)["message"] == "aiohttp.server: Error handling %s"
    assert wanted(made)
    made.levelno = logging.INFO
    assert not wanted(made)
    made.name = "umsalert.web.app"
    assert wanted(made)
