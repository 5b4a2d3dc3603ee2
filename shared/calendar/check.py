"""What would never be accepted by Outlook, found before it is sent."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from shared.calendar.check_series import check_series
from shared.calendar.digest import address_key
from shared.calendar.event import AllDay, Attendee, Event, Timed, Zoned
from shared.calendar.zones import iana_name, is_known
from shared.errors import Problem

MAX_SUBJECT = 255
MAX_BODY_BYTES = 64_000
MAX_ATTENDEES = 500
"""Graph: resources/event."""
MAX_ADDRESS = 254
"""RFC 5321, section 4.5.3.1.3, less the angle brackets."""
MAX_REMINDER = 2_147_483_647
"""Graph keeps the minutes as Int32."""
FIRST_YEAR, LAST_YEAR = 1601, 4500
"""Where Exchange's calendar begins (FILETIME) and ends."""

_ADDRESS = re.compile(
    r"[^\s@<>()\[\]\\,:;\"]+@[^\s@<>()\[\]\\,:;\".]+(\.[^\s@<>()\[\]\\,:;\".]+)*"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def check(event: Event) -> list[Problem]:
    """All that is wrong, in the order of the fields; pointers are those of `event_json`.

    A start that equals the end is right, as are wall times that the start of summer time leaves
    out: they are read with the offset before it (RFC 5545, section 3.3.5).
    """
    when = [*(_timed(event.when) if isinstance(event.when, Timed) else _all_day(event.when))]
    return [
        *_subject(event),
        *when,
        *_body(event),
        *_readable(event.location, "/location"),
        *_attendees(event.attendees),
        *_reminder(event.reminder),
        *(p for n, text in enumerate(event.categories) for p in _category(text, n)),
        *_other_locations(event),
        *(() if when else check_series(event, check)),
    ]


def _subject(event: Event) -> Iterator[Problem]:
    if len(event.subject) > MAX_SUBJECT:
        yield _problem("/subject", f"must not be longer than {MAX_SUBJECT} characters")
    yield from _readable(event.subject, "/subject")


def _timed(when: Timed) -> Iterator[Problem]:
    found = [*_zoned(when.start, "/start"), *_zoned(when.end, "/end")]
    yield from found
    if not found and when.end.instant < when.start.instant:
        yield _problem("/end", "must not be before start")


def _zoned(time: Zoned, at: str) -> Iterator[Problem]:
    yield from _year(time.wall, f"{at}/date_time")
    if is_known(time.zone):
        return
    meant = iana_name(time.zone)
    example = meant or "Europe/Berlin"
    yield _problem(f"{at}/time_zone", f"must be an IANA time zone such as {example}")


def _all_day(when: AllDay) -> Iterator[Problem]:
    yield from _year(when.start, "/start/date")
    yield from _year(when.end, "/end/date")
    if when.end <= when.start:
        right = f"{when.start + timedelta(1)} or later" if when.start < date.max else "later"
        yield _problem("/end/date", f"is the day after the last one: must be {right}")


def _year(day: date, at: str) -> Iterator[Problem]:
    if not FIRST_YEAR < day.year < LAST_YEAR:
        yield _problem(at, f"must be between the years {FIRST_YEAR} and {LAST_YEAR}")


def _body(event: Event) -> Iterator[Problem]:
    if len(event.body.content.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        yield _problem("/body/content", f"must not be longer than {MAX_BODY_BYTES} bytes in UTF-8")
    yield from _readable(event.body.content, "/body/content")


def _other_locations(event: Event) -> Iterator[Problem]:
    """Outlook has one list of locations, of which ours is the first."""
    if event.other_locations and not event.location.strip():
        yield _problem("/other_locations", "must be empty where location is")
    for n, text in enumerate(event.other_locations):
        if not text.strip():
            yield _problem(f"/other_locations/{n}", "must not be blank")
        yield from _readable(text, f"/other_locations/{n}")


def _attendees(attendees: tuple[Attendee, ...]) -> Iterator[Problem]:
    if len(attendees) > MAX_ATTENDEES:
        yield _problem("/attendees", f"must not be more than {MAX_ATTENDEES}")
    seen: set[str] = set()
    for n, attendee in enumerate(attendees):
        yield from _attendee(attendee, f"/attendees/{n}")
        if address_key(attendee.address) in seen:
            yield _problem(f"/attendees/{n}/address", "must not be that of an earlier attendee")
        seen.add(address_key(attendee.address))


def is_address(text: str) -> bool:
    """Whether mail may be sent there, as far as its form says."""
    return len(text) <= MAX_ADDRESS and bool(_ADDRESS.fullmatch(text)) and not is_control(text)


def is_control(text: str) -> bool:
    """Control characters, or halves of surrogate pairs: nothing that a person reads."""
    return bool(_CONTROL.search(text))


def _attendee(attendee: Attendee, at: str) -> Iterator[Problem]:
    if not is_address(attendee.address):
        yield _problem(f"{at}/address", "must be a mail address such as ada@contoso.com")
    yield from _readable(attendee.name, f"{at}/name")


def _reminder(minutes: int | None) -> Iterator[Problem]:
    if minutes is not None and not 0 <= minutes <= MAX_REMINDER:
        yield _problem("/reminder_minutes", f"must be from 0 to {MAX_REMINDER}, or null for none")


def _category(text: str, n: int) -> Iterator[Problem]:
    if not text.strip():
        yield _problem(f"/categories/{n}", "must not be blank")
    yield from _readable(text, f"/categories/{n}")


def _readable(text: str, at: str) -> Iterator[Problem]:
    if _CONTROL.search(text):
        yield _problem(at, "must not hold control characters or halves of surrogate pairs")


def _problem(pointer: str, right: str) -> Problem:
    return Problem("invalid-appointment", f"{pointer[1:].replace('/', '.')} {right}.", pointer)
