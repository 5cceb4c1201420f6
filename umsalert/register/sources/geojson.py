"""GeoJSON (RFC 7946): a FeatureCollection of Points, read feature by feature."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.register.hints import problem
from umsalert.register.sources.base import Line, UnreadableError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_BOM = b"\xef\xbb\xbf"
_EPSG = re.compile(r"(?:urn:ogc:def:crs:)?EPSG:[0-9.]*:?([0-9]+)", re.IGNORECASE)
_WGS84 = "4326"
_HEADER = 0
"""The number of the header, which the file does not write as a feature."""


class GeoJson:
    """The features of a file. Their properties are the columns.

    A property that some features lack is an empty cell of theirs.
    """

    delimiter = ";"
    warnings: tuple[Problem, ...] = ()

    def __init__(self, stream: BinaryIO, *, points: bool) -> None:
        """Look through the features for their properties. Raises UnreadableError."""
        self._stream = stream
        self._points = points
        crs = self._crs()
        names: dict[str, None] = {}
        count = 0
        for properties in self._items("features.item.properties"):
            count += 1
            names.update(dict.fromkeys(properties))
        if not count:
            raise UnreadableError("not_geojson", _("The file is no GeoJSON with features."))
        self._names = tuple(names)
        self._place: tuple[str, ...] = ()
        self._crs_cells: tuple[str, ...] = ()
        if points:
            self._place = ("lon", "lat") if crs is None else ("x", "y", "crs")
            self._crs_cells = () if crs is None else (f"EPSG:{crs}",)

    def lines(self) -> Iterator[Line]:
        """Yield the names, then each feature."""
        yield Line(_HEADER, (*self._names, *self._place))
        for number, feature in enumerate(self._items("features.item"), start=1):
            properties = _properties(feature)
            cells = [_text(properties.get(name)) for name in self._names]
            if self._points:
                pair = _point(feature)
                if pair is None:
                    message = _("The feature's geometry is not a Point.")
                    found = problem("geometry_invalid", message, row=number)
                    yield Line(number, (), found, json.dumps(properties, default=str))
                    continue
                cells += (*pair, *self._crs_cells)
            yield Line(number, cells)

    def _crs(self) -> str | None:
        """Return the EPSG code of an old file that names another system than WGS 84."""
        import ijson

        try:
            for prefix, event, value in ijson.parse(self._reader()):
                if prefix == "crs.properties.name" and event == "string":
                    found = _EPSG.fullmatch(value)
                    return found[1] if found and found[1] != _WGS84 else None
                if (prefix, event) == ("features", "start_array"):
                    break
        except (ijson.JSONError, ValueError, ArithmeticError):
            pass  # said when the features are read
        return None

    def _items(self, where: str) -> Iterator[Mapping[str, Any]]:
        """Yield the objects at a place of the document; what else is there as an empty one."""
        import ijson

        number = 0
        try:
            for item in ijson.items(self._reader(), where, use_float=True):
                number += 1
                yield item if isinstance(item, dict) else {}
        except (ijson.JSONError, ValueError, ArithmeticError):
            raise UnreadableError(
                "json_invalid",
                _("The JSON is cut off or misspelt after feature {n}.").format(n=number),
            ) from None

    def _reader(self) -> BinaryIO:
        self._stream.seek(0)
        if self._stream.read(len(_BOM)) != _BOM:
            self._stream.seek(0)
        return io.BufferedReader(_Unclosed(self._stream))


class _Unclosed(io.RawIOBase):
    """A stream that stays open when its reader is collected."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        with memoryview(buffer) as view:
            data = self._stream.read(len(view))
            view[: len(data)] = data
        return len(data)


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _point(feature: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return longitude and latitude; blanks where the place is left open."""
    geometry = feature.get("geometry")
    if geometry is None:
        return "", ""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    pair = geometry.get("coordinates")
    if not isinstance(pair, list) or len(pair) not in (2, 3):
        return None
    return _text(pair[0]), _text(pair[1])


def _text(value: object) -> str:
    if type(value) is str:
        return value
    if type(value) is float:
        return repr(value)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
