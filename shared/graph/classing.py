"""What a mailbox turned out to be, by what Graph said of its owner and of its calendar. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.errors import Reconnect, TryAgain
from shared.graph.directory import DENIED, Answer
from shared.graph.mapping import person_from_graph
from shared.graph.seen import Person
from shared.store.records import MailboxClass

NOT_PERSONAL = {
    "shared": MailboxClass.SHARED,
    "room": MailboxClass.ROOM,
    "equipment": MailboxClass.EQUIPMENT,
}
ELSEWHERE_HOSTED = "mailboxnothostedinexchangeonline"
# Both come with licences of other services, and neither with a mailbox.
WITHOUT_MAILBOX = frozenset(
    {
        "113feb6c-3fe4-4440-bddc-54d774bf0318",  # EXCHANGE_S_FOUNDATION
        "176a09a6-7ec5-4039-ac02-b2791c6ba793",  # EXCHANGE_S_ARCHIVE_ADDON
    }
)
IN_USE = frozenset({"enabled", "warning"})

PROBLEMS = {
    MailboxClass.NO_LICENCE: "mailbox-unlicensed",
    MailboxClass.ON_PREMISES: "mailbox-on-premises",
    MailboxClass.INACTIVE: "mailbox-inactive",
    MailboxClass.UNOPENED: "mailbox-missing",
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
        return Sighting(MailboxClass.GUEST, person) if is_guest(answer.body) else None
    match answer.error:
        case Reconnect(cause="mailbox-missing"):
            return Sighting(MailboxClass.NOT_FOUND)
        case Reconnect(cause="access-denied", trace=trace):
            raise Reconnect(DENIED, trace)
        case Reconnect() as reconnect:
            raise reconnect
        case other:
            return _troubled(other, None)


def is_guest(profile: Mapping[str, Any]) -> bool:
    return str(profile.get("userType") or "").lower() == "guest"


def by_calendar(profile: Mapping[str, Any], calendar: Answer, purpose: Answer | None) -> Sighting:
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
    if not purpose and _is_licensed(profile) is False:
        return MailboxClass.SHARED
    return MailboxClass.DISABLED


def _of_missing(profile: Mapping[str, Any], code: str) -> MailboxClass:
    if code.lower() == ELSEWHERE_HOSTED:
        return MailboxClass.ON_PREMISES
    if profile.get("accountEnabled", True) is False:
        return MailboxClass.DISABLED
    match _is_licensed(profile):
        case None:
            return MailboxClass.UNOPENED
        case False:
            return MailboxClass.NO_LICENCE
        case True:
            # Null where the account never came from servers of the organisation's own; then no
            # mailbox can be there. (Graph: resource type user)
            synced = profile.get("onPremisesSyncEnabled")
            return MailboxClass.INACTIVE if synced is None else MailboxClass.ON_PREMISES


def _is_licensed(profile: Mapping[str, Any]) -> bool | None:
    """For a mailbox, where Graph names plans; an account without any licence has none either.
    None where Graph shows neither: a grant may see names only.
    """
    plans = _listed(profile, "assignedPlans")
    if plans:
        return any(str(one.get("capabilityStatus")).lower() in IN_USE for one in _mailboxes(plans))
    licences = _listed(profile, "assignedLicenses")
    return None if licences is None else bool(licences)


def looks_shared(profile: Mapping[str, Any]) -> bool:
    """Of a mailbox that opens: its account never had a licence for one, as far as Graph shows.
    Mailboxes of several people, rooms and equipment need none. Nothing is to be refused by it:
    that an empty list is all there is, is documented nowhere.
    """
    plans, licences = _listed(profile, "assignedPlans"), _listed(profile, "assignedLicenses")
    if plans is None or licences is None:
        return False
    return not _mailboxes(plans) if plans else not licences


def _mailboxes(plans: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        one
        for one in plans
        if str(one.get("service")).lower() == "exchange"
        and str(one.get("servicePlanId")).lower() not in WITHOUT_MAILBOX
    ]


def _listed(profile: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]] | None:
    return cast("Sequence[Mapping[str, Any]] | None", profile.get(name))


def _troubled(error: Exception | None, person: Person | None) -> Sighting:
    after = error.after if isinstance(error, TryAgain) else 0
    return Sighting(MailboxClass.TROUBLE, person, after)
