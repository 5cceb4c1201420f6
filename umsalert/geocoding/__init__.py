"""The national address base (BAN), by geopy, at a pace, with a memory of what it said."""

from umsalert.geocoding.ban import BanGeocoder
from umsalert.geocoding.cache import Cache, CachedGeocoder
from umsalert.geocoding.pace import Pace

__all__ = ["BanGeocoder", "Cache", "CachedGeocoder", "Pace"]
