"""Whole files into the register: staged, compared, then written in one piece."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar

from umsalert.errors import Problem
from umsalert.model import ContactStatus, Operator, SiteStatus

T = TypeVar("T")

Noun = Literal["site", "contact"]


@dataclass(frozen=True, slots=True)
class SiteDefaults:
    """What a contact takes from its site.

    The ISO 3166 `region` says what a number without + means, days end in `time_zone`, and who
    named the contact is the `client`, where nothing else is said.
    """

    region: str
    time_zone: str = "Europe/Paris"
    client: str | None = None


class KnownRows(Protocol):
    """What the register holds, asked a batch at a time in the thread that reads a file."""

    def defaults(self, site_refs: Collection[str]) -> Mapping[str, SiteDefaults]:
        """Return what contacts take from each site that there is, by ref."""

    def sites(self, refs: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """Return `ref`, `name`, `lat`, `lon`, `address`, `postcode` and `commune` of each site.

        Of those that there are, as a file has them.
        """

    def contacts(
        self, keys: Collection[tuple[str, ...]]
    ) -> Mapping[tuple[str, ...], Mapping[str, str]]:
        """Return `site_ref`, `name`, `phone` and `email` of each contact, as a file has them.

        A key is (ref, site ref, name); by the last two where the ref is empty.
        """


@dataclass(slots=True)
class Batch(Generic[T]):
    """Some rows in the order of the file.

    Attributes:
        items: the valid ones with their lines.
        problems: what is wrong with the others.
        warnings: what is doubtful and was taken all the same.
        total: rows read, valid or not.
    """

    items: list[tuple[int, T]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    total: int = 0


class Rows(Protocol[T]):
    """A file that is being read. `columns` are those of ours that it has."""

    @property
    def columns(self) -> Sequence[str]:
        """Return them in the order of the file."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return what the file calls each column."""

    def batches(self) -> Iterator[Batch[T]]:
        """Yield checked rows."""


class Step(StrEnum):
    """What an import is busy with."""

    READING = "reading"
    WRITING = "writing"


Progress = Callable[[Step, int], None]
"""Told of how many rows are read, or written; called in a thread of the database."""


Judge = Callable[[Iterable[tuple[int, Any]]], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to do with the staged rows.

    Attributes:
        by: who does it.
        status: what new rows become; that of the others stays.
        prune: close what the file does not name: `named`: contacts only of the sites that it names.
        judge: asked with the new rows and the line of each, in the transaction: raises what their
            vetting lacks.
    """

    by: Operator
    status: SiteStatus | ContactStatus
    prune: Literal["none", "named", "everywhere"] = "none"
    judge: Judge | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The staged rows beside the register.

    `leaving` would be closed of the `standing` that are open now and could be.
    """

    total: int
    valid: int
    added: int
    changed: int
    unchanged: int
    leaving: int
    standing: int

    @property
    def invalid(self) -> int:
        """How many rows are left out."""
        return self.total - self.valid


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that the register would get, change or close. `fields`: name, old, new."""

    kind: Literal["added", "changed", "closed"]
    ref: str
    line: int | None = None
    fields: tuple[tuple[str, object, object], ...] = ()


def status_of_new(noun: Noun, *, vetted: bool) -> SiteStatus | ContactStatus:
    """Return what a new row becomes: where it is vetted at once, and where it waits."""
    if noun == "site":
        return SiteStatus.APPROVED if vetted else SiteStatus.REQUESTED
    return ContactStatus.CERTIFIED if vetted else ContactStatus.NAMED


class Staging(Protocol):
    """The rows of one file, beside the register; gone when it is closed."""

    async def fill(
        self, read: Callable[[KnownRows], Rows[object]], progress: Progress | None = None
    ) -> None:
        """Take in what `read` finds, and check it as a whole. Raises what reading raises."""

    async def problems(self, *, warnings: bool = False, most: int = -1) -> Sequence[Problem]:
        """Return what is wrong, or doubtful, in the order of the file; at most so many."""

    async def rejected(self) -> Mapping[int, Sequence[Problem]]:
        """Return the problems of each line that is left out."""

    async def compare(self, prune: Literal["none", "named", "everywhere"]) -> Comparison:
        """Return what writing would do."""

    async def differences(self, most: int = -1) -> Sequence[Difference]:
        """Return what writing would do row by row, as compared last; at most so many."""

    async def rehearse(self, order: Order) -> None:
        """Raise what `apply` would raise, and write nothing."""

    async def apply(self, order: Order, progress: Progress | None = None) -> Comparison:
        """Write everything in one transaction; return what was done.

        Raises RefusedByRule, nothing being changed, when the register has changed since it was
        compared so that something else would be done.
        """


class Imports(Protocol):
    """Opens a staging; use it as `async with`."""

    def open(self, noun: Noun) -> object:
        """Return an asynchronous context manager of a `Staging`."""
