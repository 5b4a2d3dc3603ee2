"""What the owner of a calendar lets somebody else do in it."""

from typing import Literal

from local.twin.world import Calendar, World

Share = Literal["own", "read", "write", "private"]
_SHARES: dict[str, Share] = {
    "read": "read",
    "write": "write",
    "delegateWithoutPrivateEventAccess": "write",
    "delegateWithPrivateEventAccess": "private",
}


def share_of(world: World, user_id: str, calendar: Calendar) -> Share | None:
    """By the permission of the person, else by that of all colleagues."""
    person = world.people.get(user_id)
    addresses = person.addresses if person else set[str]()
    by_address = {
        str(one["emailAddress"].get("address", "")).lower(): one["role"]
        for one in calendar.permissions
    }
    own = next((role for address, role in by_address.items() if address in addresses), None)
    return _SHARES.get(own if own is not None else by_address.get("", "none"))
