"""calendarView/delta: one window of one calendar, read in rounds.

Where a reader stands is a number in the mailbox's journal. Each event has one line there, that of
its latest change, and a round walks the lines in order: an event that changes while a round is
read moves to the end and is met again, so nothing is missed however slowly pages are fetched.
"""

import base64
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from local.twin.faults import Switches
from local.twin.graph.events import READ, window
from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import View, query_options, read_view
from local.twin.graph.shapes import (
    ODATA_TYPE,
    Json,
    bare_occurrence,
    context,
    event_json,
    instance_json,
    removed,
)
from local.twin.problem import GraphProblem, bad_request
from local.twin.series import Instance, instances, occurrence_id, touches
from local.twin.world import Change, Mailbox, StoredEvent

_REFUSED = ("$select", "$expand", "$filter", "$orderby", "$search")


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a token holds.

    `first` is where the journal stood when the first round began. Of the line numbered `within`
    the first `offset` items were told on earlier pages.
    """

    calendar: str
    start: float
    end: float
    generation: int
    sequence: int
    first: int
    within: int = 0
    offset: int = 0
    rested: bool = False

    @property
    def window(self) -> tuple[datetime, datetime]:
        return datetime.fromtimestamp(self.start, UTC), datetime.fromtimestamp(self.end, UTC)


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Json]
    cursor: Cursor
    ended: bool


async def delta(call: Call) -> Response:
    person, mailbox = call.owner(READ)
    query = query_options(call.request)
    view = read_view(call.request, person.id)
    home = call.calendar(mailbox)
    token = query.get("$skiptoken") or query.get("$deltatoken")
    cursor = _decode(token) if token else _begin(call, mailbox, home.id)
    _check_alive(call, mailbox, cursor)
    if "$skiptoken" not in query:
        mailbox.rounds += 1
        cursor = _replayed(cursor, call.twin.switches, first_round=not token)
    size = view.page_size or call.twin.switches.delta_page_size
    page = _page(call, mailbox, cursor, view, size)
    body = {
        "@odata.context": context("Collection(event)"),
        "value": page.items,
        **_link(call, page),
    }
    return JSONResponse(body, headers=call.headers(view, "odata.track-changes"))


def _begin(call: Call, mailbox: Mailbox, calendar_id: str) -> Cursor:
    query = query_options(call.request)
    if refused := [name for name in _REFUSED if name in query]:
        raise bad_request(
            f"The following parameters are not supported with change tracking over the "
            f"'CalendarView' resource: '{', '.join(refused)}'."
        )
    first, last = window(call)
    return Cursor(
        calendar=calendar_id,
        start=first.timestamp(),
        end=last.timestamp(),
        generation=mailbox.generation,
        sequence=0,
        first=mailbox.sequence,
    )


def _check_alive(call: Call, mailbox: Mailbox, cursor: Cursor) -> None:
    if cursor.generation == mailbox.generation and cursor.calendar in mailbox.calendars:
        return
    path = f"{call.base}/users/{mailbox.owner_id}/calendarView/delta?$deltatoken="
    raise GraphProblem(
        410,
        "SyncStateNotFound",
        f"The sync state generation is not found; generation={cursor.generation:016x}",
        {"Location": path},
    )


def _replayed(cursor: Cursor, switches: Switches, *, first_round: bool) -> Cursor:
    """A later round may say again what an earlier one said."""
    if first_round or not switches.delta_replay:
        return cursor
    return replace(cursor, sequence=max(0, cursor.sequence - switches.delta_replay))


def _page(call: Call, mailbox: Mailbox, cursor: Cursor, view: View, size: int) -> Page:
    switches = call.twin.switches
    if switches.delta_empty_pages and not cursor.rested:
        return Page([], replace(cursor, rested=True), ended=False)
    items: list[Json] = []
    read = cursor.sequence
    for change in _visible(call, mailbox, read):
        found = _items(mailbox, change, cursor, view, switches)
        skip = cursor.offset if change.sequence == cursor.within else 0
        room = size - len(items)
        items += found[skip : skip + room]
        if len(found) - skip > room:
            here = replace(cursor, sequence=read, within=change.sequence, offset=skip + room)
            return Page(items, replace(here, rested=False), ended=False)
        read = change.sequence
    return Page(items, replace(cursor, sequence=read, offset=0, rested=False), ended=True)


def _visible(call: Call, mailbox: Mailbox, sequence: int) -> list[Change]:
    """Changes after a sequence, without those that still lag."""
    switches = call.twin.switches
    latest = call.twin.clock.now().timestamp() - switches.delta_lag_seconds
    newest_round = mailbox.rounds - switches.delta_lag_rounds
    found = mailbox.changes_after(sequence)
    if not switches.delta_lag_seconds and not switches.delta_lag_rounds:
        return found
    return [
        c
        for c in found
        if (not switches.delta_lag_seconds or c.at <= latest)
        and (not switches.delta_lag_rounds or c.round < newest_round)
    ]


def _items(
    mailbox: Mailbox, change: Change, cursor: Cursor, view: View, switches: Switches
) -> list[Json]:
    """What one line of the journal means to this window: the event, or that it is not there."""
    if change.calendar_id != cursor.calendar:
        return []
    event = mailbox.events.get(change.event_id)
    found: list[Json] = []
    if event is not None and event.calendar_id == cursor.calendar:
        found = _shown(event, cursor, view)
    if not found and change.sequence > cursor.first:
        found = _gone(
            mailbox, change, cursor, view, occurrences=switches.delta_removed_occurrences
        )
    return [item for item in found for _ in range(1 + switches.delta_duplicates)]


def _shown(event: StoredEvent, cursor: Cursor, view: View) -> list[Json]:
    first, last = cursor.window
    if event.series is None:
        if not touches(event.start, event.end, first, last):
            return []
        return [_typed(event_json(event, view))]
    inside = instances(event, first, last)
    if not inside:
        return []
    return [_typed(event_json(event, view)), *(_instance(one, view) for one in inside)]


def _instance(one: Instance, view: View) -> Json:
    return (
        bare_occurrence(one, view) if one.exception is None else _typed(instance_json(one, view))
    )


def _gone(
    mailbox: Mailbox, change: Change, cursor: Cursor, view: View, *, occurrences: bool
) -> list[Json]:
    stem = change.immutable_id if view.immutable else change.event_id
    found = [removed(stem)]
    event = mailbox.deleted.get(change.event_id)
    if occurrences and event is not None and event.series is not None:
        epoch = event.series.epoch
        found += [
            removed(occurrence_id(stem, epoch, one.original))
            for one in instances(event, *cursor.window)
        ]
    return found


def _typed(shown: Json) -> Json:
    return {"@odata.type": ODATA_TYPE, **shown}


def _link(call: Call, page: Page) -> Json:
    path = f"{call.base}/{'/'.join(call.request.path_params['path'].split('/'))}"
    if page.ended:
        return {"@odata.deltaLink": f"{path}?$deltatoken={_encode(page.cursor)}"}
    return {"@odata.nextLink": f"{path}?$skiptoken={_encode(page.cursor)}"}


def _encode(cursor: Cursor) -> str:
    text = json.dumps(list(asdict(cursor).values()), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(token: str) -> Cursor:
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return Cursor(*values)
    except (ValueError, TypeError):
        raise bad_request("Badly formed token.", "SyncStateInvalid") from None


ENTRIES: list[Entry] = [
    entry("GET", f"{home}calendarView/delta", delta)
    for home in ("~/", "~/calendar/", "~/calendars/{calendar}/")
]
