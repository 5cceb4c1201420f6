"""Each due time of a bulletin is run or skipped, once, however run-due is called and killed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workbench import CENTRE, OPERATOR, FixedClock, fill_register, take
from umsalert import resources
from umsalert.bulletins import House, Runner, new_bulletin
from umsalert.errors import ConfigurationError, ExitCode, RefusedByRule, UsageError
from umsalert.messages import templates
from umsalert.model import (
    CALM_PRIORITY,
    Bulletin,
    ChannelKind,
    ContactStatus,
    NewSite,
    Operator,
    Role,
    RunState,
    UnknownPolicy,
    VigipirateLevel,
)
from umsalert.ports import Pace
from umsalert.selection import Limits, Planner, Prices, Request, Station
from umsalert.settings import RetentionSettings
from umsalert.store.instants import to_text
from umsalert.store.spatialite import connect, sqlite
from umsalert.store.store import Store
from umsalert.timetables import Customs, Quiet, Timetable

PARIS = "Europe/Paris"
HOUR = timedelta(hours=1)
NO_QUIET = Customs(2 * HOUR, Quiet(), 0)
MONDAY = datetime(2027, 3, 22, 7, 0, tzinfo=UTC)
"""08:00 in Paris, some days before clocks change."""
NO_LIMITS = Limits()
FAST = Pace(rate_per_s=1000, burst=1000)
TEMPLATES = (resources.folder("templates"),)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Desk:
    """A database with a clock, and what can be done at it."""

    store: Store
    clock: FixedClock
    customs: Customs = NO_QUIET
    limits: Limits = NO_LIMITS
    unready: bool = False
    folders: Sequence[Path] = TEMPLATES

    @property
    def planner(self) -> Planner:
        paces = dict.fromkeys(ChannelKind, FAST)
        station = Station("Nice", "04 65 71 00 17", paces, Prices(0, 0, 0), limits=self.limits)
        return Planner(self.store.alerts, self.clock, station)

    def house(self) -> House:
        return House(
            book=self.store.bulletins,
            alerts=self.store.alerts,
            operators=self.store.operators,
            planner=self.planner,
            clock=self.clock,
            template=lambda name: templates.load(name, self.folders),
            ready=self._ready,
            customs=self.customs,
            by=Operator("cron", "Nice"),
        )

    def runner(self) -> Runner:
        return Runner(self.house())

    def request(self, **changes: Any) -> Request:
        template = templates.load("vigilance", TEMPLATES)
        values = {"message": "Signalez tout colis."}
        asked = Request(CENTRE, template, values, OPERATOR, channels=(ChannelKind.SMS,))
        return replace(asked, **changes)

    async def add(
        self,
        timetable: Timetable | None = None,
        spread_s: float | None = None,
        approved_by: str = "",
        **changes: Any,
    ) -> Bulletin:
        plan = await self.planner.plan(self.request(**changes))
        weekly = Timetable(PARIS, self.clock.now(), "0 8 * * 1")
        new = new_bulletin(plan, timetable or weekly, spread_s, approved_by)
        return await self.store.bulletins.add(new)

    async def states(self, bulletin: Bulletin) -> list[tuple[str, str]]:
        runs = await self.store.bulletins.runs(bulletin.id, 1000)
        return [(run.state.value, run.code) for run in runs]

    def _ready(self, _kinds: object) -> None:
        if self.unready:
            raise ConfigurationError("setting_missing", "no provider is set up")


@pytest.fixture
async def desk(store: Store, clock: FixedClock) -> Desk:
    clock.at = MONDAY - HOUR
    await fill_register(store, 3)
    return Desk(store, clock)


async def test_a_due_time_becomes_an_alert_behind_all_others(desk: Desk) -> None:
    """An ordinary alert of the officer who planned it; nobody waits for it, nothing is doubled."""
    bulletin = await desk.add()
    assert not await desk.store.bulletins.anything(desk.clock.now())
    assert (await desk.runner().begin()).started == []
    desk.clock.at = MONDAY
    assert await desk.store.bulletins.anything(MONDAY)
    found = await desk.runner().begin()
    (started,) = found.started
    assert found.told == []
    alert = started.alert
    assert (alert.priority, alert.unknown_policy) == (CALM_PRIORITY, UnknownPolicy.HOLD)
    assert (alert.operator, alert.incident_at) == (str(OPERATOR), MONDAY)
    assert (await desk.store.outbox.counts(alert.id)) == {ChannelKind.SMS: {"queued": 3}}
    again = await desk.runner().begin()
    assert [item.alert.ref for item in again.started] == [alert.ref]  # nobody sends it yet
    await desk.runner().end(started, "")
    assert (await desk.runner().begin()).started == []
    after = await desk.store.bulletins.bulletin(bulletin.ref)
    assert after.next_due == MONDAY + timedelta(days=7) - HOUR  # clocks have gone forward
    assert await desk.states(bulletin) == [("ended", "")]


async def test_recipients_are_those_of_the_moment(desk: Desk) -> None:
    """Who is vetted after the bulletin was planned gets it; who is not any more does not."""
    await desk.add()
    await desk.store.register.add_sites(
        [NewSite("NEW", "New", 43.7, 7.27, "FR", PARIS)], OPERATOR, approve=True
    )
    await desk.store.register.set_contact_status(
        ["S1-c1"], ContactStatus.REVOKED, OPERATOR, reason="left"
    )
    desk.clock.at = MONDAY
    (started,) = (await desk.runner().begin()).started
    assert (await desk.store.outbox.counts(started.alert.id)) == {ChannelKind.SMS: {"queued": 2}}


@pytest.mark.parametrize("point", ["settle", "plan", "record", "link", "end"])
async def test_whoever_comes_after_a_crash_goes_on(desk: Desk, point: str) -> None:
    """Wherever the process is killed, there is one run and one alert in the end."""
    bulletin = await desk.add()
    desk.clock.at = MONDAY
    with pytest.raises(Killed), killed_at(desk, point):
        await run_through(desk)
    found = await desk.runner().begin()
    (started,) = found.started
    await desk.runner().end(started, "")
    assert await desk.states(bulletin) == [("ended", "")]
    assert len(await desk.store.alerts.alerts(limit=9)) == 1
    assert not await desk.store.bulletins.anything(desk.clock.now())


async def run_through(desk: Desk) -> None:
    """Begin what is due, and end it."""
    for started in (await desk.runner().begin()).started:
        await desk.runner().end(started, "")


@contextlib.contextmanager
def killed_at(desk: Desk, point: str) -> Iterator[None]:
    """Let the process die right before, or right after, something is written."""

    async def before(*_arguments: Any) -> Any:
        raise Killed

    alerts, book = desk.store.alerts, desk.store.bulletins
    create = alerts.create

    async def after(*arguments: Any) -> Any:
        await create(*arguments)
        raise Killed

    places: dict[str, tuple[object, str, Any]] = {
        "settle": (book, "settle", before),
        "plan": (alerts, "create", before),
        "record": (alerts, "create", after),
        "link": (book, "link", before),
        "end": (book, "end", before),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*places[point])
        yield


CRONS = ("0 8 * * *", "30 2 * * *", "0 * * * *", "15 6,12,23 * * 1-5", "59 1 * * 0")
ZONES = (PARIS, "America/Miquelon", "America/Cayenne", "Pacific/Noumea", "Indian/Reunion")


@dataclass(frozen=True)
class Play:
    """A bulletin, and the calls of run-due: after how many minutes, and where they are killed."""

    timetable: Timetable
    customs: Customs
    steps: Sequence[tuple[int, str | None]]


PLAYS = st.builds(
    Play,
    st.builds(
        Timetable, st.sampled_from(ZONES), st.just(MONDAY), st.sampled_from(CRONS), st.just(None)
    ),
    st.builds(
        Customs,
        st.integers(1, 600).map(lambda minutes: timedelta(minutes=minutes)),
        st.sampled_from([Quiet(), Quiet(time(22), time(7)), Quiet(time(12), time(14))]),
        st.just(0),
    ),
    st.lists(
        st.tuples(
            st.integers(1, 90) | st.integers(1, 3000) | st.integers(-2000, -1),
            st.sampled_from([None, "settle", "plan", "record", "link"]),
        ),
        min_size=1,
        max_size=8,
    ),
)


@settings(
    max_examples=15 if settings().max_examples <= 100 else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(PLAYS)
def test_each_due_time_once(empty_database: Path, tmp_path: Path, played: Play) -> None:
    """Whatever the clock does between the calls, and wherever they are killed.

    Each due time is in one row, or still to come. Where the clock only goes forward, one is run
    if somebody called in time, not in the quiet, before the next one; and is skipped if nobody did.
    """
    path = Path(shutil.copy2(empty_database, tmp_path / "played.db"))
    calls = asyncio.run(play(path, played))
    with contextlib.closing(sqlite().connect(path)) as connection:
        rows = connection.execute(
            "SELECT due_at, last_due_at, dues, alert_id FROM bulletin_run ORDER BY due_at"
        ).fetchall()
        (until,) = connection.execute("SELECT next_due FROM bulletin").fetchone()
        (alerts,) = connection.execute("SELECT count(*) FROM alert").fetchone()
    path.unlink()
    run = {row[0] for row in rows if row[3] is not None}
    assert alerts == len(run)
    after = played.timetable.after()
    dues = list(takewhile(lambda due: to_text(due) < until, after))
    for due in dues:
        assert sum(row[0] <= to_text(due) <= row[1] for row in rows) == 1
    assert sum(row[2] for row in rows) == len(dues)
    if calls != sorted(calls):
        return
    rules = played.customs.rules(played.timetable.time_zone)
    for due, later in zip_longest(dues, dues[1:]):
        begin = rules.starts(due)
        in_time = [
            at
            for at in calls
            if begin <= at <= begin + played.customs.grace
            and rules.starts(at) == at
            and (later is None or rules.starts(later) > at)
        ]
        assert (to_text(due) in run) == bool(in_time), (due, in_time)


async def play(path: Path, played: Play) -> list[datetime]:
    """Plan a bulletin and call run-due again and again; return when."""
    clock = FixedClock(MONDAY - timedelta(minutes=1))
    calls = []
    async with Store(path, clock) as store:
        desk = Desk(store, clock, played.customs)
        await fill_register(store, 1)
        await desk.add(played.timetable)
        for minutes, point in played.steps:
            clock.at += timedelta(minutes=minutes)
            calls.append(clock.at)
            if point is not None:
                with contextlib.suppress(Killed), killed_at(desk, point):
                    await desk.runner().begin()
            await run_through(desk)
    return calls


async def test_a_late_run_is_skipped_and_said(desk: Desk) -> None:
    """Past the grace nothing leaves; the record and whoever calls are told."""
    bulletin = await desk.add(Timetable(PARIS, MONDAY, "0 8 * * *"))
    desk.clock.at = MONDAY + timedelta(days=2, hours=-21)
    (told,) = (await desk.runner().begin()).told
    assert (told.code, told.exit_code, told.dues) == ("late", ExitCode.REFUSED, 2)
    desk.clock.at = MONDAY + timedelta(days=4, hours=3)
    (told,) = (await desk.runner().begin()).told
    assert (told.code, told.dues) == ("late", 3)
    assert await desk.states(bulletin) == [("skipped", "late")] * 2


async def test_what_quiet_hours_would_make_late_says_how_late(desk: Desk) -> None:
    """Seen in the quiet that began after it: skipped now, by how late it would be at its end."""
    desk.customs = Customs(2 * HOUR, Quiet(time(8, 30), time(13)), 0)
    await desk.add()
    desk.clock.at = MONDAY + HOUR
    (told,) = (await desk.runner().begin()).told
    assert told.code == "late"
    assert "at the end of quiet hours it would be 5 h 00 min late" in told.message


async def test_what_cannot_be_sent_yet_is_tried_until_it_is_late(desk: Desk) -> None:
    """A provider that is not set up stops nothing for good; nothing is recorded before it is."""
    bulletin = await desk.add()
    desk.clock.at, desk.unready = MONDAY, True
    for _time in range(2):
        (told,) = (await desk.runner().begin()).told
        assert (told.code, told.exit_code) == ("setting_missing", ExitCode.INVALID)
    assert await desk.store.alerts.alerts(limit=1) == ()
    desk.unready = False
    desk.clock.at = MONDAY + HOUR
    assert len((await desk.runner().begin()).started) == 1
    desk.clock.at = MONDAY + timedelta(days=7) - HOUR
    desk.unready = True
    await desk.runner().begin()
    desk.clock.at += 3 * HOUR
    assert [told.code for told in (await desk.runner().begin()).told] == ["late"]
    assert await desk.states(bulletin) == [("skipped", "late"), ("begun", "")]


async def test_who_may_not_alert_any_more_sends_no_bulletin(desk: Desk) -> None:
    """A bulletin is its officer's; without the role it is skipped, and the record says why."""
    bulletin = await desk.add()
    boss = Operator("boss", "Nice")
    await desk.store.operators.add("boss", [Role.ADMINISTRATOR, Role.OFFICER], boss)
    desk.clock.at = MONDAY
    (told,) = (await desk.runner().begin()).told
    assert (told.code, told.exit_code) == ("planner_without_role", ExitCode.REFUSED)
    assert await desk.states(bulletin) == [("skipped", "planner_without_role")]


async def test_a_limit_holds_for_each_run_unless_a_second_person_has_approved(desk: Desk) -> None:
    """A bulletin that has grown above a limit is skipped; one that was approved leaves."""
    small = await desk.add()
    large = await desk.add(approved_by="bruno@Nice")
    desk.limits = Limits(recipients=2)
    desk.clock.at = MONDAY
    found = await desk.runner().begin()
    assert [(told.bulletin.ref, told.code) for told in found.told] == [
        (small.ref, "needs_second_person")
    ]
    (started,) = found.started
    assert (started.bulletin.ref, started.alert.approved_by) == (large.ref, "bruno@Nice")


async def test_a_drill_stays_a_drill(desk: Desk) -> None:
    """The alert of a planned exercise is one, and the database lets it be no other."""
    await desk.add(exercise=True)
    desk.clock.at = MONDAY
    (started,) = (await desk.runner().begin()).started
    assert started.alert.exercise
    (text,) = await desk.store.record.texts(started.alert.id)
    assert text.body.startswith("EXERCICE")
    with contextlib.closing(connect(desk.store.path, write=True)) as connection:
        with pytest.raises(sqlite().IntegrityError, match="bulletin_fixed"):
            connection.execute("UPDATE bulletin SET exercise = 0")
        with pytest.raises(sqlite().IntegrityError, match="bulletin_moves_forward"):
            connection.execute("UPDATE bulletin SET next_due = '2027-01-01T00:00:00.000Z'")
        with pytest.raises(sqlite().IntegrityError, match="bulletin_run_once"):
            connection.execute(
                "INSERT INTO bulletin_run (bulletin_id, due_at, last_due_at, dues, state, begun_at)"
                " SELECT bulletin_id, '2027-01-01T00:00:00.000Z', due_at, 1, 'begun', due_at"
                " FROM bulletin_run"
            )


async def test_removed_is_not_due_any_more(desk: Desk) -> None:
    """Nothing of it is sent, not even what was begun and has no alert; removing twice is said."""
    bulletin = await desk.add()
    once = await desk.add(Timetable(PARIS, MONDAY))
    desk.clock.at, desk.unready = MONDAY, True
    await desk.runner().begin()
    for item in (bulletin, once):
        await desk.store.bulletins.remove(item.id, OPERATOR)
    desk.unready = False
    found = await desk.runner().begin()
    assert ([told.code for told in found.told], found.started) == (["bulletin_removed"] * 2, [])
    with pytest.raises(RefusedByRule, match="already"):
        await desk.store.bulletins.remove(bulletin.id, OPERATOR)
    assert await desk.store.bulletins.bulletins() == ()
    assert len(await desk.store.bulletins.bulletins(over=True)) == 2


async def test_texts_say_the_level_of_the_moment(desk: Desk) -> None:
    """Vigipirate is said as it stands when a bulletin leaves, by whoever has said it last."""
    await desk.add()
    await desk.store.bulletins.set_vigipirate(VigipirateLevel.REINFORCED, MONDAY, OPERATOR)
    await desk.store.bulletins.set_vigipirate(VigipirateLevel.EMERGENCY, MONDAY, OPERATOR)
    desk.clock.at = MONDAY
    (started,) = (await desk.runner().begin()).started
    (text,) = await desk.store.record.texts(started.alert.id)
    assert "Niveau : urgence attentat" in text.body
    level = await desk.store.bulletins.vigipirate()
    assert level is not None
    assert (level.since, level.by) == (MONDAY, str(OPERATOR))


async def test_messages_leave_over_the_windows(desk: Desk) -> None:
    """Half of the time, half of the messages; in quiet hours none; at the end all."""
    desk.customs = Customs(2 * HOUR, Quiet(time(9), time(10)), 0)
    await desk.add(spread_s=2 * 3600)
    desk.clock.at = MONDAY
    (started,) = (await desk.runner().begin()).started
    sender = await desk.store.outbox.open_sender(started.alert.id, OPERATOR)

    async def leaves() -> int:
        claim = await take(desk.store, sender, ChannelKind.SMS, FAST, limit=100)
        return len(claim.outgoing)

    assert await leaves() == 1  # the first at once
    desk.clock.at = MONDAY + timedelta(minutes=39)
    assert await leaves() == 0
    desk.clock.at = MONDAY + timedelta(minutes=41)
    assert await leaves() == 1
    desk.clock.at = MONDAY + timedelta(minutes=90)  # it is quiet, and half of the time has passed
    assert await leaves() == 0
    desk.clock.at = MONDAY + timedelta(minutes=139)
    assert await leaves() == 0
    desk.clock.at = MONDAY + timedelta(minutes=141)
    assert await leaves() == 1
    claim = await take(desk.store, sender, ChannelKind.SMS, FAST, limit=100)
    assert claim.wait_s is None  # nothing is left


async def test_a_bulletin_that_would_not_be_over_in_time_is_refused(desk: Desk) -> None:
    """The words of `vigilance` hold for a day: a spread of a day is told when it is due."""
    bulletin = await desk.add(spread_s=86_400)
    desk.clock.at = MONDAY
    (told,) = (await desk.runner().begin()).told
    assert (told.code, told.exit_code) == ("spread_too_long", ExitCode.INVALID)
    assert await desk.states(bulletin) == [("begun", "")]  # a setting may yet be changed


async def test_a_rehearsal_changes_nothing(desk: Desk) -> None:
    """It says who would get what, and what would be skipped."""
    bulletin = await desk.add()
    desk.clock.at = MONDAY
    found = await desk.runner().outlook()
    (intended,) = found.plans
    assert (intended.plan.selection.contacts, found.told) == (3, [])
    desk.clock.at = MONDAY + 3 * HOUR
    found = await desk.runner().outlook()
    assert (found.plans, [told.code for told in found.told]) == ([], ["late"])
    assert await desk.states(bulletin) == []


async def test_a_rehearsal_knows_what_was_begun_and_what_is_not_ready(desk: Desk) -> None:
    """A provider that is missing is told before it is due; what waits for it or is sent, too."""
    await desk.add()
    desk.clock.at, desk.unready = MONDAY, True
    for _time in ("due", "begun"):
        (told,) = (await desk.runner().outlook()).told
        assert (told.code, told.tried_until) == ("setting_missing", MONDAY + 2 * HOUR)
        await desk.runner().begin()
    desk.unready = False
    assert len((await desk.runner().outlook()).plans) == 1
    (started,) = (await desk.runner().begin()).started
    ((_bulletin, run),) = (await desk.runner().outlook()).under_way
    assert run.alert_ref == started.alert.ref


async def test_a_rehearsal_in_quiet_hours_says_when_it_leaves(desk: Desk) -> None:
    """Due at 08:00, quiet until 09:00: it waits, and is told to."""
    desk.customs = Customs(2 * HOUR, Quiet(time(7, 30), time(9)), 0)
    await desk.add()
    desk.clock.at = MONDAY
    (waiting,) = (await desk.runner().outlook()).waiting
    assert (waiting.due_at, waiting.starts_at) == (MONDAY, MONDAY + HOUR)
    assert (await desk.runner().begin()).started == []


@pytest.mark.parametrize("fault", ["missing", "broken", "other variables"])
async def test_a_template_that_is_wrong_when_due_may_be_put_right_in_time(
    desk: Desk, tmp_path: Path, fault: str
) -> None:
    """It is said each time, with an exit code, and the bulletin leaves once it is back."""
    bulletin = await desk.add()
    folder = tmp_path / "vigilance"
    if fault != "missing":
        shutil.copytree(TEMPLATES[0] / "vigilance", folder)
        text = (folder / "template.toml").read_text("utf-8")
        other = {
            "broken": "",
            "other variables": text.replace("[variables.message]", "[variables.words]"),
        }
        (folder / "template.toml").write_text(other[fault], "utf-8")
        for file in folder.glob("*.txt"):
            file.write_text(file.read_text("utf-8").replace(" message ", " words "), "utf-8")
    desk.clock.at, desk.folders = MONDAY, (tmp_path,)
    for _call in range(3):
        desk.clock.at += HOUR / 2
        found = await desk.runner().begin()
        (told,) = found.told
        assert (told.exit_code, told.tried_until) == (ExitCode.INVALID, MONDAY + 2 * HOUR)
        assert found.started == []
        assert await desk.store.bulletins.anything(desk.clock.now())
    desk.folders = TEMPLATES
    assert len((await desk.runner().begin()).started) == 1
    assert [state for state, _code in await desk.states(bulletin)] == ["begun"]


async def test_a_template_that_stays_away_is_given_up_once_it_is_late(
    desk: Desk, tmp_path: Path
) -> None:
    """Only past the grace is it skipped; that is said, with what stood in the way."""
    bulletin = await desk.add()
    desk.clock.at, desk.folders = MONDAY + 2 * HOUR, (tmp_path,)
    (told,) = (await desk.runner().begin()).told
    assert told.code == "unknown_template"
    desk.clock.at += HOUR / 2
    (told,) = (await desk.runner().begin()).told
    assert (told.code, told.exit_code, told.tried_until) == ("late", ExitCode.REFUSED, None)
    assert "There is no template 'vigilance'" in told.message
    assert await desk.states(bulletin) == [("skipped", "late")]
    assert (await desk.runner().begin()).told == []


async def test_of_two_that_had_to_wait_only_the_newer_leaves(desk: Desk) -> None:
    """Nobody needs the same words twice, whatever kept the first of them."""
    bulletin = await desk.add(Timetable(PARIS, MONDAY, "0 * * * *"))
    desk.clock.at, desk.unready = MONDAY, True
    await desk.runner().begin()
    desk.clock.at, desk.unready = MONDAY + HOUR, False
    found = await desk.runner().begin()
    assert [told.code for told in found.told] == ["overtaken"]
    (started,) = found.started
    assert started.run.due_at == MONDAY + HOUR
    assert await desk.states(bulletin) == [("begun", ""), ("skipped", "overtaken")]


async def test_what_quiet_hours_bring_together_is_no_trouble(desk: Desk) -> None:
    """An hourly bulletin: one run after the night, and not a word of those that lay in it."""
    desk.customs = Customs(2 * HOUR, Quiet(time(22), time(7)), 0)
    desk.clock.at = MONDAY - 10 * HOUR
    bulletin = await desk.add(Timetable(PARIS, desk.clock.at, "0 * * * *"))
    desk.clock.at = MONDAY - HOUR
    found = await desk.runner().begin()
    assert (len(found.started), found.told) == (1, [])
    assert [code for _state, code in await desk.states(bulletin)] == ["", "overtaken"]


async def test_what_is_never_due_again_is_not_kept(desk: Desk) -> None:
    """An end before the next due time is told."""
    over = Timetable(PARIS, MONDAY - HOUR, "0 8 * * 1", MONDAY)
    with pytest.raises(UsageError, match="never be due"):
        await desk.add(over)


async def test_two_at_once_settle_a_due_time_once(desk: Desk) -> None:
    """Of two processes that see the same due time, the second finds it settled."""
    bulletin = await desk.add()
    desk.clock.at = MONDAY
    (seen,) = await desk.store.bulletins.due(MONDAY)
    await desk.runner().begin()
    runner = desk.runner()
    assert await runner._settle(seen, MONDAY) == []
    assert [state for state, _code in await desk.states(bulletin)] == [RunState.BEGUN.value]


def test_zones_of_the_play_differ() -> None:
    """Two of them change their clocks, on different days; the others never do."""
    summer = datetime(2027, 3, 20, tzinfo=UTC)
    offsets = {zone: summer.astimezone(ZoneInfo(zone)).dst() for zone in ZONES}
    assert [zone for zone, dst in offsets.items() if dst] == ["America/Miquelon"]


async def test_a_purge_takes_the_words_of_bulletins_that_are_over(desk: Desk) -> None:
    """Values and reason go, also from the file's record of it; one that is still due keeps them."""
    over = await desk.add(reason="request of the prefect")
    kept = await desk.add(reason="still planned")
    await desk.store.bulletins.remove(over.id, OPERATOR)
    desk.clock.move(timedelta(days=400).total_seconds())
    done = await desk.store.retention.purge(RetentionSettings(), OPERATOR)
    assert done.rows["bulletins"] == 1
    purged = await desk.store.bulletins.bulletin(over.ref)
    assert (purged.request["values"], purged.request["reason"]) == ({}, "")
    assert purged.request["area"] == over.request["area"]
    assert (await desk.store.bulletins.bulletin(kept.ref)).request == kept.request
    assert "bulletins" not in (await desk.store.retention.purge(RetentionSettings(), OPERATOR)).rows
    with contextlib.closing(connect(desk.store.path, write=True)) as connection:
        for ref in (over.ref, kept.ref):
            with pytest.raises(sqlite().IntegrityError):
                connection.execute("UPDATE bulletin SET request = '{}' WHERE ref = ?", (ref,))
