"""Teams meetings: which wish for one can be met, and how the host app gets the link to join."""

from dataclasses import replace
from datetime import timedelta

from shared.calendar.event import Conference, Event
from shared.errors import Problem, Refused
from shared.graph.seen import Seen
from shared.store.records import Link
from shared.sync.shift import Shift

CONFERENCE = "conference"
# How long a mailbox is believed to have, or not to have, Teams.
BELIEVED = timedelta(days=1)
TEAMS_OFF = Problem(
    "teams-off",
    "Outlook made no Teams meeting of it: Teams is switched off for this mailbox.",
    "/conference",
)


def join_url_of(seen: Seen) -> str:
    return seen.join_url if seen.event is not None and _is_teams(seen.event) else ""


def join_url_for_app(link: Link) -> str:
    """Where the host app knows of the meeting at all."""
    return link.join_url if link.app is not None and _is_teams(link.app) else ""


def news_of_joining(was: Link, now: Link) -> tuple[str, ...]:
    """Graph may show the link to join some time after the meeting."""
    return (CONFERENCE,) if join_url_for_app(now) not in {"", was.join_url} else ()


def with_conference(event: Event, link: Link | None, *, is_given: bool) -> Event:
    """A write that says nothing of the conference leaves it as it is. Raises Refused where it is
    to end: Graph cannot (resources/event, isOnlineMeeting).
    """
    if link is None or link.app is None:
        return event
    known = link.app
    if not is_given:
        event = replace(event, conference=known.conference)
    if _is_teams(known) and not _is_teams(event) and not unmet(link, link.outlook):
        raise Refused(
            Problem(
                "conference-fixed",
                "Outlook has made this a Teams meeting, and cannot make it anything else.",
                "/conference",
            )
        )
    return event


def unmet(link: Link, seen: Event | None) -> bool:
    """A conference is wanted that Outlook does not show."""
    return link.app is not None and _is_teams(link.app) and (seen is None or not _is_teams(seen))


def without_conference(link: Link) -> Link:
    """What cannot be is not wanted any more, so that both sides have the same."""
    if link.app is None:
        return link
    return replace(link, app=replace(link.app, conference=Conference.NONE))


async def has_teams(shift: Shift) -> bool:
    """Asked of Graph at most once a day, and only where it matters."""
    seen = shift.calendar.teams_seen
    if seen is None or shift.clock() - seen > BELIEVED:
        await _look(shift)
    return shift.calendar.has_teams


async def lost_teams(shift: Shift) -> bool:
    """Whether Teams was switched off since it was last looked for, which would explain a
    refusal.
    """
    had = shift.calendar.has_teams
    if had:
        await _look(shift)
    return had and not shift.calendar.has_teams


async def _look(shift: Shift) -> None:
    found = await shift.mailbox.default_calendar()
    await shift.look_again()
    await shift.save(replace(shift.calendar, has_teams=found.has_teams, teams_seen=shift.clock()))


def _is_teams(event: Event) -> bool:
    return event.conference is Conference.TEAMS
