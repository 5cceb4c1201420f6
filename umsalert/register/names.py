"""What offices call our columns, in French and English."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence, Set
from functools import cache, lru_cache

WITHIN = 10
"""Lines in which the header is: some offices write a title above the names of the columns."""

# Accents, case, blanks, hyphens and a plural s do not count: `normal` takes them away.
SITE_NAMES = {
    "ref": ("référence", "réf site", "référence du site", "code site", "identifiant", "id"),
    "name": ("nom", "nom du site", "site", "dénomination", "libellé", "enseigne"),
    "lat": ("latitude", "latitude wgs84", "lat wgs84"),
    "lon": ("longitude", "longitude wgs84", "lng", "long", "lon wgs84"),
    "x": ("coordonnée x", "x lambert 93", "lambert x", "easting"),
    "y": ("coordonnée y", "y lambert 93", "lambert y", "northing"),
    "crs": ("epsg", "projection", "système de coordonnées", "srid"),
    "kind": ("type", "type de site", "catégorie", "nature", "category"),
    "address": ("adresse", "rue", "voie", "adresse postale", "street"),
    "postcode": ("code postal", "cp", "postal code", "zip"),
    "commune": ("ville", "localité", "town", "city"),
    "agents": ("nombre d'agents", "nb agents", "effectif", "guards", "number of agents"),
    "hours": ("horaires", "heures", "heures de présence", "horaires de présence", "opening hours"),
    "time_zone": ("fuseau", "fuseau horaire", "timezone"),
    "leader": ("responsable", "encadrant", "chef de poste", "responsable sur place"),
    "lockdown_procedure": ("procédure de confinement", "confinement", "procédure confinement"),
    "convention_ref": ("convention", "référence de la convention", "n° de convention"),
    "client": ("donneur d'ordre", "donneur d'ordres", "customer"),
    "company": ("société", "entreprise", "société de sécurité", "entreprise de sécurité"),
    "company_authorisation": (
        "autorisation", "n° d'autorisation", "numéro d'autorisation", "autorisation cnaps",
        "company authorization",
    ),
}  # fmt: skip
CONTACT_NAMES = {
    "site_ref": ("site", "réf site", "référence du site", "code site", "référence site",
                 "site id"),
    "name": ("nom", "nom et prénom", "nom prénom", "prénom nom", "nom complet", "full name",
             "contact", "agent"),
    "ref": ("référence", "référence du contact", "réf contact", "identifiant", "id", "matricule"),
    "role": ("rôle", "fonction", "poste", "qualité", "function"),
    "phone": ("téléphone", "tél", "tel", "portable", "mobile", "numéro de téléphone",
              "n° de téléphone", "téléphone portable", "telephone", "phone number", "gsm"),
    "email": ("e-mail", "mail", "courriel", "adresse mail", "adresse e-mail",
              "adresse électronique", "mél", "email address"),
    "card": ("carte", "carte professionnelle", "carte pro", "n° de carte", "numéro de carte",
             "carte cnaps", "n° carte professionnelle", "professional card", "card number"),
    "language": ("langue", "lang"),
    "named_by": ("désigné par", "nommé par", "proposé par"),
    "channels": ("canaux", "canal", "moyens", "moyens d'alerte"),
    "hours": ("horaires", "heures", "heures de présence", "horaires de présence", "opening hours"),
    "fallback": ("suppléant", "recours", "contact de secours", "fallback contact"),
}  # fmt: skip
"""Other names of each column; its own is always one."""


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a name without accents, case, marks and a plural s: `Téléphones` -> telephone."""
    letters = unicodedata.normalize("NFKD", name.replace("°", " ").replace("º", " ")).casefold()
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


@lru_cache(maxsize=4096)
def is_known(name: str) -> bool:
    """Say whether any list of ours has a column of this name."""
    found = normal(name)
    return any(found in lookup(contacts=contacts) for contacts in (False, True))


def known(cells: Sequence[str], others: Set[str] = frozenset()) -> int:
    """Return how many cells are names of columns of ours, or `others`, which are `normal`."""
    return sum(normal(cell) in others or is_known(cell) for cell in cells)


def place(lines: Sequence[Sequence[str]], others: Set[str] = frozenset()) -> int:
    """Return which of the first lines, of which there is one at least, is the header.

    One name alone may be a title: `Contacts`.
    """
    found = [known(line, others) for line in lines]
    return 0 if found[0] > 1 else found.index(max(found))


@cache
def lookup(*, contacts: bool) -> dict[str, str]:
    """Return our column by each name, without accents and the like."""
    names = CONTACT_NAMES if contacts else SITE_NAMES
    found: dict[str, str] = {}
    for column, others in names.items():
        for name in (column, *others):
            found[normal(name)] = column
    return found
