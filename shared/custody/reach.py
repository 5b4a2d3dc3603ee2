"""What each reach asks of Entra, and how far a connection gets with what was granted.

Microsoft's permissions, weakest first: Calendars.ReadBasic answers getSchedule, Calendars.Read
shows events, Calendars.ReadWrite writes them; Place.Read.All lists rooms. (Graph: "calendar:
getSchedule", "List places", "Microsoft Graph permissions reference")
"""

from collections.abc import Iterable

from shared.store.records import Connection, ConnectionKind, Reach

LADDER = (Reach.ROOMS, Reach.FREE_BUSY, Reach.READ, Reach.READ_WRITE)
PLACES = "Place.Read.All"
# What rollouts read besides: the members of a group, and what a mailbox is for.
ROLLOUT_ROLES = ("GroupMember.Read.All", "MailboxSettings.Read")
_CALENDARS = {
    Reach.ROOMS: "Calendars.ReadBasic",
    Reach.FREE_BUSY: "Calendars.ReadBasic",
    Reach.READ: "Calendars.Read",
    Reach.READ_WRITE: "Calendars.ReadWrite",
}
_LEVELS = {
    "calendars.readbasic": Reach.FREE_BUSY,
    "calendars.read": Reach.READ,
    "calendars.readwrite": Reach.READ_WRITE,
}
# What a permission reaches further than its owner's own calendar does not make it another one.
_SUFFIXES = (".all", ".shared")


def least(*reaches: Reach) -> Reach:
    return min(reaches, key=LADDER.index)


def delegated_scopes(kind: str, reach: Reach = Reach.READ_WRITE) -> list[str]:
    """What a sign-in asks for; MSAL adds openid, profile and offline_access by itself. An
    organisation's sign-in only proves who consented.
    """
    if kind == ConnectionKind.ORGANISATION:
        return ["User.Read"]
    places = [PLACES] if reach is Reach.ROOMS else []
    if kind == ConnectionKind.USER:
        return ["User.Read", *places, _CALENDARS[reach]]
    basic = reach in {Reach.ROOMS, Reach.FREE_BUSY}
    calendars = _CALENDARS[reach] if basic else f"{_CALENDARS[reach]}.Shared"
    return ["User.Read", "User.ReadBasic.All", *places, calendars]


def application_roles(reach: Reach) -> tuple[str, ...]:
    """What the app registration of an organisation's grant is to ask for, and no more."""
    if reach in {Reach.ROOMS, Reach.FREE_BUSY}:
        calendars = f"{_CALENDARS[reach]}.All"
    else:
        calendars = _CALENDARS[reach]
    return (PLACES if reach is Reach.ROOMS else "User.Read.All", calendars)


def names(granted: Iterable[str]) -> tuple[str, ...]:
    """Sorted, and without the resource that Entra may put before a scope."""
    return tuple(sorted({name.rpartition("/")[2] for name in granted if name}))


def calendars_in(granted: Iterable[str]) -> Reach | None:
    """How far into calendars the permissions reach; None: not at all."""
    found = [_LEVELS.get(_stem(name)) for name in granted]
    return max((one for one in found if one), key=LADDER.index, default=None)


def reaches_rooms(connection: Connection) -> bool:
    """Not known before Entra has named what it granted: then as it was asked for."""
    if not connection.granted:
        return connection.reach is Reach.ROOMS
    lower = {name.lower() for name in connection.granted}
    return bool(lower & {"place.read.all", "place.readwrite.all"})


def reach_of(connection: Connection) -> Reach:
    """How far the app goes: never further than it was asked to, nor than it was let.

    Exchange's own roles (RBAC for Applications) do not show in a token, so an organisation
    without any calendar permission in it may have them: only Graph can tell.
    """
    given = calendars_in(connection.granted)
    if not connection.granted or _may_be_exchanges(connection, given):
        return connection.reach
    return least(connection.reach, given or Reach.ROOMS)


def falls_short(connection: Connection) -> bool:
    """Whether less was granted than was asked for, as far as a token can tell."""
    short = reach_of(connection) is not connection.reach
    return short or (
        connection.reach is Reach.ROOMS
        and bool(connection.granted)
        and not reaches_rooms(connection)
    )


def _may_be_exchanges(connection: Connection, given: Reach | None) -> bool:
    organisation = connection.kind is ConnectionKind.ORGANISATION
    return organisation and (connection.scoped or given is None)


def _stem(name: str) -> str:
    lower = name.lower()
    for suffix in _SUFFIXES:
        lower = lower.removesuffix(suffix)
    return lower
