"""Applies what Calbridge tells: each change once, in the order of the log, and never an older
version over a newer one.
"""

from dataclasses import replace
from typing import Any

from local.demo.calbridge import words_of
from local.demo.practices import PRACTICES
from local.demo.product import Product
from local.demo.store import Appointment, Line

LABELS = {
    "not_connected": "Not connected",
    "consent_pending": "Waiting for consent",
    "provisioning": "Reading calendar",
    "active": "In sync",
    "degraded": "Slow",
    "action_required": "Action needed",
    "paused": "Paused",
    "disconnecting": "Disconnecting",
    "disconnected": "Disconnected",
}
WORDS = {
    "created": "New in Outlook",
    "updated": "Changed in Outlook",
    "deleted": "Deleted in Outlook",
    "cancelled": "Cancelled in Outlook",
    "detached": "Deleted in Outlook, and kept here",
}
NOT_CONTENT = frozenset(
    {"id", "version", "mailbox", "revision", "origin", "organizer", "is_organizer"}
    | {"in_outlook", "hidden", "changed", "calendar", "synced", "operation"}
)


class Receiver:
    """`take` serves the webhook and the catching up alike."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def last(self, tenant: str) -> int:
        return int(self._product.store.fact(f"sequence.{tenant}", 0))

    async def take(self, tenant: str, change: dict[str, Any]) -> None:
        """One from the webhook; what was missed before it is read from the log first."""
        number = int(change["sequence"])
        if number > self.last(tenant) + 1:
            await self.catch_up(tenant)
        self._apply_once(tenant, change)
        self._product.live.poke()

    async def catch_up(self, tenant: str) -> None:
        """Raises ApiProblem and Unreachable."""
        while True:
            path = f"tenants/{tenant}/changes?after={self.last(tenant)}&limit=200"
            page = await self._product.calbridge.ask("GET", path)
            for change in page["changes"]:
                self._apply_once(tenant, change)
            if not page["changes"]:
                return
            self._product.live.poke()

    def _apply_once(self, tenant: str, change: dict[str, Any]) -> None:
        number = int(change["sequence"])
        if number <= self.last(tenant):
            return
        store = self._product.store
        with store.together():
            self._apply(tenant, change)
            store.set_fact(f"sequence.{tenant}", number)

    def _apply(self, tenant: str, change: dict[str, Any]) -> None:
        _, subject, what = (*str(change["type"]).split("."), "", "")[:3]
        data = change["data"]
        match subject:
            case "appointment":
                self._appointment(tenant, what, data)
            case "operation":
                self._outcome(tenant, what, data["operation"])
            case "calendar":
                self._calendar(tenant, data)
            case "connection" | "tenant":
                self._stale(tenant)

    def _appointment(self, tenant: str, what: str, data: dict[str, Any]) -> None:
        told = data["appointment"]
        held = self._product.store.appointment(tenant, told["id"])
        if held is not None and told["version"] <= held.version:
            return
        self.hold(tenant, told, deleted=what == "deleted")
        person = self._owner(tenant, told, held)
        if not self._product.settle_waits("app", tenant, person):
            self._note(tenant, what, told, held, data)

    def hold(self, tenant: str, told: dict[str, Any], *, deleted: bool = False) -> None:
        """Keeps an appointment as Calbridge tells it, and what is yet to be sent on top."""
        store = self._product.store
        held = store.appointment(tenant, told["id"])
        fields = {name: value for name, value in told.items() if name not in NOT_CONTENT}
        if "start" not in fields and held is not None:
            fields = {**held.fields, **fields}
        for errand in store.errands(tenant, told["id"]):
            fields |= {k: v for k, v in errand.body.items() if k not in NOT_CONTENT}
            deleted = errand.verb == "DELETE"
        store.put(
            Appointment(
                tenant=tenant,
                id=told["id"],
                person=self._owner(tenant, told, held),
                fields=fields,
                version=told["version"],
                sync="synced" if not store.errands(tenant, told["id"]) else "waiting",
                origin=told.get("origin", "app"),
                is_organizer=told.get("is_organizer", True),
                deleted=deleted or "start" not in fields,
            )
        )

    def _owner(self, tenant: str, told: dict[str, Any], held: Appointment | None) -> str:
        person = PRACTICES[tenant].person(str(told.get("mailbox", "")))
        return person.address if person else held.person if held else ""

    def _note(
        self,
        tenant: str,
        what: str,
        told: dict[str, Any],
        held: Appointment | None,
        data: dict[str, Any],
    ) -> None:
        subject = told.get("subject") or (held.fields["subject"] if held else "an appointment")
        if what == "updated" and data.get("fields") == ["responses"]:
            text = f"Somebody answered “{subject}”"
        else:
            text = f"{WORDS.get(what, what)}: “{subject}”"
        overruled = data.get("overruled")
        detail = f"Outlook overruled the {overruled} made here." if overruled else ""
        person = PRACTICES[tenant].person(self._owner(tenant, told, held))
        who = person.name if person else ""
        self._product.store.write(Line(tenant, "outlook", text, detail=detail, who=who))

    def _outcome(self, tenant: str, what: str, operation: dict[str, Any]) -> None:
        store = self._product.store
        held = store.appointment(tenant, operation["appointment"])
        line = store.line_of(tenant, operation["id"])
        if what == "refused":
            said = words_of(operation.get("problem") or {"title": "Refused"})
            self._refused(held, said)
            if line:
                self._product.stopwatch.forget(line.number)
                store.amend(line.number, state="refused", detail=said)
        elif held is not None and held.version <= operation["version"]:
            store.put(replace(held, sync="synced", problem=""))
        if what == "applied" and line and line.state == "sent":
            store.amend(line.number, state="done")

    def _refused(self, held: Appointment | None, said: str) -> None:
        if held is not None:
            self._product.store.put(replace(held, sync="refused", problem=said))

    def _calendar(self, tenant: str, data: dict[str, Any]) -> None:
        calendars = self._product.calendars(tenant)
        address = str(data["mailbox"]).lower()
        calendars[address] = {**calendars.get(address, {}), **data}
        self._product.store.set_fact(f"calendars.{tenant}", calendars)
        self._stale(tenant)
        person = PRACTICES[tenant].person(address)
        name = person.name if person else "A calendar"
        text = f"{name}: {LABELS.get(data['state'], data['state']).lower()}"
        self._product.store.write(Line(tenant, "calbridge", text, detail=data.get("cause", "")))

    def _stale(self, tenant: str) -> None:
        """Who is connected is read anew; the change alone does not tell all of it."""
        self._product.store.set_fact(f"stale.{tenant}", True)
