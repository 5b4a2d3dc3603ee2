"""What a page is sent: sections of JSON, each sent anew when it differs."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from local.demo.practices import PRACTICES, Practice, working_week
from local.demo.product import Product
from local.demo.receiver import LABELS
from local.demo.store import Appointment
from local.demo.times import of_appointment, of_event


def practices() -> list[dict[str, Any]]:
    return [_practice(practice) for practice in PRACTICES.values()]


def _practice(practice: Practice) -> dict[str, Any]:
    now = datetime.now(ZoneInfo(practice.zone))
    return {
        "id": practice.id,
        "name": practice.name,
        "zone": practice.zone,
        "monday": working_week(now.date()).isoformat(),
        "people": [{"address": p.address, "name": p.name} for p in practice.people],
        "rooms": [{"address": r.address, "name": r.name} for r in practice.rooms],
    }


def sections(product: Product, tenant: str, person: str) -> dict[str, Any]:
    practice = PRACTICES[tenant]
    return {
        "health": _health(product, tenant),
        "people": _people(product, practice),
        "appointments": [
            _appointment(shown, item, practice.zone)
            for shown, item in product.shown_of(tenant, person)
        ],
        "outlook": [
            _event(event, practice.zone) for event in product.views.get((tenant, person), [])
        ],
        "log": [vars(line) for line in product.store.lines(tenant)],
    }


def _health(product: Product, tenant: str) -> dict[str, Any]:
    return {
        "calbridge": product.calbridge_answers,
        "outlook": product.outlook_answers,
        "waiting": len(product.store.errands(tenant)),
    }


def _people(product: Product, practice: Practice) -> dict[str, Any]:
    """`organisation` is the id of the connection that covers everybody, "" where there is none."""
    live = [c for c in product.connections(practice.id) if c["state"] == "active"]
    whole = next((c["id"] for c in live if c["kind"] == "organisation"), "")
    people = []
    for person in practice.people:
        known = product.state_of(practice.id, person.address)
        people.append(
            {
                **vars(person),
                "state": known["state"],
                "label": LABELS.get(known["state"], known["state"]),
                "cause": known.get("cause", ""),
                "connection": known.get("connection", ""),
            }
        )
    return {"organisation": whole, "people": people}


def _appointment(shown: str, item: Appointment, zone: str) -> dict[str, Any]:
    fields = item.fields
    return {
        "id": shown,
        "series": item.id if shown != item.id else "",
        "subject": fields["subject"],
        **of_appointment(fields, zone),
        "location": fields.get("location") or "",
        "status": fields.get("status", "confirmed"),
        "people": [a.get("name") or a["address"] for a in fields.get("attendees") or []],
        "version": item.version,
        "sync": item.sync,
        "origin": item.origin,
        "editable": item.is_organizer,
        "problem": item.problem,
    }


def _event(event: dict[str, Any], zone: str) -> dict[str, Any]:
    people = [attendee["emailAddress"] for attendee in event.get("attendees") or []]
    return {
        "id": event["id"],
        "series": event.get("seriesMasterId") or "",
        "subject": event.get("subject") or "(no title)",
        **of_event(event, zone),
        "location": (event.get("location") or {}).get("displayName") or "",
        "status": "cancelled" if event.get("isCancelled") else "confirmed",
        "show_as": event.get("showAs", "busy"),
        "people": [one.get("name") or one.get("address") for one in people],
        "organizer": ((event.get("organizer") or {}).get("emailAddress") or {}).get("name", ""),
        "editable": bool(event.get("isOrganizer")),
    }
