"""What a meeting does to others: copies in attendees' mailboxes, and mail."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from local.twin.series import instance_on, occurrence_ids
from local.twin.world import UNSET_TIME, Person, Series, StoredEvent

if TYPE_CHECKING:
    from local.twin.exchange import Exchange

MailKind = Literal["invitation", "update", "cancellation", "response"]
Attendees = Iterable[dict[str, Any]]

SHARED = frozenset({
    "subject", "body", "start", "end", "is_all_day", "locations", "recurrence",
    "is_online_meeting",
})  # fmt: skip
_COPIED = (
    "subject", "body", "start", "end", "is_all_day", "original_start_zone", "original_end_zone",
    "locations", "attendees", "organizer", "sensitivity", "importance", "response_requested",
    "allow_new_time_proposals", "hide_attendees", "is_online_meeting", "online_provider",
    "join_url", "type", "ical_uid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that Exchange sent because of a calendar. `at` is ISO 8601 on the twin's clock."""

    at: str
    tenant_id: str
    sender: str
    to: str
    kind: MailKind
    subject: str
    ical_uid: str
    cause: str

    def to_json(self) -> dict[str, Any]:
        shown = asdict(self)
        shown["from"] = shown.pop("sender")
        return shown


class Meetings:
    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange

    def invite(self, host: Person, event: StoredEvent, guests: Attendees, cause: str) -> None:
        for guest in _others(host, guests):
            self._mail(host, address_of(guest), "invitation", event.subject, event.ical_uid, cause)
            self._deliver(event, address_of(guest))

    def after_update(
        self,
        host: Person,
        before: StoredEvent,
        event: StoredEvent,
        changed: frozenset[str],
        cause: str,
    ) -> None:
        """A cancellation to who was removed, an invitation to who is new, news to the others."""
        gone, came, stayed = _sorted_out(before.attendees, event.attendees)
        self.cancel(host, event, gone, cause)
        self.invite(host, event, came, cause)
        if changed & SHARED:
            self._update(host, event, stayed, changed, cause)

    def after_exception(
        self,
        host: Person,
        master: StoredEvent,
        before: StoredEvent,
        exception: StoredEvent,
        changed: frozenset[str],
        cause: str,
    ) -> None:
        """As after_update, for one date. Who is invited to it alone gets it as a single event."""
        gone, came, stayed = _sorted_out(before.attendees, exception.attendees)
        for guest in _others(host, gone):
            self._mail_about(host, guest, "cancellation", exception, cause)
            self._drop_date(master, exception, address_of(guest))
        for guest in _others(host, came):
            self._mail_about(host, guest, "invitation", exception, cause)
            self._bring_date(master, exception, address_of(guest))
        for guest in _others(host, stayed) if changed & SHARED else ():
            self._mail_about(host, guest, "update", exception, cause)
            self._refresh(master, address_of(guest))
            self._refresh(exception, address_of(guest))

    def cancel(self, host: Person, event: StoredEvent, guests: Attendees, cause: str) -> None:
        prefix = self._exchange.twin.switches.cancelled_prefix
        for guest in _others(host, guests):
            subject = f"{prefix}{event.subject}"
            self._mail(host, address_of(guest), "cancellation", subject, event.ical_uid, cause)
            self._cancel_copy(event, address_of(guest))

    def cancel_date(
        self, host: Person, master: StoredEvent, shown: StoredEvent, cause: str
    ) -> None:
        subject = f"{self._exchange.twin.switches.cancelled_prefix}{shown.subject}"
        for guest in _others(host, shown.attendees):
            self._mail(host, address_of(guest), "cancellation", subject, master.ical_uid, cause)
            self._refresh(master, address_of(guest))
            if shown.original is not None:
                self._cancel_copy(shown, address_of(guest))

    def answer(
        self,
        person: Person,
        event: StoredEvent,
        answer: str,
        at: str,
        proposed: dict[str, Any] | None,
        cause: str,
    ) -> None:
        """The organiser gets a mail, and the answer on the own copy of the meeting."""
        words = {"accepted": "Accepted", "declined": "Declined"}.get(answer, "Tentative")
        subject = f"{words}: {event.subject}"
        self._mail(person, event.organizer[1], "response", subject, event.ical_uid, cause)
        host = self._exchange.twin.world.find_address(event.organizer[1])
        mailbox = host and self._exchange.mailbox(host)
        original = mailbox and mailbox.by_ical_uid(_undated(event.ical_uid))
        if not mailbox or not original:
            return
        self._note_answer(original, event, person, {"response": answer, "time": at}, proposed)
        self._exchange.commit(mailbox, original, "updated")

    def shown_by_organiser(self, copy: StoredEvent) -> str:
        """What accepting makes of the time: what the organiser shows it as."""
        host = self._exchange.twin.world.find_address(copy.organizer[1])
        original = host and self._exchange.mailbox(host).by_ical_uid(_undated(copy.ical_uid))
        return original.show_as if original else "busy"

    def _note_answer(
        self,
        original: StoredEvent,
        copy: StoredEvent,
        person: Person,
        status: dict[str, str],
        proposed: dict[str, Any] | None,
    ) -> None:
        told = [original]
        if copy.original is not None and original.series is not None:
            instance = instance_on(original, copy.original)
            told = [self._exchange.exception_of(instance)] if instance else []
        elif original.series is not None:
            told += original.series.exceptions.values()
        for event in told:
            event.attendees = tuple(
                _answered(a, status, proposed) if _is(person, a) else a for a in event.attendees
            )

    def _bring_date(self, master: StoredEvent, exception: StoredEvent, address: str) -> None:
        person = self._exchange.twin.world.find_address(address)
        knows = person and self._exchange.mailbox(person).by_ical_uid(master.ical_uid)
        if knows:
            self._refresh(master, address)
        else:
            self._deliver(exception, address)

    def _drop_date(self, master: StoredEvent, exception: StoredEvent, address: str) -> None:
        person = self._exchange.twin.world.find_address(address)
        mailbox = person and self._exchange.mailbox(person)
        copy = mailbox and mailbox.by_ical_uid(master.ical_uid)
        if mailbox and copy and copy.series and exception.original:
            copy.series.cancelled.add(exception.original)
            copy.series.exceptions.pop(exception.original, None)
            self._exchange.commit(mailbox, copy, "updated")
        self._cancel_copy(exception, address)

    def _mail_about(
        self, host: Person, guest: dict[str, Any], kind: MailKind, event: StoredEvent, cause: str
    ) -> None:
        self._mail(host, address_of(guest), kind, event.subject, event.ical_uid, cause)

    def _mail(
        self, sender: Person, to: str, kind: MailKind, subject: str, uid: str, cause: str
    ) -> None:
        now = self._exchange.twin.clock.now().isoformat()
        self._exchange.outbox.append(
            Mail(now, sender.tenant_id, sender.mail, to, kind, subject, uid, cause)
        )

    def _update(
        self,
        host: Person,
        event: StoredEvent,
        guests: Attendees,
        changed: frozenset[str],
        cause: str,
    ) -> None:
        """One mail for the meeting and one more for each instance edited by itself."""
        letters = [event, *(event.series.exceptions.values() if event.series else ())]
        asks_again = bool(changed & {"start", "end", "recurrence", "is_all_day"})
        for guest in _others(host, guests):
            for letter in letters:
                to = address_of(guest)
                self._mail(host, to, "update", letter.subject, letter.ical_uid, cause)
            self._refresh(event, address_of(guest), asks_again=asks_again)

    def _deliver(self, event: StoredEvent, address: str) -> None:
        person = self._exchange.twin.world.find_address(address)
        if person is None or not person.reachable:
            return
        mailbox = self._exchange.mailbox(person)
        if mailbox.by_ical_uid(event.ical_uid):
            self._refresh(event, address, asks_again=True)
            return
        copy = _copy_for(event, *self._exchange.twin.world.event_ids(mailbox))
        copy.calendar_id = mailbox.default_calendar.id
        copy.created = self._exchange.twin.clock.now()
        self._take_over(copy, event, person)
        mailbox.put(copy)
        self._exchange.commit(mailbox, copy, "created")
        self._exchange.rooms.asked(person, copy)

    def _refresh(self, event: StoredEvent, address: str, *, asks_again: bool = False) -> None:
        person = self._exchange.twin.world.find_address(address)
        if person is None or not person.reachable:
            return
        mailbox = self._exchange.mailbox(person)
        copy = mailbox.by_ical_uid(event.ical_uid)
        if copy is None:
            if self._exchange.twin.switches.resurrect_deleted_copies or person.kind == "room":
                self._deliver(event, address)
            return
        self._take_over(copy, event, person)
        if asks_again:
            copy.response, copy.response_time = "notResponded", UNSET_TIME
            copy.show_as = "tentative"
        self._exchange.commit(mailbox, copy, "updated")
        if asks_again:
            self._exchange.rooms.asked(person, copy)

    def _take_over(self, copy: StoredEvent, event: StoredEvent, person: Person) -> None:
        for name in _COPIED:
            setattr(copy, name, getattr(event, name))
        copy.is_cancelled = False
        if copy.type == "exception":  # invited to one date only
            copy.type, copy.master_id = "singleInstance", None
        if event.hide_attendees:
            copy.attendees = ()
        copy.series = _series_for(copy, event)
        if person.kind == "room":  # a booking's subject and text are not the room's business
            for one in (copy, *(copy.series.exceptions.values() if copy.series else ())):
                one.subject, one.body = event.organizer[0], ""

    def _cancel_copy(self, event: StoredEvent, address: str) -> None:
        person = self._exchange.twin.world.find_address(address)
        mailbox = person and self._exchange.mailbox(person)
        copy = mailbox and mailbox.by_ical_uid(event.ical_uid)
        if person is None or not mailbox or not copy:
            return
        if person.kind == "room" or self._exchange.twin.switches.cancelled_copies == "remove":
            mailbox.take(copy)
            self._exchange.commit(mailbox, copy, "deleted")
            return
        for one in (copy, *(copy.series.exceptions.values() if copy.series else ())):
            subject = f"{self._exchange.twin.switches.cancelled_prefix}{one.subject}"
            one.is_cancelled, one.subject, one.show_as = True, subject, "free"
        self._exchange.commit(mailbox, copy, "updated")


def address_of(attendee: dict[str, Any]) -> str:
    return attendee["emailAddress"]["address"]


def same_address(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return address_of(one).lower() == address_of(other).lower()


def _is(person: Person, attendee: dict[str, Any]) -> bool:
    return address_of(attendee).lower() in person.addresses


def _sorted_out(
    old: Attendees, new: Attendees
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Who left, who came, who stayed."""
    gone = [a for a in old if not any(same_address(a, b) for b in new)]
    came = [a for a in new if not any(same_address(a, b) for b in old)]
    return gone, came, [a for a in new if any(same_address(a, b) for b in old)]


def _others(host: Person, guests: Attendees) -> list[dict[str, Any]]:
    return [guest for guest in guests if not _is(host, guest)]


def _answered(
    attendee: dict[str, Any], status: dict[str, str], proposed: dict[str, Any] | None
) -> dict[str, Any]:
    answered = {**attendee, "status": status}
    answered.pop("proposedNewTime", None)
    return {**answered, "proposedNewTime": proposed} if proposed else answered


def _undated(ical_uid: str) -> str:
    """The series' id inside an occurrence's."""
    return f"{ical_uid[:32]}00000000{ical_uid[40:]}"


def _copy_for(event: StoredEvent, default_id: str, immutable_id: str) -> StoredEvent:
    return replace(
        event,
        id=default_id,
        immutable_id=immutable_id,
        is_organizer=False,
        response="notResponded",
        response_time=UNSET_TIME,
        show_as="tentative",
        categories=(),
        is_reminder_on=True,
        reminder_minutes=15,
        transaction_id=None,
        extended=None,
    )


def _series_for(copy: StoredEvent, event: StoredEvent) -> Series | None:
    """The same series under the copy's ids. Dates that the attendee removed stay removed."""
    if event.series is None:
        return None
    theirs = event.series
    mine = copy.series if copy.series and copy.series.epoch == theirs.epoch else None
    cancelled = theirs.cancelled | (mine.cancelled if mine else set())
    answered = mine.exceptions if mine else {}
    exceptions = {
        day: _exception_for(copy, occurrence_ids(copy, theirs.epoch, day), exception, answered)
        for day, exception in theirs.exceptions.items()
        if day not in cancelled
    }
    return replace(theirs, exceptions=exceptions, cancelled=cancelled)


def _exception_for(
    copy: StoredEvent,
    ids: tuple[str, str],
    exception: StoredEvent,
    answered: dict[date, StoredEvent],
) -> StoredEvent:
    """An organiser's exception as the guest has it. An answer given for it alone stays."""
    mine = _copy_for(exception, *ids)
    mine.calendar_id, mine.master_id = copy.calendar_id, copy.id
    known = answered.get(exception.original, copy) if exception.original else copy
    mine.response, mine.response_time = known.response, known.response_time
    mine.show_as = known.show_as
    return mine
