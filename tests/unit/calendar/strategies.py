"""Events to generate, and what Exchange may do to one without anybody having changed it."""

import html
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from shared.calendar.event import (
    AllDay,
    Attendee,
    AttendeeKind,
    Body,
    BodyKind,
    Event,
    Response,
    Sensitivity,
    ShowAs,
    Timed,
    When,
    Zoned,
)
from shared.calendar.zones import zoned

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Scoresbysund",
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)
zone_names = st.sampled_from(ZONES)
instants = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
addresses = st.builds(
    lambda name, host: f"{name}@{host}.example",
    st.sampled_from(["ada", "Ben", "c.d", "eve+x"]),
    st.sampled_from(["contoso", "Fabrikam"]),
)


@st.composite
def timed(draw: st.DrawFn) -> Timed:
    start = draw(instants)
    end = start + timedelta(minutes=draw(st.integers(0, 60 * 48)))
    return Timed(zoned(start, draw(zone_names)), zoned(end, draw(zone_names)))


attendees = st.lists(
    st.builds(
        Attendee,
        addresses,
        texts,
        st.sampled_from(AttendeeKind),
        st.sampled_from(Response),
        st.none() | timed(),
    ),
    max_size=4,
    unique_by=lambda attendee: attendee.address.lower(),
).map(tuple)


@st.composite
def all_day(draw: st.DrawFn) -> AllDay:
    start = draw(days)
    return AllDay(start, start + timedelta(days=draw(st.integers(1, 5))))


whens: st.SearchStrategy[When] = timed() | all_day()
bodies = st.builds(Body, texts, st.sampled_from(BodyKind))
categories = st.lists(st.sampled_from(["Red", "Blue", "Client visit"]), unique=True).map(tuple)

events = st.builds(
    Event,
    subject=texts,
    when=whens,
    body=bodies,
    location=texts,
    attendees=attendees,
    show_as=st.sampled_from(ShowAs),
    sensitivity=st.sampled_from(Sensitivity),
    reminder=st.none() | st.integers(0, 10_080),
    categories=categories,
)


@st.composite
def variants(draw: st.DrawFn, event: Event) -> Event:
    """The event with any of its fields taken from another one."""
    other = draw(events)
    names = draw(st.sets(st.sampled_from(Event.__slots__)))
    return replace(event, **{name: getattr(other, name) for name in names})


@st.composite
def rewritten(draw: st.DrawFn, event: Event) -> Event:
    """The event as it may come back from Outlook though nobody edited it."""
    return replace(
        event,
        subject=f" {event.subject}\r\n",
        location=f"{event.location} ",
        when=draw(_retold(event.when)),
        body=_wrapped(event.body),
        attendees=draw(_answered(event.attendees)),
        categories=tuple(draw(st.permutations(event.categories))),
    )


@st.composite
def _retold(draw: st.DrawFn, when: When) -> When:
    if isinstance(when, AllDay):
        return when
    return Timed(*(zoned(time.instant, draw(zone_names)) for time in (when.start, when.end)))


@st.composite
def _answered(draw: st.DrawFn, guests: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
    return tuple(
        Attendee(
            guest.address.swapcase(), draw(texts), guest.kind, draw(st.sampled_from(Response))
        )
        for guest in draw(st.permutations(guests))
    )


def _wrapped(body: Body) -> Body:
    """As HTML inside Exchange's own head and wrapper."""
    inner = body.content
    if body.kind is BodyKind.TEXT:
        inner = "<br>\r\n".join(html.escape(inner).splitlines())
    head = '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    return Body(
        f"<html>\r\n{head}\r\n</head>\r\n<body>\r\n<div>{inner}</div>\r\n</body>\r\n</html>\r\n",
        BodyKind.HTML,
    )


def wall(text: str, zone: str = "Europe/Berlin", *, fold: int = 0) -> Zoned:
    return Zoned(datetime.fromisoformat(text).replace(fold=fold), zone)


def at(hour: int, zone: str = "Europe/Berlin") -> Zoned:
    return wall(f"2026-11-23T{hour:02}:00", zone)


MEETING = Event(
    subject="Review",
    when=Timed(at(10), at(11)),
    body=Body("Bring the <plan>"),
    location="Room 1",
    attendees=(
        Attendee("ada@contoso.example", "Ada", AttendeeKind.REQUIRED, Response.ACCEPTED),
        Attendee("ben@contoso.example", "Ben", AttendeeKind.OPTIONAL),
    ),
    reminder=15,
    categories=("Red", "Blue"),
)
