"""What is probably in the register twice: sites at one place, people at two."""

from __future__ import annotations

import math
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection
from umsalert.store.staged import Shape

SAME_PLACE_M = 30.0
"""Two sites nearer than this are perhaps one: the length of a building."""

SIMILAR = 0.8
"""From this share of common letters on, two names are perhaps of one site."""

_LOOKED_AT = 50
"""Sites of one square of 30 m: where a town hall stands for all its addresses, not all are compared
with all."""

_METRES_PER_DEGREE = 111_195.0
_LAT_DEGREES = SAME_PLACE_M / _METRES_PER_DEGREE
_LON_DEGREES = _LAT_DEGREES / math.cos(math.radians(67))
"""As far from the equator as French sites are, Terre Adélie among them."""


def doubles(connection: Connection, shape: Shape) -> Iterator[Problem]:
    """Yield a doubt for each staged row that is new, or changed in what makes it a double."""
    if shape.noun == "site":
        yield from _places_in_file(connection)
        yield from _places_beside(connection)
    else:
        yield from _addresses(connection, "phone")
        yield from _addresses(connection, "email")


def _places_in_file(connection: Connection) -> Iterator[Problem]:
    """Look at each site beside those of its own and the eight squares around it, from south on."""
    squares: dict[int, deque[_Site]] = {}
    south: dict[int, deque[_Site]] = {}
    band = 0
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: this loop is as long as the file
    for site in cursor.execute(queries("imports")["places"]):
        current, square = int(site[3] // _LAT_DEGREES), int(site[4] // _LON_DEGREES)
        if current != band:
            south = squares if current == band + 1 else {}
            squares, band = {}, current
        for row in (squares, south):
            for near in (square - 1, square, square + 1):
                if near in row:
                    yield from _doubles_of(site, row[near])
        if square not in squares:
            squares[square] = deque(maxlen=_LOOKED_AT)
        squares[square].append(site)


_Site = tuple[int, str, str, float, float]
"""Line, ref, name, latitude, longitude."""


def _doubles_of(site: _Site, others: Iterable[_Site]) -> Iterator[Problem]:
    for other in others:
        if _near(site[3:], other[3:]) and similar(site[2], other[2]):
            first, later = sorted((site, other))
            yield _same_place(later[0], later[2], first[1])


def _places_beside(connection: Connection) -> Iterator[Problem]:
    values = {"lat_degrees": _LAT_DEGREES, "lon_degrees": _LON_DEGREES}
    for row in connection.execute(queries("imports")["places_beside"], values):
        point, beside = (row["lat"], row["lon"]), (row["other_lat"], row["other_lon"])
        if _near(point, beside) and similar(row["name"], row["other_name"]):
            yield _same_place(row["line"], row["name"], row["other_ref"])


def _same_place(line: int, name: str, other: str) -> Problem:
    message = _("{other} has almost the same place and name.").format(other=other)
    todo = _("Check whether it is one site under two refs.")
    return _same("same_place", (line, "name", name), message, todo)


def _addresses(connection: Connection, column: str) -> Iterator[Problem]:
    sql = queries("imports")
    connection.execute(sql["index_address"].format(column=column))
    todo = _("Check whether it is one person, or a mistake in copying.")
    for query in ("address_in_file", "address_in_register"):
        for row in connection.execute(sql[query].format(column=column)):
            message = _("A contact of another site has the same: {other}.")
            where = (row["line"], column, row["value"])
            yield _same("same_address", where, message.format(other=row["other"]), todo)


def _same(code: str, where: tuple[int, str, str], message: str, todo: str) -> Problem:
    line, column, value = where
    return Problem(code, message, line, column, value, todo)


def _near(point: tuple[float, float], other: tuple[float, float]) -> bool:
    """Say whether two points, LATITUDE FIRST, are one place; flat, as 30 m are."""
    north = (point[0] - other[0]) * _METRES_PER_DEGREE
    east = (point[1] - other[1]) * _METRES_PER_DEGREE * math.cos(math.radians(point[0]))
    return math.hypot(north, east) <= SAME_PLACE_M


def similar(name: str, other: str) -> bool:
    """Say whether two names are perhaps of one site: accents, case and order do not count.

    Hall 1 and Hall 2 are two.
    """
    first, second = _words(name), _words(other)
    numbers = [{word for word in words if word.isdigit()} for words in (first, second)]
    if all(numbers) and numbers[0] != numbers[1]:
        return False
    if set(first) <= set(second) or set(second) <= set(first):
        return True
    compared = SequenceMatcher(None, " ".join(first), " ".join(second), autojunk=False)
    return compared.quick_ratio() >= SIMILAR and compared.ratio() >= SIMILAR


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    return tuple(sorted("".join(c if c.isalnum() else " " for c in plain).split()))
