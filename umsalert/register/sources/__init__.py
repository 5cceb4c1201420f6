"""Files as offices make them, to lines of text cells: CSV, XLSX and GeoJSON, told by content."""

from __future__ import annotations

from umsalert.register.sources.base import Line, Options, Source, UnreadableError
from umsalert.register.sources.opening import check_options, open_source

__all__ = ["Line", "Options", "Source", "UnreadableError", "check_options", "open_source"]
