"""Meridian Care in one object: its store, the two it talks to, and what they share."""

from dataclasses import replace
from typing import Any

import httpx

from local.demo.calbridge import Calbridge
from local.demo.live import Live
from local.demo.outlook import Outlook
from local.demo.practices import PRACTICES
from local.demo.series import occurrences
from local.demo.settings import Settings
from local.demo.stopwatch import Stopwatch
from local.demo.store import Appointment, Store
from local.demo.times import Content, content, of_appointment, of_event

# Between the id of a series and the original start of one of its occurrences.
OF = "@"
CONNECTED = frozenset({"provisioning", "active", "degraded"})


class Product:
    """`transport` leads to Calbridge; None means real sockets."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.settings = settings
        self.store = Store(settings.state / "demo.db")
        self.calbridge = Calbridge(settings, transport)
        self.outlook = Outlook(settings)
        self.live = Live()
        self.stopwatch = Stopwatch(self.store)
        self.calbridge_answers = False
        self.outlook_answers = True
        self.views: dict[tuple[str, str], list[dict[str, Any]]] = {}

    async def close(self) -> None:
        await self.calbridge.close()
        await self.outlook.close()
        self.store.close()

    def calendars(self, tenant: str) -> dict[str, dict[str, Any]]:
        """By address, as Calbridge last told them."""
        return self.store.fact(f"calendars.{tenant}", {})

    def connections(self, tenant: str) -> list[dict[str, Any]]:
        return self.store.fact(f"connections.{tenant}", [])

    def state_of(self, tenant: str, person: str) -> dict[str, Any]:
        return self.calendars(tenant).get(person, {"state": "not_connected", "cause": ""})

    def is_connected(self, tenant: str, person: str) -> bool:
        return self.state_of(tenant, person)["state"] in CONNECTED

    def contents(self, side: str, tenant: str, person: str) -> list[Content]:
        """What that side shows now."""
        zone = PRACTICES[tenant].zone
        if side == "outlook":
            return [content_of_event(e, zone) for e in self.views.get((tenant, person), [])]
        shown = self.shown_of(tenant, person)
        return [content_of(item, zone) for _, item in shown]

    def appointments_of(self, tenant: str, person: str) -> list[Appointment]:
        """Their own, and those of colleagues that they are invited to: a meeting of several
        connected people is one appointment, its organiser's.
        """
        return [
            item
            for item in self.store.appointments(tenant)
            if item.person == person or person in guests_of(item)
        ]

    def shown_of(self, tenant: str, person: str) -> list[tuple[str, Appointment]]:
        """With the id each has on the page; a series as its occurrences."""
        shown: list[tuple[str, Appointment]] = []
        for item in self.appointments_of(tenant, person):
            if not item.fields.get("recurrence"):
                shown.append((item.id, item))
                continue
            for original, fields in occurrences(item.fields):
                shown.append((f"{item.id}{OF}{original}", replace(item, fields=fields)))
        return shown

    def settle_waits(self, side: str, tenant: str, person: str) -> int:
        """Call it after a side changed. How many waits that ended."""
        contents = self.contents(side, tenant, person)
        return self.stopwatch.shown(side, tenant, person, contents)


def guests_of(item: Appointment) -> set[str]:
    return {str(guest["address"]).lower() for guest in item.fields.get("attendees") or []}


def content_of(item: Appointment, zone: str) -> Content:
    fields = item.fields
    return content(fields["subject"], of_appointment(fields, zone), fields.get("location") or "")


def content_of_event(event: dict[str, Any], zone: str) -> Content:
    place = (event.get("location") or {}).get("displayName") or ""
    return content(event.get("subject") or "", of_event(event, zone), place)
