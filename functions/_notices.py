"""Graph's change and lifecycle notifications: checked, and turned into one dirty mark."""

import hmac
import json
from dataclasses import dataclass
from typing import Any, cast

from shared.errors import Problem, Refused
from shared.observe import note
from shared.services import Services
from shared.store.records import Calendar, CalendarKey
from shared.sync.wake import DELETED

MOST_ITEMS = 10_000
MOST_BYTES = 16 * 1024 * 1024
MOST_HINTS = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """`happened` is a lifecycle event, "" for a change."""

    client_state: str
    happened: str = ""
    event_id: str = ""
    etag: str = ""


def read_notices(body: bytes) -> list[Notice]:
    """Raises Refused when the body is not what Graph sends."""
    if len(body) > MOST_BYTES:
        raise Refused(Problem("body-too-large"))
    try:
        items = json.loads(body)["value"]
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(Problem("malformed-json", "Send an object with a list 'value'.")) from error
    if not isinstance(items, list):
        raise Refused(Problem("malformed-json", "'value' must be a list.", "/value"))
    listed = cast("list[Any]", items)
    if len(listed) > MOST_ITEMS:
        raise Refused(Problem("body-too-large", f"At most {MOST_ITEMS} items.", "/value"))
    return [_notice(item) for item in listed]


def _notice(item: Any) -> Notice:
    known = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    data = known.get("resourceData")
    data = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    return Notice(
        client_state=_text(known, "clientState"),
        happened=_text(known, "lifecycleEvent"),
        event_id=_text(data, "id"),
        # A deletion's etag is that of the event before: it must not pass for known.
        etag=DELETED if _is_deletion(known) else _text(data, "@odata.etag"),
    )


def _is_deletion(item: dict[str, Any]) -> bool:
    return _text(item, "changeType").lower() == "deleted"


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


async def take_notices(services: Services, calendar: str, body: bytes) -> None:
    """One read and at most one mark for the whole body, however many items it has."""
    notices = read_notices(body)
    found = await _calendar(services, calendar)
    valid = [n for n in notices if found and _genuine(n, found)]
    note("notices", count=len(valid), ignored=len(notices) - len(valid))
    if found and valid:
        for event in {n.happened for n in valid} - {""}:
            await services.engine.lifecycle(found.key, event)
        if changes := [n for n in valid if not n.happened]:
            await services.wake.dirty(found.key, services.clock(), _hints(changes))


async def _calendar(services: Services, name: str) -> Calendar | None:
    try:
        key = CalendarKey.parse(name)
    except ValueError:
        return None
    return await services.store.calendar(key)


def _genuine(notice: Notice, calendar: Calendar) -> bool:
    expected, given = calendar.client_state.encode(), notice.client_state.encode()
    return bool(expected) and hmac.compare_digest(expected, given)


def _hints(notices: list[Notice]) -> list[tuple[str, str]]:
    """One of each event named. Empty where the hints would not name all that happened: then a
    round is wanted, whatever is known of the others.
    """
    named = {n.event_id for n in notices}
    if "" in named or len(named) > MOST_HINTS:
        return []
    return list(dict.fromkeys((n.event_id, n.etag) for n in notices))
