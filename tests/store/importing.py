"""Files into a real register, and all that the register holds."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests import support
from umsalert.errors import Problem
from umsalert.model import ContactStatus, SiteStatus
from umsalert.ports import Comparison, Difference, Order
from umsalert.register import ContactMaker, Manner, Reading, SiteMaker
from umsalert.register.sources import Options, open_source
from umsalert.store.spatialite import connect, load_extension
from umsalert.store.store import Store

Noun = Literal["site", "contact"]

_TABLES = ("site", "contact", "status_change", "audit", "idx_site_geom")


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended. `done` None: rows were invalid."""

    done: Comparison | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    differences: tuple[Difference, ...]

    @property
    def codes(self) -> list[tuple[int | None, str]]:
        return [(problem.row, problem.code) for problem in self.problems]

    @property
    def doubts(self) -> list[tuple[int | None, str]]:
        return [(problem.row, problem.code) for problem in self.warnings]


def reading(noun: Noun, data: bytes, known: Any) -> Reading[Any]:
    maker: Any = SiteMaker(known) if noun == "site" else ContactMaker(known)
    source = open_source(io.BytesIO(data), Options(points=noun == "site"))
    return Reading(source, maker, Manner())


async def import_text(
    store: Store,
    noun: Noun,
    text: str | bytes,
    *,
    vetted: bool = True,
    prune: Literal["none", "named", "everywhere"] = "none",
) -> Imported:
    """Import a file as the command does: nothing where a row is invalid."""
    data = text if isinstance(text, bytes) else text.encode()
    async with store.imports.open(noun) as staging:
        await staging.fill(lambda known: reading(noun, data, known))
        problems = tuple(await staging.problems())
        warnings = tuple(await staging.problems(warnings=True))
        await staging.compare(prune)
        differences = tuple(await staging.differences())
        done = None
        if not problems:
            new: SiteStatus | ContactStatus
            if noun == "site":
                new = SiteStatus.APPROVED if vetted else SiteStatus.REQUESTED
            else:
                new = ContactStatus.CERTIFIED if vetted else ContactStatus.NAMED
            done = await staging.apply(Order(support.OPERATOR, new, prune))
        return Imported(done, problems, warnings, differences)


def dump(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the register and of its records, and the boxes of the spatial index."""
    with contextlib.closing(connect(database, write=False)) as connection:
        load_extension(connection)
        connection.row_factory = None
        found = {}
        for table in _TABLES:
            found[table] = connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        return found
