"""Records to store: complete ones, with a value in every field."""

import hashlib
from datetime import UTC, date, datetime, timedelta

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
    Zoned,
)
from shared.store.records import (
    AppointmentStatus,
    Calendar,
    CalendarKey,
    Change,
    Connection,
    ConnectionKind,
    ConsentLink,
    Copies,
    Copy,
    Ended,
    Endpoint,
    EndpointState,
    Held,
    Kept,
    Link,
    LinkState,
    Loss,
    MailboxClass,
    Operation,
    OperationState,
    Origin,
    Outcome,
    Pending,
    Proof,
    Reach,
    Receipt,
    ReceiptPart,
    Rollout,
    RolloutMailbox,
    RolloutSource,
    RolloutState,
    Ruling,
    Spread,
    Stage,
    State,
    Tenant,
    Verdict,
    Wish,
)

NOW = datetime(2026, 11, 23, 9, 30, 15, 250_000, tzinfo=UTC)
KEY = CalendarKey("acme", "room-1")
OTHER = CalendarKey("acme", "room-2")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WARNING = {"code": "zero-length", "detail": "It ends as it starts.", "pointer": "/end"}


def event(subject: str = "Review", content: str = "<p>Grüße 😀</p>") -> Event:
    return Event(
        subject=subject,
        when=Timed(
            Zoned(datetime.fromisoformat("2026-11-23T10:00"), "Europe/Berlin"),
            Zoned(datetime.fromisoformat("2026-11-23T11:00"), "Europe/Berlin"),
        ),
        body=Body(content, BodyKind.HTML),
        location="Room 'O' / 1",
        attendees=(
            Attendee("ann@example.com", "Ann", AttendeeKind.REQUIRED, Response.ACCEPTED),
            Attendee("room@example.com", "", AttendeeKind.RESOURCE),
        ),
        show_as=ShowAs.TENTATIVE,
        sensitivity=Sensitivity.PRIVATE,
        reminder=15,
        categories=("Blue", "Red"),
    )


def all_day() -> Event:
    return Event("Holiday", AllDay(date(2026, 12, 24), date(2026, 12, 27)))


def tenant(name: str = "acme", etag: str = "") -> Tenant:
    policy = {"direction": "both", "owners": {"subject": "app"}, "window_back_days": 30}
    return Tenant(
        name,
        "Acme",
        State.DEGRADED,
        NOW,
        "mailbox-missing",
        "guid",
        policy,
        receipt="r1",
        provider="google",
        etag=etag,
    )


def connection(name: str = "c1", etag: str = "") -> Connection:
    return Connection(
        id=name,
        tenant="acme",
        kind=ConnectionKind.USER,
        state=State.ACTIVE,
        since=NOW,
        entra_tenant="guid",
        cause="token-refused",
        user_id="oid",
        address="ann@example.com",
        display_name="Ann O'Neill",
        reach=Reach.READ,
        granted=("Calendars.Read", "User.Read"),
        client="0a1b2c3d-0000-4000-8000-000000000009",
        scoped=True,
        receipt="r1",
        missed=NOW,
        mended=NOW,
        logged=7,
        exercised=NOW,
        check_due=NOW + timedelta(days=30),
        notice="mailbox-perhaps-shared",
        etag=etag,
    )


def calendar(key: CalendarKey = KEY) -> Calendar:
    return Calendar(
        key=key,
        connection="c1",
        user_id=f"OID-{key.calendar}",
        address=f"{key.calendar}@Example.com",
        state=State.PROVISIONING,
        since=NOW,
        cause="access-denied",
        graph_calendar="AAMk=",
        display_name="Room",
        aliases=(f"o'{key.calendar}+x@example.com", f"{key.calendar}@old.example.com"),
        delta_link="https://graph.example/delta?$deltatoken=" + "x" * 12_000,
        window_start=NOW - timedelta(days=30),
        window_end=NOW + timedelta(days=730),
        last_round=NOW,
        last_change=NOW,
        connected=NOW - timedelta(days=1),
        policy_version=4,
        announced=True,
        subscription="sub",
        subscription_expires=NOW + timedelta(days=6),
        subscription_due=NOW + timedelta(days=3),
        subscription_renewed=NOW,
        subscription_tries=2,
        client_state="secret",
        interval=600,
        time_zone="Europe/Berlin",
        zone_given=True,
        has_teams=False,
        teams_seen=NOW,
        poll_due=NOW + timedelta(minutes=10),
        occurrences_due=NOW + timedelta(hours=9),
        held=held(),
        receipt="r1",
        reach=Reach.READ,
        shared=Reach.FREE_BUSY,
        dry=True,
        rehearsed={"events.imported": 3, "mails": 1},
        former=(f"{key.calendar}@before.example.com",),
        profile_read=NOW,
    )


def held() -> Held:
    return Held(NOW, 90, 80, 3, ("a1", "a2"), guests=7, mails=4, ruling=Ruling.DISCARD)


def link(appointment: str = "a1", event_id: str = "ev1", etag: str = "") -> Link:
    return Link(
        appointment=appointment,
        version=3,
        app=event(),
        base=event("Review, agreed"),
        outlook=all_day(),
        event_id=event_id,
        outlook_etag='W/"graph"',
        exceptions=("0a1b2c3d4e", "ffeeddccbb"),
        ical_uid=f"040000008200E{event_id}",
        organizer="ann@example.com",
        is_organizer=False,
        status=AppointmentStatus.TENTATIVE,
        origin=Origin.OUTLOOK,
        revision=1_764_000_000_000,
        changed=NOW,
        project="Befriending",
        type="visit",
        protected=True,
        join_url="https://teams.microsoft.com/l/meetup-join/19%3a",
        markup="<div>above</div><p>Review</p>",
        home="acme~room-2",
        spread=(Spread("acme~room-2", appointment, 'W/"9"'), Spread("acme~x", "a/1")),
        follows="a0",
        hidden=True,
        first_only=True,
        singly=True,
        ended="r1",
        etag=etag,
    )


def pending(appointment: str = "a1", etag: str = "", accepted: datetime = NOW) -> Pending:
    return Pending(
        appointment=appointment,
        version=3,
        wish=Wish.CANCEL,
        accepted=accepted,
        maybe_written=frozenset({"d1", "d2"}),
        attempted=True,
        tries=2,
        comment="Sorry, 'no' room",
        warnings=(WARNING,),
        not_before=NOW + timedelta(seconds=30),
        to="acme~room-2",
        silent=True,
        traceparent=TRACE,
        etag=etag,
    )


def operation(appointment: str = "a1", version: int = 3) -> Operation:
    problem = {"code": "refused-by-microsoft", "extra": {"status": 400}}
    state = OperationState.REFUSED
    return Operation(appointment, version, Wish.WRITE, state, NOW, NOW, problem, (WARNING,), NOW)


def kept(
    appointment: str = "a1", version: int = 3, side: Origin = Origin.APP, at: datetime = NOW
) -> Kept:
    return Kept(appointment, version, side, Loss.OVERWRITTEN, event("Before"), at, "outlook")


def change(name: str = "ch1") -> Change:
    data = {"appointment": "a1", "fields": ["subject"], "before": {"subject": "Grüße"}, "n": 1.5}
    return Change(name, "calbridge.appointment.updated", "a1", NOW, data, began=NOW)


def copy(event_id: str = "ev9") -> Copy:
    return Copy(event_id, "ical", "bob@example.com", 'W/"graph"', "9a8b")


def endpoint(name: str = "e1", etag: str = "") -> Endpoint:
    return Endpoint(
        id=name,
        tenant="acme",
        url="https://hooks.example/x?y='z'",
        state=EndpointState.FAILING,
        cursor=17,
        failures=2,
        next_try=NOW,
        busy_until=NOW + timedelta(seconds=30),
        cause="no-answer",
        secret="0a1b",
        former=(("", NOW), ("9f8e", NOW + timedelta(hours=24))),
        coming=(("7c6d", NOW + timedelta(minutes=10)),),
        etag=etag,
    )


def consent_link(name: str = "l1", etag: str = "") -> ConsentLink:
    return ConsentLink(
        id=name,
        tenant="acme",
        kind=ConnectionKind.ORGANISATION,
        expires=NOW,
        state=LinkState.SEEN,
        since=NOW,
        reach=Reach.READ,
        expected="ann@example.com",
        reconnects="c0",
        login_hint="ann@example.com",
        return_url="https://app.example/back",
        connection="c1",
        problem="access_denied",
        time_zone="Europe/Rome",
        choices=(ConnectionKind.USER, ConnectionKind.ORGANISATION),
        proven="guid",
        moves=3,
        number=65004,
        etag=etag,
    )


def rollout() -> Rollout:
    return Rollout(
        id="r1",
        tenant="acme",
        connection="c1",
        source=RolloutSource.GROUP,
        state=RolloutState.ACTION_REQUIRED,
        since=NOW,
        created=NOW,
        group="0000",
        ring="pilot",
        dry=True,
        follow=False,
        time_zone="Europe/Rome",
        cause="directory-denied",
        listing=False,
        cursor="https://graph/next?" + "x" * 10_000,
        delta_link="https://graph/delta",
        listed=NOW,
        started=NOW,
        moved=NOW,
        done=NOW,
        lifting=True,
        next_pass=NOW,
    )


def rollout_mailbox(name: str = "m1") -> RolloutMailbox:
    return RolloutMailbox(
        tenant="acme",
        rollout="r1",
        id=name,
        stage=Stage.FOUND,
        since=NOW,
        name="ann",
        kind=MailboxClass.TROUBLE,
        address="ann@example.com",
        display_name="Änn",
        aliases=("a@example.com",),
        problem="unavailable",
        dry=True,
        tries=2,
        look_at=NOW,
    )


def receipt(name: str = "r1", etag: str = "") -> Receipt:
    return Receipt(name, Ended.TENANT, NOW, Copies.REMOVE, notify=True, ended=NOW, etag=etag)


def part(name: str = "p1", receipt: str = "r1") -> ReceiptPart:
    return ReceiptPart(
        receipt=receipt,
        name=name,
        what=Ended.CALENDAR,
        subscriptions=1,
        subscription_until=NOW + timedelta(days=6),
        secrets=2,
        purge_by=NOW + timedelta(days=90),
        refused_writes=3,
        left=4,
        marked=5,
        removed=6,
        with_guests=1,
        of_others=1,
        refused=1,
        unreachable=1,
    )


def proof(name: str = "p1", connection: str = "c1", at: datetime = NOW, etag: str = "") -> Proof:
    return Proof(
        id=name,
        tenant="acme",
        connection=connection,
        at=at,
        inside="ann@example.com",
        outside="o'neill@example.com",
        inside_found=Outcome.REACHED,
        outside_found=Outcome.MISSING,
        verdict=Verdict.UNCLEAR,
        why="Are they swapped?",
        roles=("User.Read.All",),
        etag=etag,
    )


def noise(seed: str, length: int) -> str:
    """Text that hardly compresses, the same for the same seed."""
    digest = hashlib.shake_256(seed.encode()).digest(length)
    return "".join(chr(0x21 + byte % 93) for byte in digest)
