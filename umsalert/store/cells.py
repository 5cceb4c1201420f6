"""Which messages of an alert meet in one cell of the telephone network."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from operator import itemgetter

from umsalert.model import CellPace, ChannelKind, Kinds, Load
from umsalert.store.database import queries
from umsalert.store.spatialite import Connection

_BITS = {kind: 1 << i for i, kind in enumerate(ChannelKind)}
_OTHERS = len(_BITS)
"""By how many bits the pattern of the other contacts is shifted."""


def fill_dense(connection: Connection, alert_id: int, pace: CellPace) -> None:
    """Fill `temp.dense` with the people of `temp.person` whose cell gets more than its burst.

    The cells themselves become the alert's. Nobody is in it where nothing is paced.
    """
    sql = queries("cells")
    connection.execute(sql["clear_dense"])
    connection.execute(sql["create_dense"])
    if not _crowded(connection, pace.burst):
        return
    values = {"alert_id": alert_id, "burst": pace.burst}
    connection.execute(sql["clear_place"])
    connection.execute(sql["place"])
    connection.execute(sql["dense_cells"], values)
    connection.execute(sql["dense"], values)


def loads(connection: Connection, burst: int) -> tuple[Load, tuple[Load, ...]]:
    """Return what `temp.person` means for no dense cell, and for each cell above `burst`."""
    crowded = _crowded(connection, burst)
    rows = connection.execute(queries("cells")["loads"], {"crowded": crowded})
    dense: list[Load] = []
    sparse = _Sum()
    for _place, group in groupby(rows, key=itemgetter(0)):
        cell = _Sum()
        for row in group:
            cell.add(row)
        if crowded and cell.sms + cell.voice > burst:
            dense.append(cell.load())
        else:
            sparse.merge(cell)
    return sparse.load(), tuple(dense)


class _Sum:
    """Messages and sites that are counted together."""

    __slots__ = ("email", "sites", "sms", "voice")

    def __init__(self) -> None:
        self.sms = self.voice = self.email = 0
        self.sites: dict[int, int] = {}  # by pattern

    def add(self, row: Connection) -> None:
        _place, pattern, sites, sms, voice, email = row
        self.sms += sms
        self.voice += voice
        self.email += email
        self.sites[pattern] = self.sites.get(pattern, 0) + sites

    def merge(self, other: _Sum) -> None:
        self.sms += other.sms
        self.voice += other.voice
        self.email += other.email
        for pattern, n in other.sites.items():
            self.sites[pattern] = self.sites.get(pattern, 0) + n

    def load(self) -> Load:
        messages = {
            ChannelKind.SMS: self.sms,
            ChannelKind.VOICE: self.voice,
            ChannelKind.EMAIL: self.email,
        }
        return Load(messages, {_kinds(pattern): n for pattern, n in self.sites.items()})


def _crowded(connection: Connection, burst: int) -> bool:
    """Say whether any cell could get more than its burst."""
    return 0 < burst < int(connection.execute(queries("cells")["telephones"]).fetchone()["n"])


@cache
def _kinds(pattern: int) -> tuple[Kinds, Kinds]:
    first = frozenset(kind for kind, bit in _BITS.items() if pattern & bit)
    others = frozenset(kind for kind, bit in _BITS.items() if pattern >> _OTHERS & bit)
    return first, others
