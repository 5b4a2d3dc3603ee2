"""What a person at the page does, on either side; each writes its line and starts its clock.

Times in a request are wall times of the practice: {"subject", "start", "end", "all_day",
"location", "guests": addresses, "status", "repeats": "daily" | "weekly", "times"}, all but the
first three optional. An id of a series' occurrence names the series and the original start.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from local.demo.outlook import events_of
from local.demo.practices import PRACTICES, Practice
from local.demo.product import OF, Product, content_of, content_of_event
from local.demo.sender import Sender, whole
from local.demo.series import occurrences, pattern, rule, with_occurrence, without_occurrence
from local.demo.stopwatch import Wait
from local.demo.store import Appointment, Line
from local.demo.times import Content, to_appointment, to_event


class Actions:
    def __init__(self, product: Product, sender: Sender) -> None:
        self._product = product
        self._sender = sender

    def create_here(self, tenant: str, person: str, body: dict[str, Any]) -> str:
        """The new appointment's id. Raises ValueError for times that are none."""
        practice = PRACTICES[tenant]
        name = f"mc-{uuid4().hex[:12]}"
        fields = {"location": "", "status": "confirmed", **_fields(practice, body)}
        item = Appointment(tenant, name, person, fields)
        line = self._line(item, "Created", wanted=content_of(item, practice.zone))
        self._keep(item, "PUT", whole(item), line)
        return name

    def change_here(self, tenant: str, shown: str, body: dict[str, Any]) -> None:
        """Raises KeyError when it is gone."""
        name, _, original = shown.partition(OF)
        old = self._existing(tenant, name)
        zone = PRACTICES[tenant].zone
        changes = _fields(PRACTICES[tenant], body)
        was = _taking_place(old, original)
        after = content_of(replace(was, fields={**was.fields, **changes}), zone)
        if original:
            changes = {"recurrence": with_occurrence(old.fields, original, changes)}
        item = replace(old, fields={**old.fields, **changes})
        before = content_of(was, zone)
        confirmed = changes.get("status") == "confirmed" and before == after
        word = "Confirmed" if confirmed else "Moved" if before[0] == after[0] else "Changed"
        line = self._line(was, word, wanted=after if before != after else None)
        unsent = not old.version
        self._keep(item, "PUT" if unsent else "PATCH", whole(item) if unsent else changes, line)

    def delete_here(self, tenant: str, shown: str) -> None:
        """Raises KeyError when it is gone."""
        name, _, original = shown.partition(OF)
        old = self._existing(tenant, name)
        was = _taking_place(old, original)
        line = self._line(
            was, "Deleted", wanted=content_of(was, PRACTICES[tenant].zone), gone=True
        )
        if not original:
            self._keep(replace(old, deleted=True), "DELETE", {}, line)
            return
        changes = {"recurrence": without_occurrence(old.fields, original)}
        item = replace(old, fields={**old.fields, **changes})
        unsent = not old.version
        self._keep(item, "PUT" if unsent else "PATCH", whole(item) if unsent else changes, line)

    def _existing(self, tenant: str, name: str) -> Appointment:
        found = self._product.store.appointment(tenant, name)
        if found is None or found.deleted:
            raise KeyError(name)
        return found

    def _keep(self, item: Appointment, verb: str, body: dict[str, Any], line: int) -> None:
        connected = self._product.is_connected(item.tenant, item.person)
        self._product.store.put(
            replace(item, sync="waiting" if connected else "local", problem="")
        )
        known = item.version > 0 or self._product.store.errands(item.tenant, item.id)
        if connected and (known or verb == "PUT"):
            self._product.store.send(item.tenant, item.id, verb, body, line)
            self._sender.wake()
        self._product.live.poke()

    def _line(
        self, item: Appointment, word: str, *, wanted: Content | None, gone: bool = False
    ) -> int:
        return self._begin(
            tenant=item.tenant,
            person=item.person,
            side="app",
            text=f"{word} “{item.fields['subject']}”",
            item=item.id,
            wanted=wanted,
            gone=gone,
        )

    def _begin(
        self,
        *,
        tenant: str,
        person: str,
        side: str,
        text: str,
        item: str,
        wanted: Content | None,
        gone: bool,
    ) -> int:
        """Writes the line; the clock runs where the other side will show what was done."""
        store, other = self._product.store, "outlook" if side == "app" else "app"
        who = _name(tenant, person)
        if not self._product.is_connected(tenant, person):
            kept = Line(tenant, side, text, state="kept", detail=f"{who} is not connected.")
            return store.write(kept)
        if wanted is None:
            return store.write(Line(tenant, side, text, state="sent", who=who))
        before = self._product.contents(other, tenant, person).count(wanted)
        if gone and not before:
            return store.write(
                Line(tenant, side, text, state="kept", detail="The other side had none.")
            )
        number = store.write(Line(tenant, side, text, state="waiting", who=who))
        wait = Wait(number, tenant, person, other, item, wanted, before, gone=gone)
        self._product.stopwatch.start(wait)
        return number

    async def create_in_outlook(self, tenant: str, person: str, body: dict[str, Any]) -> str:
        practice = PRACTICES[tenant]
        event = _event(practice, body)
        number = self._in_outlook(tenant, person, "Created", event=event)
        made = await self._ask(number, "POST", events_of(person), event)
        await self.look(tenant, person)
        return str(made["id"])

    async def change_in_outlook(
        self, tenant: str, person: str, name: str, body: dict[str, Any]
    ) -> None:
        old = await self._product.outlook.ask("GET", events_of(person, name))
        changes = _event(PRACTICES[tenant], body)
        moved = "start" in changes and changes.get("subject", old["subject"]) == old["subject"]
        after = {**old, **changes}
        number = self._in_outlook(
            tenant, person, "Moved" if moved else "Changed", event=after, item=name
        )
        await self._ask(number, "PATCH", events_of(person, name), changes)
        await self.look(tenant, person)

    async def delete_in_outlook(self, tenant: str, person: str, name: str) -> None:
        old = await self._product.outlook.ask("GET", events_of(person, name))
        number = self._in_outlook(tenant, person, "Deleted", event=old, item=name, gone=True)
        await self._ask(number, "DELETE", events_of(person, name))
        await self.look(tenant, person)

    def _in_outlook(
        self,
        tenant: str,
        person: str,
        word: str,
        *,
        event: dict[str, Any],
        item: str = "",
        gone: bool = False,
    ) -> int:
        return self._begin(
            tenant=tenant,
            person=person,
            side="outlook",
            text=f"{word} “{event['subject']}”",
            item=item or uuid4().hex,
            wanted=_content(event, PRACTICES[tenant].zone),
            gone=gone,
        )

    async def _ask(
        self, line: int, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Any:
        try:
            return await self._product.outlook.ask(method, path, body)
        except Exception as error:
            self._product.stopwatch.forget(line)
            self._product.store.amend(line, state="refused", detail=str(error))
            self._product.live.poke()
            raise

    async def look(self, tenant: str, person: str) -> None:
        """So that the page shows at once what was done on it."""
        self._product.views[tenant, person] = await self._product.outlook.view(person)
        self._product.live.poke()


def _taking_place(item: Appointment, original: str) -> Appointment:
    """The appointment, or one occurrence of it. Raises KeyError when that is gone."""
    if not original:
        return item
    return replace(item, fields=dict(occurrences(item.fields))[original])


def _fields(practice: Practice, body: dict[str, Any]) -> dict[str, Any]:
    """In the API's words."""
    known = {k: body[k] for k in ("subject", "location", "status") if k in body}
    if "start" in body:
        all_day = bool(body.get("all_day"))
        known |= to_appointment(body["start"], body["end"], practice.zone, all_day=all_day)
    if "guests" in body:
        known["attendees"] = [_attendee(practice, address) for address in body["guests"]]
    if body.get("repeats"):
        known["recurrence"] = rule(body["repeats"], int(body["times"]), body["start"])
    return known


def _attendee(practice: Practice, address: str) -> dict[str, Any]:
    room = next((room for room in practice.rooms if room.address == address), None)
    kind, name = ("resource", room.name) if room else ("required", _name(practice.id, address))
    return {"address": address, "name": name, "kind": kind}


def _event(practice: Practice, body: dict[str, Any]) -> dict[str, Any]:
    """In Graph's words."""
    known: dict[str, Any] = {"subject": body["subject"]} if "subject" in body else {}
    if "start" in body:
        all_day = bool(body.get("all_day"))
        known |= to_event(body["start"], body["end"], practice.zone, all_day=all_day)
    if "location" in body:
        known["location"] = {"displayName": body["location"]}
    if "guests" in body:
        known["attendees"] = [_graph_attendee(practice, a) for a in body["guests"]]
    if body.get("repeats"):
        known["recurrence"] = pattern(
            body["repeats"], int(body["times"]), body["start"], practice.zone
        )
    return known


def _graph_attendee(practice: Practice, address: str) -> dict[str, Any]:
    known = _attendee(practice, address)
    return {
        "emailAddress": {"address": known["address"], "name": known["name"]},
        "type": known["kind"],
    }


def _content(event: dict[str, Any], zone: str) -> Content:
    """Of an event as it was told, or as the page is about to send it, in the practice's zone."""
    if event["start"]["timeZone"] == "UTC":
        return content_of_event(event, zone)
    cut = 10 if event.get("isAllDay") else 19
    start, end = (event[side]["dateTime"][:cut] for side in ("start", "end"))
    place = (event.get("location") or {}).get("displayName") or ""
    return (event["subject"], start, end, place)


def _name(tenant: str, address: str) -> str:
    person = PRACTICES[tenant].person(address)
    return person.name if person else address
