"""A look at up to twenty mailboxes: three requests, whatever their number."""

from collections.abc import Sequence
from typing import Any

from shared.errors import Reconnect
from shared.graph.classing import Sighting, by_calendar, by_profile
from shared.graph.directory import Answer, Directory
from shared.store.records import Connection, RolloutMailbox


async def look(
    directory: Directory, connection: Connection, mailboxes: Sequence[RolloutMailbox]
) -> dict[str, Sighting]:
    """By the ids of the mailboxes' rows. Raises Reconnect, or TryAgain where none was seen."""
    found = await _profiles(directory, connection, mailboxes)
    sightings: dict[str, Sighting] = {}
    open_to: dict[str, dict[str, Any]] = {}
    for one, answer in found.items():
        if (seen := by_profile(answer)) is not None:
            sightings[one] = seen
        elif answer.body is not None:
            open_to[one] = answer.body
    return sightings | await _calendars(directory, connection, open_to)


async def _profiles(
    directory: Directory, connection: Connection, mailboxes: Sequence[RolloutMailbox]
) -> dict[str, Answer]:
    """A name that is no user principal name may be one of somebody's addresses."""
    names = {one.id: one.name or one.id for one in mailboxes}
    asked = await directory.profiles(connection, list(dict.fromkeys(names.values())))
    found = {one: asked[name] for one, name in names.items()}
    lost = [n for o, n in names.items() if "@" in n and _is_missing(found[o])]
    listed = await directory.named(connection, list(dict.fromkeys(lost)))
    for one, name in names.items():
        if name in listed and (person := _only(listed[name])) is not None:
            found[one] = Answer(person)
    return found


def _is_missing(answer: Answer) -> bool:
    return isinstance(answer.error, Reconnect) and answer.error.cause == "mailbox-missing"


def _only(answer: Answer) -> dict[str, Any] | None:
    people = (answer.body or {}).get("value", ())
    return people[0] if len(people) == 1 else None


async def _calendars(
    directory: Directory, connection: Connection, profiles: dict[str, dict[str, Any]]
) -> dict[str, Sighting]:
    users = {one: str(profile["id"]) for one, profile in profiles.items()}
    calendars = await directory.calendars(connection, list(dict.fromkeys(users.values())))
    there = [user for user, answer in calendars.items() if answer.body is not None]
    purposes = await directory.purposes(connection, there)
    return {
        one: by_calendar(profiles[one], calendars[user], purposes.get(user))
        for one, user in users.items()
    }
