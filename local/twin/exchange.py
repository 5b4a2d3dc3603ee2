"""What Exchange does when somebody writes to a calendar. The JSON of Graph is not known here."""

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from local.twin.bodies import with_names
from local.twin.booking import RoomAttendant
from local.twin.drafts import Values, check_span
from local.twin.meetings import SHARED, Mail, Meetings, same_address
from local.twin.online import OnlineMeetings
from local.twin.problem import GraphProblem, bad_request
from local.twin.series import (
    Instance,
    carry_over,
    crosses_neighbour,
    dated_uid,
    instances,
    new_series,
    occurrence_id,
    series_of,
)
from local.twin.world import (
    UNSET_TIME,
    Mailbox,
    Person,
    Stamp,
    StoredEvent,
)

if TYPE_CHECKING:
    from local.twin.app import Twin
    from local.twin.outlook import PersonAtOutlook

Target = StoredEvent | Instance
Answer = Literal["accepted", "tentativelyAccepted", "declined"]
Kind = Literal["created", "updated", "deleted"]

TIMES = frozenset({
    "start", "end", "is_all_day", "original_start_zone", "original_end_zone"
})  # fmt: skip
CROSSING = "Cannot move an occurrence to or past the day of the one before or after it."


class Exchange:
    """`cause` says who made the change that a mail comes from: "person", "app <id>" or "room"."""

    def __init__(self, twin: "Twin") -> None:
        self.twin = twin
        self.outbox: list[Mail] = []
        self.meetings = Meetings(self)
        self.rooms = RoomAttendant(self)
        self.online = OnlineMeetings(self)

    def mailbox(self, person: Person) -> Mailbox:
        return self.twin.world.mailboxes[person.id]

    def act_as_person(self, tenant_id: str, user_id: str) -> "PersonAtOutlook":
        """Raises KeyError when there is no such person."""
        from local.twin.outlook import PersonAtOutlook  # noqa: PLC0415 - it needs this module

        person = self.twin.world.person(tenant_id, user_id)
        if person is None:
            raise KeyError(user_id)
        return PersonAtOutlook(self.twin, person)

    def commit(
        self, mailbox: Mailbox, event: StoredEvent, kind: Kind, *, new_key: bool = True
    ) -> None:
        """A new change key, a line for delta, and word to those who subscribed."""
        now = self.twin.clock.now()
        if new_key:
            event.change = self.twin.world.next_number()
        event.modified = now
        mailbox.log(event, now)
        self.twin.notifier.changed(
            mailbox.tenant_id,
            mailbox.owner_id,
            event.calendar_id,
            event.id,
            event.immutable_id,
            event.etag,
            kind,
        )
        self.twin.world.touch()

    def create(self, person: Person, calendar_id: str, values: Values, cause: str) -> StoredEvent:
        mailbox = self.mailbox(person)
        if repeated := self._repeated(mailbox, values.get("transaction_id")):
            return repeated
        event = self._blank(mailbox, calendar_id, values)
        event.organizer = (person.display_name, person.mail or person.upn)
        self._apply(event, self.online.allowed(person, values))
        mailbox.put(event)
        if event.transaction_id:
            mailbox.transactions[event.transaction_id] = event.id
        self.commit(mailbox, event, "created")
        self.online.written(person, event)
        self.meetings.invite(person, event, event.attendees, cause)
        return event

    def update(self, person: Person, target: Target, values: Values, cause: str) -> Target:
        """Raises GraphProblem. What comes back is as it now is."""
        values = {k: v for k, v in values.items() if k != "transaction_id"}
        values = self.online.allowed(person, values)
        if isinstance(target, Instance):
            return self._update_instance(person, target, values, cause)
        self._apply(copy(target), values)  # refuses before anything is written
        before = copy(target)
        changed = self._apply(target, values)
        if target.series is not None:
            self._pass_on(target, changed)
        self._reset_answers(target, changed)
        self.commit(self.mailbox(person), target, "updated")
        self.online.written(person, target)
        if target.is_organizer:
            self.meetings.after_update(person, before, target, changed, cause)
        return target

    def delete(self, person: Person, target: Target, cause: str) -> None:
        """Of a meeting's organiser: a cancellation. Of anybody else: the own copy only."""
        if isinstance(target, Instance):
            self._delete_instance(person, target, cause)
            return
        mailbox = self.mailbox(person)
        mailbox.take(target)
        self.commit(mailbox, target, "deleted")
        if target.is_organizer:
            self.meetings.cancel(person, target, target.attendees, cause)

    def cancel(self, person: Person, target: Target, cause: str) -> None:
        event = target.master if isinstance(target, Instance) else target
        if not event.is_organizer:
            raise bad_request("You need to be an organizer to cancel a meeting.")
        self.delete(person, target, cause)

    def respond(
        self,
        person: Person,
        target: Target,
        answer: Answer,
        cause: str,
        *,
        send: bool = True,
        proposed: dict[str, Any] | None = None,
    ) -> None:
        event = self.exception_of(target) if isinstance(target, Instance) else target
        self._check_answer(event, send=send, proposed=proposed)
        now = f"{self.twin.clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"
        organiser_shows = self.meetings.shown_by_organiser(event)
        event.response, event.response_time = answer, now
        event.show_as = "tentative" if answer == "tentativelyAccepted" else organiser_shows
        self._keep_or_remove(person, target, event, answer)
        if send:
            self.meetings.answer(person, event, answer, now, proposed, cause)

    def move(self, person: Person, event: StoredEvent, calendar_id: str) -> StoredEvent:
        """To another calendar of the same mailbox, as a person does by dragging."""
        mailbox = self.mailbox(person)
        moved = copy(event)
        mailbox.take(event)
        self.commit(mailbox, event, "deleted")
        moved.calendar_id = calendar_id
        if self.twin.switches.move_changes_id:
            moved.id = self.twin.world.event_ids(mailbox)[0]
        else:
            del mailbox.deleted[event.id]
        mailbox.put(moved)
        self.commit(mailbox, moved, "created")
        return moved

    def busy(
        self, person: Person, first: datetime, last: datetime
    ) -> Iterable[tuple[StoredEvent, Stamp, Stamp]]:
        """What lies in the person's default calendar between two aware moments."""
        mailbox = self.mailbox(person)
        home = mailbox.default_calendar.id
        for event in mailbox.events.values():
            if event.calendar_id != home:
                continue
            if event.series is None:
                if event.start.utc < last and event.end.utc > first:
                    yield event, event.start, event.end
                continue
            for one in instances(event, first, last):
                yield one.exception or event, one.start, one.end

    def _repeated(self, mailbox: Mailbox, transaction_id: str | None) -> StoredEvent | None:
        known = mailbox.transactions.get(transaction_id or "")
        event = mailbox.events.get(known) if known else None
        if event is None or self.twin.switches.transaction_repeat == "again":
            return None
        if self.twin.switches.transaction_repeat == "conflict":
            raise GraphProblem(
                409, "ErrorDuplicateTransactionId", "Your request can't be completed. An event "
                "with the same transaction id was created before.",
            )  # fmt: skip
        return event

    def _blank(self, mailbox: Mailbox, calendar_id: str, values: Values) -> StoredEvent:
        default_id, immutable_id = self.twin.world.event_ids(mailbox)
        now = self.twin.clock.now()
        return StoredEvent(
            id=default_id,
            immutable_id=immutable_id,
            calendar_id=calendar_id,
            ical_uid=self.twin.world.new_ical_uid(),
            start=values["start"],
            end=values["end"],
            created=now,
            modified=now,
            response="organizer",
            transaction_id=values.get("transaction_id"),
        )

    def _apply(self, event: StoredEvent, values: Values) -> frozenset[str]:
        """Names of the fields whose value is another than before."""
        values = dict(values)
        if "attendees" in values:
            values["attendees"] = with_status(values["attendees"], event.attendees)
        recurrence = self._wanted_recurrence(event, values)
        values["extended"] = {**(event.extended or {}), **values.get("extended", {})} or None
        if event.is_online_meeting:  # once on it stays on, with the provider it began with
            values = {k: v for k, v in values.items() if not k.startswith(("is_online", "online"))}
        if "body" in values:
            values["body"] = with_names(values["body"], self.twin.switches.body_names)
        before = {name: getattr(event, name) for name in values}
        series_before = event.series and event.series.recurrence
        for name, value in values.items():
            setattr(event, name, value)
        check_span(event.start, event.end, all_day=event.is_all_day)
        self._shape_series(event, recurrence, before)
        changed = {name for name, old in before.items() if getattr(event, name) != old}
        if (event.series and event.series.recurrence) != series_before:
            changed.add("recurrence")
        return frozenset(changed | self.online.shape(event, changed))

    def _wanted_recurrence(self, event: StoredEvent, values: Values) -> dict[str, Any] | None:
        """Taken out of the values."""
        present = event.series and event.series.recurrence
        wanted = values.pop("recurrence", present)
        switch = self.twin.switches.recurrence_null
        if wanted is None and present and switch == "refused":
            raise bad_request("The recurrence of a series cannot be taken away.")
        return present if wanted is None and switch == "ignored" else wanted

    def _shape_series(
        self, event: StoredEvent, recurrence: dict[str, Any] | None, before: Values
    ) -> None:
        """A changed pattern or time makes new occurrences; what was set on the old is lost."""
        if event.type == "exception":
            return
        if recurrence is None:
            event.series, event.type = None, "singleInstance"
            return
        old = event.series
        moved = any(n in before and getattr(event, n) != before[n] for n in ("start", "end"))
        same = old is not None and old.recurrence == recurrence and not moved
        # What a PATCH leaves out is the very object that the series has.
        given = old is None or recurrence is not old.recurrence
        if same and not (given and self.twin.switches.same_recurrence_reissues):
            return
        if event.is_all_day and "UTC" in (event.start.zone, event.end.zone):
            self._check_utc_days()
        event.series = new_series(event, recurrence, old, self.twin.switches.month_end)
        event.type = "seriesMaster"
        if old is not None:
            carry_over(event, old, self.twin.switches)

    def _check_utc_days(self) -> None:
        if not self.twin.switches.utc_all_day_series:
            raise bad_request(
                "A valid TimeZone value must be specified.", "TimeZoneNotSupportedException"
            )

    def _pass_on(self, master: StoredEvent, changed: frozenset[str]) -> None:
        """Exceptions follow their master in what was not set on them."""
        if not self.twin.switches.exceptions_follow_master:
            return
        for exception in series_of(master).exceptions.values():
            answered = exception.attendees
            own = exception.overridden | (TIMES if exception.overridden & TIMES else frozenset())
            for name in changed - own - {"start", "end", "recurrence", "extended"}:
                setattr(exception, name, getattr(master, name))
            if "attendees" in changed - own:
                exception.attendees = with_status(master.attendees, answered)

    def _reset_answers(self, event: StoredEvent, changed: frozenset[str]) -> None:
        if not event.is_organizer or not changed & {"start", "end", "recurrence", "is_all_day"}:
            return
        event.attendees = tuple(_unanswered(attendee) for attendee in event.attendees)

    def exception_of(self, instance: Instance) -> StoredEvent:
        """The instance's own event, made when it has none yet."""
        if instance.exception is not None:
            return instance.exception
        master, series = instance.master, series_of(instance.master)
        exception = replace(
            master,
            id=occurrence_id(master.id, series.epoch, instance.original),
            immutable_id=occurrence_id(master.immutable_id, series.epoch, instance.original),
            ical_uid=dated_uid(master.ical_uid, instance.original),
            type="exception",
            start=instance.start,
            end=instance.end,
            series=None,
            master_id=master.id,
            original=instance.original,
            transaction_id=None,
            extended=dict(master.extended) if master.extended else None,
        )
        series.exceptions[instance.original] = exception
        return exception

    def _update_instance(
        self, person: Person, instance: Instance, values: Values, cause: str
    ) -> Instance:
        if values.get("recurrence") is not None:
            raise bad_request("An occurrence has no recurrence of its own.")
        values.pop("recurrence", None)
        start, end = values.get("start", instance.start), values.get("end", instance.end)
        check_span(start, end, all_day=values.get("is_all_day", instance.master.is_all_day))
        if start != instance.start and crosses_neighbour(instance, start):
            raise bad_request(CROSSING, "ErrorOccurrenceCrossingBoundary")
        exception = self.exception_of(instance)
        before = copy(exception)
        changed = self._apply(exception, values)
        exception.overridden |= changed
        exception.change = self.twin.world.next_number()
        exception.modified = self.twin.clock.now()
        self._commit_instance(person, instance)
        if exception.is_organizer and changed & (SHARED | {"attendees"}):
            self.meetings.after_exception(
                person, instance.master, before, exception, changed, cause
            )
        return Instance(
            instance.master, instance.original, exception.start, exception.end, exception
        )

    def _delete_instance(self, person: Person, instance: Instance, cause: str) -> None:
        series = series_of(instance.master)
        series.cancelled.add(instance.original)
        exception = series.exceptions.pop(instance.original, None)
        self._commit_instance(person, instance)
        if instance.master.is_organizer:
            self.meetings.cancel_date(person, instance.master, exception or instance.master, cause)

    def _commit_instance(self, person: Person, instance: Instance) -> None:
        new_key = self.twin.switches.exception_bumps_master
        self.commit(self.mailbox(person), instance.master, "updated", new_key=new_key)

    def _check_answer(
        self, event: StoredEvent, *, send: bool, proposed: dict[str, Any] | None
    ) -> None:
        if event.is_organizer:
            raise bad_request(
                "Your request can't be completed. You can't respond to this meeting because "
                "you're the meeting organizer."
            )
        if proposed is not None and not (send and event.allow_new_time_proposals):
            raise bad_request("A new time cannot be proposed for this event.")

    def _keep_or_remove(
        self, person: Person, target: Target, event: StoredEvent, answer: Answer
    ) -> None:
        mailbox = self.mailbox(person)
        removes = answer == "declined" and self.twin.switches.decline_removes
        if isinstance(target, Instance):
            if removes:
                series_of(target.master).exceptions.pop(target.original, None)
                series_of(target.master).cancelled.add(target.original)
            self.commit(mailbox, target.master, "updated")
            return
        if removes:
            mailbox.take(event)
        self.commit(mailbox, event, "deleted" if removes else "updated")


def with_status(
    wanted: Iterable[dict[str, Any]], known: Iterable[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Who stays keeps the answer given, and the time proposed with it."""
    found = []
    for attendee in wanted:
        old = next((k for k in known if same_address(k, attendee)), _unanswered(attendee))
        said = {name: old[name] for name in ("status", "proposedNewTime") if name in old}
        found.append({**attendee, **said})
    return tuple(found)


def _unanswered(attendee: dict[str, Any]) -> dict[str, Any]:
    """A proposal goes with the time it was made against."""
    asked = {name: value for name, value in attendee.items() if name != "proposedNewTime"}
    return {**asked, "status": {"response": "none", "time": UNSET_TIME}}
