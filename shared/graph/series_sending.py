# pyright: reportMissingTypeStubs=false
"""One step of a series' plan, sent."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kiota_abstractions.request_information import RequestInformation

from shared.calendar.event import AllDay, Event
from shared.calendar.occurrence import occurrence, plain
from shared.calendar.zones import iana_name
from shared.errors import Contended, Rejected
from shared.graph.errors import UnexpectedAnswer
from shared.graph.mapping import Json, moment, seen_from_graph
from shared.graph.route import Route
from shared.graph.seen import Kind, Seen
from shared.graph.series_shown import day_of
from shared.graph.series_writes import (
    CancelOccurrence,
    Step,
    WriteMaster,
    WriteOccurrence,
    crossing,
    not_ended,
)
from shared.graph.wire import Wire
from shared.graph.zone_refusal import in_some_zone
from shared.store.records import Connection

CROSSING = "erroroccurrencecrossingboundary"
AROUND = timedelta(days=1)
BAD_REQUEST = 400
UTC_TIMES = 'outlook.timezone="UTC"'


@dataclass(frozen=True, slots=True)
class _Instance:
    """An occurrence by the id it has for now."""

    event_id: str
    etag: str


class SeriesSender:
    def __init__(self, wire: Wire, route: Route, connection: Connection) -> None:
        self._wire = wire
        self._route = route
        self._connection = connection

    async def send(self, event_id: str, shown: Seen, step: Step, etag: str) -> bool:
        match step:
            case WriteMaster():
                return await self._write_master(event_id, step, etag)
            case WriteOccurrence():
                return await self._write_occurrence(event_id, shown, step)
            case CancelOccurrence(day):
                return await self._cancel(event_id, shown, day)

    async def _write_master(self, event_id: str, step: WriteMaster, etag: str) -> bool:
        ends = step.patch.get("recurrence", ...) is None
        try:
            answer = await self._update(event_id, step.patch, etag)
        except Rejected as rejected:
            raise Rejected(not_ended(_code(rejected))) if ends else rejected from rejected
        if answer is None:
            return False
        if ends and seen_from_graph(answer).kind is Kind.MASTER:
            raise Rejected(not_ended())
        return True

    async def _write_occurrence(self, event_id: str, shown: Seen, step: WriteOccurrence) -> bool:
        found = await self._instance(event_id, shown, step.day)
        if found is None:
            return False
        try:
            answer = await self._update(found.event_id, step.patch, found.etag)
        except Rejected as rejected:
            code = _code(rejected)
            if code.lower() == CROSSING:
                raise Rejected(crossing(step.day, code)) from rejected
            raise
        if answer is None:
            raise Contended(reason="an occurrence went while it was written")
        return True

    async def _cancel(self, event_id: str, shown: Seen, day: date) -> bool:
        """An occurrence that is gone is cancelled already."""
        try:
            found = await self._instance(event_id, shown, day)
        except _NoSuchDay:
            return True
        if found is None:
            return False
        if shown.is_organizer and _has_guests(shown.event, day):
            await self._ask(self._route.cancel(found.event_id, ""))
        else:
            await self._ask(self._route.delete(found.event_id))
        return True

    async def _instance(self, event_id: str, shown: Seen, day: date) -> _Instance | None:
        """None: the series is gone."""
        for known, instance, etag in shown.instances:
            if known == day:
                return _Instance(instance, etag)
        if shown.event is None:
            raise Contended(reason="a series that was not read as a whole")
        answer = await self._around(event_id, _begins(plain(shown.event, day)))
        if answer is None:
            return None
        for item in answer.get("value", ()):
            if _day_of(shown.event, item) == day:
                return _unchanged(item)
        raise _NoSuchDay(reason="an occurrence is not where the series has it")

    async def _around(self, event_id: str, begins: datetime) -> Json | None:
        request = self._route.instances(event_id, begins - AROUND, begins + AROUND)
        try:
            return await self._ask(request)
        except UnexpectedAnswer as refused:
            if refused.status == BAD_REQUEST:  # it has become a single event
                raise Contended(reason="a series ended while it was written") from refused
            raise

    async def _update(self, event_id: str, patch: Json, etag: str) -> Json | None:
        return await in_some_zone(
            lambda told: self._ask(self._route.update(event_id, told, etag)), patch
        )

    async def _ask(self, request: RequestInformation) -> Json | None:
        return await self._wire.ask(request, self._connection, (UTC_TIMES,))


class _NoSuchDay(Contended):
    pass


def _begins(event: Event) -> datetime:
    if isinstance(event.when, AllDay):
        return datetime.combine(event.when.start, time(), UTC)
    return event.when.start.instant


def _day_of(master: Event, item: Json) -> date | None:
    original = moment(item.get("originalStart")) or seen_from_graph(item).start
    zone = iana_name(item.get("originalStartTimeZone") or "")
    return original and day_of(master, original, zone or "UTC")


def _unchanged(item: Json) -> _Instance:
    """Not among the exceptions that were shown, so it should be none."""
    if item.get("type") == "exception":
        raise Contended(reason="somebody changed an occurrence while it was written")
    return _Instance(item["id"], item.get("@odata.etag", ""))


def _has_guests(event: Event | None, day: date) -> bool:
    return event is not None and bool(occurrence(event, day).attendees)


def _code(rejected: Rejected) -> str:
    return str(rejected.problem.extra.get("microsoft_code", ""))
