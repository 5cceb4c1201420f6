"""Which of the places that a geocoder names is taken for a site, and which never."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.errors import Problem, TemporaryError, UsageError
from umsalert.geo.circles import distance_m
from umsalert.geo.territories import territory_at
from umsalert.ports import Found, PostalAddress, Precision
from umsalert.register.geocoding import AT_ONCE, Located, Lookup, judge, locate_all

T = TypeVar("T")
ADDRESS = PostalAddress("80 rue de la Girouette", "06000", "Nice")
WITHOUT_POSTCODE = PostalAddress("80 rue de la Girouette", "", "Nice")
ONLY_TOWN = PostalAddress("", "06000", "Nice")
MIN_SCORE = 0.7


def place(
    score: float = 0.96,
    precision: Precision = Precision.HOUSENUMBER,
    postcode: str = "06000",
    at: tuple[float, float] = (43.7005, 7.2683),
) -> Found:
    return Found(*at, score, f"80 Rue de la Girouette {postcode}", precision, postcode)


CANNES, PARIS, MILAN = (43.55, 7.02), (48.85, 2.35), (45.46, 9.19)


@pytest.mark.parametrize(
    ("address", "places", "code"),
    [
        (ADDRESS, [], "address_not_found"),
        (ADDRESS, [place(0.69)], "address_uncertain"),
        (ADDRESS, [place(precision=Precision.MUNICIPALITY)], "address_too_coarse"),
        (ADDRESS, [place(precision=Precision.OTHER)], "address_too_coarse"),
        (ADDRESS, [place(postcode="75001", at=PARIS)], "address_elsewhere"),
        (ADDRESS, [place(postcode="97400", at=(-20.9, 55.4))], "address_elsewhere"),
        (ADDRESS, [place(at=MILAN)], "address_elsewhere"),
        (ADDRESS, [place(at=(16.24, -61.53))], "address_elsewhere"),
        (ADDRESS, [place(), place(0.95, at=CANNES)], "address_uncertain"),
        (WITHOUT_POSTCODE, [place(), place(0.93, postcode="75001", at=PARIS)], "address_uncertain"),
    ],
)
def test_a_place_that_may_be_wrong_is_refused(
    address: PostalAddress, places: list[Found], code: str
) -> None:
    """Unsure, a whole town, elsewhere than the postcode, or two as likely: no point, and why."""
    with pytest.raises(UsageError) as caught:
        judge(address, places, MIN_SCORE)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("places", "at", "doubts"),
    [
        ([place()], (43.7005, 7.2683), []),
        ([place(0.7)], (43.7005, 7.2683), []),
        ([place(precision=Precision.STREET)], (43.7005, 7.2683), ["address_street_only"]),
        ([place(precision=Precision.LOCALITY)], (43.7005, 7.2683), ["address_place_only"]),
        ([place(postcode="06300")], (43.7005, 7.2683), ["address_other_postcode"]),
        # the postcode that was given outweighs a score that is a little better
        ([place(0.97, postcode="06400", at=CANNES), place(0.9)], (43.7005, 7.2683), []),
        # the number and its street, a few steps apart, are one place
        ([place(), place(0.95, Precision.STREET, at=(43.7012, 7.2690))], (43.7005, 7.2683), []),
        ([place(), place(0.6, at=CANNES)], (43.7005, 7.2683), []),
    ],
)
def test_a_place_that_is_right_is_taken(
    places: list[Found], at: tuple[float, float], doubts: list[str]
) -> None:
    """A sure place is taken, and whatever is less than a house is said."""
    found = judge(ADDRESS, places, MIN_SCORE)
    assert (found.lat, found.lon) == at
    assert [code for code, _message in found.doubts] == doubts


@given(
    st.lists(
        st.builds(
            Found,
            st.floats(-90, 90),
            st.floats(-180, 180),
            st.floats(0, 1),
            st.just("somewhere"),
            st.sampled_from(Precision),
            st.sampled_from(["06000", "06300", "75001", ""]),
        ),
        max_size=5,
    ),
    st.sampled_from([ADDRESS, WITHOUT_POSTCODE]),
)
def test_whatever_is_taken_is_sure_and_alone(places: list[Found], address: PostalAddress) -> None:
    """What is taken lies in France, has the score, is no town, and has no rival far away."""
    try:
        found = judge(address, places, MIN_SCORE)
    except UsageError:
        return
    (chosen, *_twins) = (p for p in places if (p.lat, p.lon) == (found.lat, found.lon))
    assert chosen.score >= MIN_SCORE
    assert territory_at(found.lat, found.lon)
    assert found.precision in (Precision.HOUSENUMBER, Precision.STREET, Precision.LOCALITY)
    for other in places:
        if other.postcode == chosen.postcode and other.score >= chosen.score:
            assert distance_m(other.lat, other.lon, found.lat, found.lon) <= 300


class Known:
    """A geocoder whose answers are set, and which waits until it is let go."""

    def __init__(self, answers: Mapping[str, Sequence[Found] | Exception]) -> None:
        self.answers = answers
        self.asked: list[PostalAddress] = []
        self.most_at_once = self._at_once = 0

    async def locate(self, address: PostalAddress) -> Sequence[Found]:
        """Answer in another order than was asked."""
        self.asked.append(address)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        for _ in range(len(self.asked) % 3):
            await asyncio.sleep(0)
        self._at_once -= 1
        answer = self.answers.get(address.street, [place()])
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_every_line_is_told_in_the_order_of_the_file() -> None:
    """Several are asked at a time, never more than eight; results keep the order of the lines."""
    geocoder = Known({"line 5": [], "line 6": [place(0.1)]})
    rows = [(line, PostalAddress(f"line {line}", "06000", "Nice")) for line in range(2, 42)]
    rows.append((42, ONLY_TOWN))
    found = [item async for item in locate_all(rows, geocoder, MIN_SCORE)]
    assert [line for line, _result in found] == list(range(2, 43))
    problems = [result for _line, result in found if isinstance(result, Problem)]
    assert [(item.row, item.code, item.column) for item in problems] == [
        (5, "address_not_found", "address"),
        (6, "address_uncertain", "address"),
        (42, "address_incomplete", "address"),
    ]
    assert 1 < geocoder.most_at_once <= AT_ONCE
    assert ONLY_TOWN not in geocoder.asked  # a town alone is not worth a question


async def test_the_file_is_read_no_further_than_is_asked() -> None:
    """Of a hundred thousand rows only those on their way are held."""
    taken = 0

    def rows() -> object:
        nonlocal taken
        for line in range(100_000):
            taken += 1
            yield line, ADDRESS

    found = locate_all(rows(), Known({}), MIN_SCORE)  # type: ignore[arg-type]
    for _ in range(3):
        await anext(found)
    await found.aclose()  # type: ignore[attr-defined]
    assert taken <= 3 + AT_ONCE + 1


async def test_a_dead_geocoder_ends_everything() -> None:
    """When the geocoder is out of reach the error comes through, and nothing goes on asking."""
    geocoder = Known({"line 9": TemporaryError("geocoder_unreachable", "no answer")})
    rows = [(line, PostalAddress(f"line {line}", "06000", "Nice")) for line in range(2, 100)]
    with pytest.raises(TemporaryError):
        async for _item in locate_all(rows, geocoder, MIN_SCORE):
            pass
    asked = len(geocoder.asked)
    await asyncio.sleep(0)
    assert len(geocoder.asked) == asked <= 9 + AT_ONCE


async def in_thread(do: Callable[[], T]) -> T:
    return await asyncio.to_thread(do)


async def test_a_reader_in_a_thread_looks_addresses_up() -> None:
    """A batch is asked at once and remembered; a row alone is asked by itself; errors are told."""
    geocoder = Known({"nowhere": [], "a street": [place(precision=Precision.STREET)]})
    lookup = Lookup(geocoder, MIN_SCORE, asyncio.get_running_loop())
    batch = [("80 rue de la Girouette", "6000", "Nice"), ("nowhere", "06000", "")]

    def read() -> None:
        lookup.prepare([*batch, *batch])
        assert lookup.locate(*batch[0]) == (43.7005, 7.2683)
        assert lookup.doubts(*batch[0]) == ()
        for row, code in (
            (batch[1], "address_not_found"),
            (("", "06000", "Nice"), "address_incomplete"),
        ):
            with pytest.raises(UsageError) as caught:
                lookup.locate(*row)
            assert caught.value.code == code
        assert lookup.locate("a street", "06000", "Nice")
        assert [code for code, _said in lookup.doubts("a street", "06000", "Nice")] == [
            "address_street_only"
        ]

    await in_thread(read)
    assert [address.street for address in geocoder.asked] == [
        "80 rue de la Girouette", "nowhere", "a street",
    ]  # fmt: skip
    assert geocoder.asked[0] == ADDRESS  # the zero that a spreadsheet took away is put back


async def test_a_reader_in_a_thread_hears_of_a_dead_geocoder() -> None:
    """The error of the loop reaches the thread, and with it the whole command."""
    geocoder = Known({"x": TemporaryError("geocoder_unreachable", "no answer")})
    lookup = Lookup(geocoder, MIN_SCORE, asyncio.get_running_loop())
    for call in (
        lambda: lookup.prepare([("x", "06000", "")]),
        lambda: lookup.locate("x", "06000", ""),
    ):
        with pytest.raises(TemporaryError):
            await in_thread(call)


def test_located_is_latitude_first() -> None:
    """The point of a house is that of its place, untouched."""
    found = judge(ADDRESS, [place()], MIN_SCORE)
    assert found == Located(43.7005, 7.2683, "80 Rue de la Girouette 06000", Precision.HOUSENUMBER)
