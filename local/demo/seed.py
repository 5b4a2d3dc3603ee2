"""The first day: two practices in Microsoft 365 with a week of meetings, and appointments here.

Each part looks at what is there, so that a second start adds nothing.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from local.demo.outlook import events_of
from local.demo.practices import PRACTICES, Meeting, Practice, working_week
from local.demo.product import Product
from local.demo.series import pattern, rule
from local.demo.store import Appointment
from local.demo.times import to_appointment, to_event


async def seed_outlook(product: Product, practice: Practice) -> None:
    """Raises OutlookUnreachable and OutlookRefused."""
    outlook = product.outlook
    tenants = (await outlook.ask("GET", "/tenants"))["value"]
    if all(tenant["id"] != practice.entra for tenant in tenants):
        body = {"id": practice.entra, "domain": practice.domain, "name": practice.name}
        await outlook.ask("POST", "/tenants", {**body, "consent_policy": practice.consent})
    for room in practice.rooms:
        if not await outlook.exists(f"/people/{room.address}"):
            body = {"mail": room.address, "display_name": room.name, "capacity": room.seats}
            await outlook.ask("POST", "/rooms", {**body, "tenant": practice.entra})
    fresh = [n for n in range(len(practice.people)) if await _added(product, practice, n)]
    for meeting in practice.meetings:
        if meeting.owner in fresh:
            address = practice.people[meeting.owner].address
            await outlook.ask("POST", events_of(address), _event(practice, meeting))


async def _added(product: Product, practice: Practice, number: int) -> bool:
    """False where the person was there."""
    person = practice.people[number]
    if await product.outlook.exists(f"/people/{person.address}"):
        return False
    body = {
        "tenant": practice.entra,
        "upn": person.address,
        "display_name": person.name,
        "is_admin": person.is_admin,
        "time_zone": practice.zone,
    }
    await product.outlook.ask("POST", "/people", body)
    return True


def seed_appointments(product: Product) -> None:
    for practice in PRACTICES.values():
        if product.store.fact(f"seeded.{practice.id}"):
            continue
        with product.store.together():
            for number, meeting in enumerate(practice.appointments, 1):
                product.store.put(_appointment(practice, meeting, number))
            product.store.set_fact(f"seeded.{practice.id}", True)


def _appointment(practice: Practice, meeting: Meeting, number: int) -> Appointment:
    """Its id is the same on every first day: Calbridge may have it from an earlier one."""
    start, end = _times(practice, meeting)
    fields = {
        "subject": meeting.subject,
        **to_appointment(start, end, practice.zone, all_day=meeting.all_day),
        "location": practice.rooms[meeting.room].name if meeting.room is not None else "",
        "status": "confirmed",
    }
    if meeting.weeks > 1:
        fields["recurrence"] = rule("weekly", meeting.weeks, start)
    return Appointment(
        practice.id, f"mc-first-{number}", practice.people[meeting.owner].address, fields
    )


def _event(practice: Practice, meeting: Meeting) -> dict[str, Any]:
    start, end = _times(practice, meeting)
    guests = [_guest(practice.people[n].address, practice.people[n].name) for n in meeting.guests]
    event: dict[str, Any] = {
        "subject": meeting.subject,
        **to_event(start, end, practice.zone, all_day=meeting.all_day),
        "showAs": meeting.show_as,
        "attendees": guests,
    }
    if meeting.weeks > 1:
        event["recurrence"] = pattern("weekly", meeting.weeks, start, practice.zone)
    if meeting.room is not None:
        room = practice.rooms[meeting.room]
        event["location"] = {"displayName": room.name, "locationEmailAddress": room.address}
        event["attendees"] = [*guests, _guest(room.address, room.name, "resource")]
    return event


def _guest(address: str, name: str, kind: str = "required") -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": name}, "type": kind}


def _times(practice: Practice, meeting: Meeting) -> tuple[str, str]:
    today = datetime.now(ZoneInfo(practice.zone)).date()
    day = working_week(today) + timedelta(days=meeting.day)
    if meeting.all_day:
        return day.isoformat(), (day + timedelta(days=1)).isoformat()
    return f"{day}T{meeting.start}:00", f"{day}T{meeting.end}:00"
