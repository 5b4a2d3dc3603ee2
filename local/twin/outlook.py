"""What a person does in Outlook: the same JSON as Graph's, without tokens, limits or faults."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local.twin.drafts import read_event
from local.twin.exchange import Answer
from local.twin.graph.events import find_target, proposed_time, target_json
from local.twin.graph.listing import in_window
from local.twin.graph.preferences import View
from local.twin.problem import bad_request, item_not_found
from local.twin.series import find_instance
from local.twin.world import Person

if TYPE_CHECKING:
    from local.twin.app import Twin

_EVERYTHING = View()
_ANSWERS: dict[str, Answer] = {
    "accept": "accepted",
    "accepted": "accepted",
    "tentativelyaccept": "tentativelyAccepted",
    "tentativelyaccepted": "tentativelyAccepted",
    "tentative": "tentativelyAccepted",
    "decline": "declined",
    "declined": "declined",
}


class PersonAtOutlook:
    """Every method raises GraphProblem as Graph would refuse."""

    def __init__(self, twin: "Twin", person: Person) -> None:
        self._twin = twin
        self._person = person
        self._mailbox = twin.world.mailboxes[person.id]

    def create_event(self, data: dict[str, Any], calendar_id: str | None = None) -> dict[str, Any]:
        home = calendar_id or self._mailbox.default_calendar.id
        values = read_event(data, creating=True)
        event = self._twin.exchange.create(self._person, home, values, "person")
        return target_json(event, _EVERYTHING)

    def update_event(self, event_id: str, data: dict[str, Any]) -> dict[str, Any]:
        values = read_event(data, creating=False)
        target = find_target(self._mailbox, event_id)
        done = self._twin.exchange.update(self._person, target, values, "person")
        return target_json(done, _EVERYTHING)

    def delete_event(self, event_id: str) -> None:
        self._twin.exchange.delete(self._person, find_target(self._mailbox, event_id), "person")

    def cancel_event(self, event_id: str, comment: str = "") -> None:
        """The comment would stand in the mail, whose text is not kept."""
        del comment
        target = find_target(self._mailbox, event_id)
        self._twin.exchange.cancel(self._person, target, "person")

    def respond(
        self,
        event_id: str,
        kind: str,
        comment: str = "",
        proposed: dict[str, Any] | None = None,
    ) -> None:
        """`kind` is accept, tentativelyAccept or decline. The comment would be in the mail.
        `proposed` is a timeSlot: another time that would suit better.
        """
        del comment
        answer = _ANSWERS.get(kind.lower())
        if answer is None:
            raise bad_request(f"'{kind}' is not accept, tentativelyAccept or decline.")
        target = find_target(self._mailbox, event_id)
        slot = proposed_time(proposed, answer)
        self._twin.exchange.respond(self._person, target, answer, "person", proposed=slot)

    def move_event(self, event_id: str, calendar_id: str) -> dict[str, Any]:
        if find_instance(self._mailbox, event_id) or calendar_id not in self._mailbox.calendars:
            raise bad_request("Only a whole event moves, to a calendar of the same mailbox.")
        event = self._mailbox.find(event_id)
        if event is None:
            raise item_not_found()
        return target_json(self._twin.exchange.move(self._person, event, calendar_id), _EVERYTHING)

    def create_calendar(self, name: str) -> str:
        return self._twin.world.create_calendar(self._mailbox, name).id

    def get_event(self, event_id: str) -> dict[str, Any]:
        view = replace(_EVERYTHING, expand_exceptions=True)
        return target_json(find_target(self._mailbox, event_id), view)

    def list_events(
        self, start: datetime, end: datetime, calendar_id: str | None = None
    ) -> list[dict[str, Any]]:
        """What lies between two aware moments, series as occurrences, earliest first."""
        home = calendar_id or self._mailbox.default_calendar.id
        found = sorted(in_window(self._mailbox, home, start, end), key=lambda t: t.start.utc)
        return [target_json(target, _EVERYTHING) for target in found]
