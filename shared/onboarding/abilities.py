"""What can be done under a connection, and what not and why, in plain words."""

from dataclasses import dataclass
from enum import StrEnum

from shared.custody.reach import calendars_in, least, reach_of, reaches_rooms
from shared.store.records import Connection, Reach


class Feature(StrEnum):
    WRITE = "write_appointments"
    READ = "read_events"
    FREE_BUSY = "free_busy"
    ROOMS = "rooms"


@dataclass(frozen=True, slots=True)
class Words:
    can: str
    cannot: str
    permission: str


TABLE = {
    Feature.WRITE: Words(
        "Write appointments to Outlook, change and delete them.",
        "Write, change or delete anything in Outlook",
        "Calendars.ReadWrite",
    ),
    Feature.READ: Words(
        "Read events from Outlook and tell of their changes.",
        "Read events",
        "Calendars.Read",
    ),
    Feature.FREE_BUSY: Words(
        "Ask when people are free or busy.",
        "Ask when people are free or busy",
        "Calendars.ReadBasic",
    ),
    Feature.ROOMS: Words("List the rooms there are.", "List rooms", "Place.Read.All"),
}
_NEEDS = {
    Feature.WRITE: Reach.READ_WRITE,
    Feature.READ: Reach.READ,
    Feature.FREE_BUSY: Reach.FREE_BUSY,
}
_ASKED = {
    Reach.ROOMS: "rooms",
    Reach.FREE_BUSY: "free and busy times",
    Reach.READ: "reading",
    Reach.READ_WRITE: "reading and writing",
}


def is_able(connection: Connection, feature: Feature) -> bool:
    """As far as anybody can know: a scoped grant's mailboxes are Exchange's to open."""
    if feature is Feature.ROOMS:
        return reaches_rooms(connection)
    needed = _NEEDS[feature]
    if least(reach_of(connection), needed) is needed:
        return True
    # When rooms are taken is asked for as it is asked of people.
    return feature is Feature.FREE_BUSY and _tells_of_rooms(connection)


def _tells_of_rooms(connection: Connection) -> bool:
    known = bool(connection.granted)
    return connection.reach is Reach.ROOMS and (
        not known or calendars_in(connection.granted) is not None
    )


def can(connection: Connection) -> list[str]:
    return [words.can for feature, words in TABLE.items() if is_able(connection, feature)]


def cannot(connection: Connection) -> list[str]:
    return [
        f"{words.cannot}: {why_not(connection, feature)}"
        for feature, words in TABLE.items()
        if not is_able(connection, feature)
    ]


def was_asked_for(connection: Connection, feature: Feature) -> bool:
    """Whether the picked reach holds it; then it is the grant that lacks it."""
    if feature is Feature.ROOMS:
        return connection.reach is Reach.ROOMS
    needed = _NEEDS[feature]
    return least(connection.reach, needed) is needed


def why_not(connection: Connection, feature: Feature) -> str:
    permission = TABLE[feature].permission
    if was_asked_for(connection, feature):
        return f"Microsoft 365 has not granted {permission}."
    if feature is Feature.ROOMS:
        return f"it takes {permission}, which was not asked for."
    return f"the connection was asked for {_ASKED[connection.reach]} only."
