"""What a mailbox turned out to be, by what Graph said of its owner and of its calendar. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from shared.errors import Reconnect, TryAgain
from shared.graph.directory import DENIED, Answer
from shared.graph.mapping import person_from_graph
from shared.graph.seen import Person
from shared.store.records import MailboxClass, RolloutSource

# A mailbox in passing trouble is looked at so often within the hour, then once a day.
MOST_TRIES = 5
LONGEST_TROUBLE = 3600.0
NOT_PERSONAL = {
    "shared": MailboxClass.SHARED,
    "room": MailboxClass.ROOM,
    "equipment": MailboxClass.EQUIPMENT,
}
ELSEWHERE_HOSTED = "mailboxnothostedinexchangeonline"

PROBLEMS = {
    MailboxClass.NO_LICENCE: "mailbox-unlicensed",
    MailboxClass.ON_PREMISES: "mailbox-on-premises",
    MailboxClass.GUEST: "account-is-guest",
    MailboxClass.DISABLED: "user-disabled",
    MailboxClass.SHARED: "mailbox-not-personal",
    MailboxClass.ROOM: "mailbox-not-personal",
    MailboxClass.EQUIPMENT: "mailbox-not-personal",
    MailboxClass.DENIED: "access-denied",
    MailboxClass.NOT_FOUND: "mailbox-unknown",
    MailboxClass.ELSEWHERE: "mailbox-already-connected",
    MailboxClass.TROUBLE: "unavailable",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """`after` is in seconds, of trouble: how long Graph wants to be left alone."""

    kind: MailboxClass
    person: Person | None = None
    after: float = 0

    @property
    def problem(self) -> str:
        return PROBLEMS.get(self.kind, "")


def by_profile(answer: Answer) -> Sighting | None:
    """None where the calendar has to be looked at. Raises Reconnect where the directory may not
    be read at all.
    """
    if answer.body is not None:
        person = person_from_graph(answer.body)
        guest = str(answer.body.get("userType") or "").lower() == "guest"
        return Sighting(MailboxClass.GUEST, person) if guest else None
    match answer.error:
        case Reconnect(cause="mailbox-missing"):
            return Sighting(MailboxClass.NOT_FOUND)
        case Reconnect(cause="access-denied", trace=trace):
            raise Reconnect(DENIED, trace)
        case Reconnect() as reconnect:
            raise reconnect
        case other:
            return _troubled(other, None)


def by_calendar(profile: dict[str, Any], calendar: Answer, purpose: Answer | None) -> Sighting:
    """`purpose` is None where nobody asked for it, or may."""
    person = person_from_graph(profile)
    if calendar.body is not None:
        return Sighting(_of_open(profile, _purpose(purpose)), person)
    match calendar.error:
        case Reconnect(cause="mailbox-missing"):
            return Sighting(_of_missing(profile, calendar.code), person)
        case Reconnect(cause="access-denied"):
            return Sighting(MailboxClass.DENIED, person)
        case other:
            return _troubled(other, person)


def _purpose(answer: Answer | None) -> str:
    return str((answer.body or {}).get("value") or "").lower() if answer else ""


def _of_open(profile: Mapping[str, Any], purpose: str) -> MailboxClass:
    """A mailbox that is nobody's own has an account that nobody signs in with; so has a person
    who was blocked, but they keep their licence for a while.
    """
    if found := NOT_PERSONAL.get(purpose):
        return found
    if profile.get("accountEnabled", True) is not False:
        return MailboxClass.REACHABLE
    if not purpose and not _is_licensed(profile):
        return MailboxClass.SHARED
    return MailboxClass.DISABLED


def _of_missing(profile: Mapping[str, Any], code: str) -> MailboxClass:
    if code.lower() == ELSEWHERE_HOSTED:
        return MailboxClass.ON_PREMISES
    if profile.get("accountEnabled", True) is False:
        return MailboxClass.DISABLED
    if not _is_licensed(profile):
        return MailboxClass.NO_LICENCE
    # A licensed account whose mailbox has not been moved yet, or whose mailbox is switched off:
    # Graph has the same words for both.
    return MailboxClass.ON_PREMISES


def _is_licensed(profile: Mapping[str, Any]) -> bool:
    """For Exchange, where Graph names plans; an account without any licence has none either."""
    plans = cast("Sequence[Mapping[str, Any]] | None", profile.get("assignedPlans"))
    if plans:
        return any(
            str(plan.get("service")).lower() == "exchange"
            and str(plan.get("capabilityStatus")).lower() in {"enabled", "warning"}
            for plan in plans
        )
    return bool(profile.get("assignedLicenses", True))


def _troubled(error: Exception | None, person: Person | None) -> Sighting:
    after = error.after if isinstance(error, TryAgain) else 0
    return Sighting(MailboxClass.TROUBLE, person, after)


def is_wanted(kind: MailboxClass, source: RolloutSource) -> bool:
    """Who names a shared mailbox or a room wants that one; nobody who says everybody does."""
    if kind in NOT_PERSONAL.values():
        return source is RolloutSource.LIST
    return kind is MailboxClass.REACHABLE


def look_again_at(sighting: Sighting, tries: int, now: datetime) -> datetime | None:
    """When a mailbox in trouble is worth another look; None: not before tomorrow."""
    if sighting.kind is not MailboxClass.TROUBLE or tries >= MOST_TRIES:
        return None
    wait = min(max(sighting.after, 10.0 * 4 ** (tries - 1)), LONGEST_TROUBLE)
    return now + timedelta(seconds=wait)
