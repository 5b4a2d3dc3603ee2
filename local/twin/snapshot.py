"""The world as JSON and back. Fields at their default are left out: most of an event is."""

from dataclasses import MISSING, asdict, fields
from datetime import date, datetime
from typing import Any

from local.twin.recurrence import Rule
from local.twin.world import (
    Calendar,
    Change,
    Mailbox,
    Person,
    Series,
    Stamp,
    StoredEvent,
    Tenant,
    World,
    stamp,
)

_DEFAULTS = [(f.name, f.default) for f in fields(StoredEvent)]
_PLAIN = {str, int, bool, tuple, dict}


def world_to_json(world: World) -> dict[str, Any]:
    return {
        "number": world.number,
        "tenants": [asdict(t) for t in world.tenants.values()],
        "people": [asdict(p) for p in world.people.values()],
        "deleted_people": [asdict(p) for p in world.deleted_people.values()],
        "app_roles": world.app_roles.to_json(),
        "roster": world.roster.to_json(),
        "mailboxes": [_mailbox_to_json(m) for m in world.mailboxes.values()],
    }


def world_from_json(data: dict[str, Any]) -> World:
    world = World()
    world.number = data["number"]
    world.tenants = {t["id"]: Tenant(**t) for t in data["tenants"]}
    world.people = {p["id"]: Person(**p) for p in data["people"]}
    world.deleted_people = {p["id"]: Person(**p) for p in data.get("deleted_people", ())}
    world.app_roles.load(data.get("app_roles", []))
    if "roster" in data:
        world.roster.load(data["roster"])
    world.mailboxes.update({m["owner_id"]: _mailbox_from_json(m) for m in data["mailboxes"]})
    return world


def _mailbox_to_json(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "owner_id": mailbox.owner_id,
        "tenant_id": mailbox.tenant_id,
        "tag": mailbox.tag,
        "calendars": [asdict(c) for c in mailbox.calendars.values()],
        "events": [event_to_json(e) for e in mailbox.events.values()],
        "deleted": [event_to_json(e) for e in mailbox.deleted.values()],
        "transactions": mailbox.transactions,
        "journal": [
            (c.sequence, c.at, c.round, c.calendar_id, c.event_id, c.immutable_id)
            for c in mailbox.journal.values()
        ],
        "sequence": mailbox.sequence,
        "generation": mailbox.generation,
        "unmade": mailbox.unmade,
        "unmade_from": mailbox.unmade_from,
        "rounds": mailbox.rounds,
    }


def _mailbox_from_json(data: dict[str, Any]) -> Mailbox:
    plain = ("owner_id", "tenant_id", "tag", "transactions", "sequence", "generation", "rounds")
    mailbox = Mailbox(**{name: data[name] for name in plain})
    mailbox.unmade = data.get("unmade", 0)
    mailbox.unmade_from = data.get("unmade_from", "")
    mailbox.calendars = {c["id"]: Calendar(**c) for c in data["calendars"]}
    mailbox.deleted = {e["id"]: event_from_json(e) for e in data["deleted"]}
    for event in data["events"]:
        mailbox.put(event_from_json(event))
    for line in data["journal"]:
        change = Change(*line)
        mailbox.journal[change.calendar_id, change.event_id] = change
    return mailbox


def event_to_json(event: StoredEvent) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, default in _DEFAULTS:
        value = getattr(event, name)
        if default is MISSING or (value is not default and value != default):
            kept[name] = value if type(value) in _PLAIN else _encode(value)
    return kept


def event_from_json(data: dict[str, Any]) -> StoredEvent:
    return StoredEvent(**{name: _decode(name, value) for name, value in data.items()})


def _encode(value: Any) -> Any:
    match value:
        case Stamp():
            return [value.local.isoformat(), value.zone]
        case Series():
            return _series_to_json(value)
        case date():  # and datetime
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case _:
            return value


def _decode(name: str, value: Any) -> Any:
    match name:
        case "start" | "end":
            return stamp(datetime.fromisoformat(value[0]), value[1])
        case "created" | "modified":
            return datetime.fromisoformat(value)
        case "original":
            return date.fromisoformat(value)
        case "series":
            return _series_from_json(value)
        case "overridden":
            return frozenset(value)
        case "locations" | "attendees" | "categories" | "organizer":
            return tuple(value)
        case _:
            return value


def _series_to_json(series: Series) -> dict[str, Any]:
    rule = {f.name: getattr(series.rule, f.name) for f in fields(series.rule)}
    return {
        "recurrence": series.recurrence,
        "rule": {name: _encode(value) for name, value in rule.items()},
        "zone": series.zone,
        "epoch": series.epoch,
        "exceptions": [event_to_json(e) for e in series.exceptions.values()],
        "cancelled": sorted(day.isoformat() for day in series.cancelled),
    }


def _series_from_json(data: dict[str, Any]) -> Series:
    rule = dict(data["rule"])
    rule["start"] = date.fromisoformat(rule["start"])
    rule["end"] = date.fromisoformat(rule["end"]) if rule["end"] else None
    rule["days"] = frozenset(rule["days"])
    exceptions = [event_from_json(e) for e in data["exceptions"]]
    return Series(
        data["recurrence"],
        Rule(**rule),
        data["zone"],
        data["epoch"],
        {e.original: e for e in exceptions if e.original},
        {date.fromisoformat(day) for day in data["cancelled"]},
    )
