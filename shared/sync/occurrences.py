"""A series as single events, each of them derived from it. Pure.

They are in Outlook from `lead_days` before they take place. What a person does to one is an edit
of its day, by the same table as any other.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from shared.calendar.event import AllDay, Event
from shared.calendar.expansion import days_between, is_day, neighbours, start_day
from shared.calendar.series import (
    occurrence,
    override,
    restored,
    with_cancelled,
    with_override,
)
from shared.graph.recurrence import recurrence_problem
from shared.policy.admission import is_over
from shared.policy.policy import Owner, Policy, SeriesOut, Unrepresentable, Winner
from shared.store.records import (
    AppointmentStatus,
    CalendarKey,
    Change,
    Link,
    Loss,
    Origin,
    Settlement,
)
from shared.sync.home import has_news
from shared.sync.keeping import Keeping
from shared.sync.merge import Conflict, merge
from shared.sync.participants import SHARED, Whose, took
from shared.sync.report import UPDATED, appointment_change
from shared.sync.wanted import GONE, day_of, is_removed, is_singly, name_of

# Policies change, and nobody tells the series.
LOOK_AGAIN = timedelta(days=1)
# What is past stays, and is forgotten once nobody edits it any more.
REMEMBERED = timedelta(days=30)
# Of days and zones: what takes place now began no longer ago than it lasts, and this.
MARGIN = timedelta(days=2)


def goes_singly(link: Link, policy: Policy) -> bool:
    """Whether a write of it is one of single events. How it once was written it stays: another
    policy makes nobody a cancellation and an invitation.
    """
    if link.app is None or link.app.series is None:
        return False
    if link.singly:
        return True
    by_policy = policy.series_out is SeriesOut.OCCURRENCES
    if not by_policy and policy.unrepresentable is not Unrepresentable.OCCURRENCES:
        return False
    if recurrence_problem(link.app) is not None:
        return True
    is_series = link.outlook is not None and link.outlook.series is not None
    return by_policy and not (link.event_id and is_series)


def takes_place_singly(link: Link) -> bool:
    return is_singly(link) and link.status is not AppointmentStatus.CANCELLED


def due(link: Link, policy: Policy, now: datetime) -> dict[date, Event]:
    """What is to be in Outlook by now of what has not ended yet, by its day of the rule."""
    app = link.app
    if app is None or app.series is None or not takes_place_singly(link):
        return {}
    last = _horizon(app, policy, now)
    first = (now - MARGIN - _length(app)).date()
    moved = (one.day for one in app.series.overrides if is_day(app, one.day))
    days = {*days_between(app, first, last), *moved} - {*app.series.cancelled}
    found = {day: occurrence(app, day) for day in sorted(days)}
    return {
        day: event
        for day, event in found.items()
        if min(day, start_day(event)) <= last and not is_over(event, now)
    }


def next_due(link: Link, policy: Policy, now: datetime) -> datetime | None:
    """When to look at it again; None: never. A policy may have changed by tomorrow."""
    app = link.app
    if app is None or not takes_place_singly(link):
        return None
    _, following = neighbours(app, _horizon(app, policy, now))
    if following is None:
        return None
    day = following - timedelta(days=policy.lead_days)
    return min(datetime.combine(day, time(), _zone(app)).astimezone(UTC), now + LOOK_AGAIN)


def is_missing(link: Link, policy: Policy, now: datetime) -> bool:
    """Whether something is due that it has no word of yet."""
    known = {one.name for one in link.spread}
    return any(name_of(link.appointment, day) not in known for day in due(link, policy, now))


def is_past(child: Link | None, now: datetime) -> bool:
    """What has taken place is not taken back."""
    event = child and (child.app or child.outlook)
    return event is not None and bool(child and child.event_id) and is_over(event, now)


def is_forgotten(child: Link | None, now: datetime) -> bool:
    return is_past(child, now - REMEMBERED)


def day_news(
    key: CalendarKey, link: Link, policy: Policy, whose: Whose, now: datetime
) -> Settlement | None:
    """What a person has done to one occurrence, taken over into its series."""
    day, child = day_of(whose.spread.name), whose.link
    if day is None or child is None or link.app is None or link.app.series is None:
        return None
    if whose.spread.calendar == str(key) and is_removed(child, whose.pending):
        if whose.spread.taken == GONE:
            return None
        return _Day(key, link, policy, whose, now, day, GONE).removed()
    if not has_news(child) or whose.spread.taken == child.outlook_etag:
        return None
    return _Day(key, link, policy, whose, now, day, child.outlook_etag).edited()


class _Day:
    """One occurrence that a person did something to; `taken` is what is remembered of that."""

    def __init__(
        self,
        key: CalendarKey,
        link: Link,
        policy: Policy,
        whose: Whose,
        now: datetime,
        day: date,
        taken: str,
    ) -> None:
        if link.app is None or link.app.series is None:
            raise ValueError("only a series has days")
        self.key, self.policy, self.whose, self.now, self.day = key, policy, whose, now, day
        self.app, self.link = link.app, link
        self.took = took(link, whose, taken)
        self.is_cancelled = day in link.app.series.cancelled
        self.is_day = is_day(link.app, day)
        self.is_copy = whose.spread.calendar != str(key)

    def removed(self) -> Settlement:
        if not self.is_day or self.is_cancelled:
            return Settlement(link=self.took)
        return self._settled(with_cancelled(self.app, self.day), self.app)

    def edited(self) -> Settlement:
        child = self.whose.link
        if child is None or child.base is None or child.outlook is None:
            raise ValueError("an edit has something before and after it")
        if not self.is_day:
            return Settlement(link=self.took)
        if self.is_cancelled:
            shown = self._with(child.outlook)
            stands = self.policy.winner is Winner.OUTLOOK
            return self._settled(shown if stands else self.app, self.app if stands else shown)
        there = occurrence(self.app, self.day)
        merged = merge(child.base, child.outlook, there, self.policy)
        names = [name for name in merged.app_needs if self._crosses(name)]
        lost = any(self._crosses(one.field) for one in merged.conflicts)
        values = {name: getattr(merged.event, name) for name in names}
        if not names and not lost:
            return Settlement(link=self.took)
        shown = self._with(replace(there, **values)) if names else self.app
        winner = merged.conflicts[0].winner if lost else Winner.OUTLOOK
        other = self.app if winner is Winner.OUTLOOK else self._with(child.outlook)
        return self._settled(shown, other, winner if lost else None)

    def _crosses(self, name: str) -> bool:
        return name != "series" and not (self.is_copy and name in SHARED)

    def _with(self, shown: Event) -> Event:
        """The series whose occurrence of this day is `shown`."""
        event = restored(self.app, self.day)
        given = override(event, self.day, shown)
        return with_override(event, given) if given else event

    def _settled(self, event: Event, other: Event, winner: Winner | None = None) -> Settlement:
        """`other` is what did not stand; it is told of where both sides said something."""
        if self.policy.owner("series") is Owner.APP and event != self.app:
            event, other, winner = self.app, event, Winner.APP
        elif self.is_cancelled and not self.is_copy:
            winner = Winner.OUTLOOK if event != self.app else Winner.APP
        conflicts = (self._conflict(event, other, winner),) if winner else ()
        new = replace(self.took, app=event, version=self.link.version + 1, changed=self.now)
        fields = ("series",) if event != self.app else ()
        kept = Keeping(new, self.policy, self.now)
        return Settlement(
            link=new,
            changes=(self._change(new, fields, conflicts),),
            kept=kept.of(Origin.APP, self.app, Loss.OVERWRITTEN) if fields else (),
        )

    def _conflict(self, event: Event, other: Event, winner: Winner) -> Conflict:
        app, outlook = (other, event) if winner is Winner.OUTLOOK else (event, other)
        return Conflict("series", app, outlook, winner, (self.day,))

    def _change(
        self, link: Link, fields: tuple[str, ...], conflicts: tuple[Conflict, ...]
    ) -> Change:
        change = appointment_change(
            self.key,
            link,
            UPDATED,
            self.now,
            mailbox="" if self.is_copy else self.whose.mailbox,
            fields=fields,
            conflicts=conflicts,
            before=self.app,
        )
        if self.is_copy:
            return replace(change, data={**change.data, "copy": self.whose.mailbox})
        return change


def _horizon(app: Event, policy: Policy, now: datetime) -> date:
    return now.astimezone(_zone(app)).date() + timedelta(days=policy.lead_days)


def _zone(app: Event) -> tzinfo:
    return UTC if isinstance(app.when, AllDay) else ZoneInfo(app.when.start.zone)


def _length(app: Event) -> timedelta:
    when = app.when
    if isinstance(when, AllDay):
        return when.end - when.start
    return when.end.instant - when.start.instant
