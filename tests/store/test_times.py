"""Times as they stand in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from umsalert.store.instants import from_text, to_text

moments = st.datetimes(timezones=st.timezones()).filter(lambda at: 2 < at.year < 9998)


@given(moments)
@example(datetime.fromisoformat("0226-01-14T08:00Z"))  # a slip for 2026, once accepted
def test_a_stored_time_is_read_back_to_the_millisecond(at: datetime) -> None:
    """Whatever its zone and year, what was written is what is read, cut to milliseconds."""
    assert timedelta() <= at - from_text(to_text(at)) < timedelta(milliseconds=1)


@given(moments, moments)
def test_stored_times_sort_as_texts(one: datetime, other: datetime) -> None:
    """SQL compares texts: the earlier moment is never the greater text."""
    assert (to_text(one) <= to_text(other)) or one > other
