"""A file in memory, read as the import reads it, without a register behind it."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from umsalert.errors import Problem
from umsalert.model import NewContact, NewSite
from umsalert.ports import SiteDefaults
from umsalert.register import ContactMaker, Locating, Manner, Reading, SiteMaker
from umsalert.register.sources import Options, UnreadableError, open_source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """All of a file."""

    rows: tuple[T, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Held:
    """A register that holds these sites, by ref, and nobody."""

    site_defaults: Mapping[str, SiteDefaults]

    def defaults(self, site_refs: Collection[str]) -> Mapping[str, SiteDefaults]:
        return {ref: self.site_defaults[ref] for ref in site_refs if ref in self.site_defaults}

    def sites(self, _refs: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        return {}

    def contacts(
        self, _keys: Collection[tuple[str, ...]]
    ) -> Mapping[tuple[str, ...], Mapping[str, str]]:
        return {}


def read_sites(
    data: bytes,
    manner: Manner | None = None,
    options: Options | None = None,
    locating: Locating | None = None,
) -> Found[NewSite]:
    """Return the sites of a file."""
    return _read(data, SiteMaker(Held({}), locating), manner, options)


def read_contacts(
    data: bytes, sites: Mapping[str, SiteDefaults], manner: Manner | None = None
) -> Found[NewContact]:
    """Return the contacts of a file, given what they take from their sites."""
    return _read(data, ContactMaker(Held(sites)), manner, Options(points=False))


def _read(data: bytes, maker: Any, manner: Manner | None, options: Options | None) -> Found[Any]:
    try:
        source = open_source(io.BytesIO(data), options or Options())
        batches = list(Reading(source, maker, manner or Manner()).batches())
    except UnreadableError as error:
        return Found((), (error.problem,), (), 0)
    return Found(
        tuple(item for batch in batches for _line, item in batch.items),
        tuple(problem for batch in batches for problem in batch.problems),
        tuple(warning for batch in batches for warning in batch.warnings),
        sum(batch.total for batch in batches),
    )
