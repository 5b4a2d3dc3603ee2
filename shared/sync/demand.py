"""What the host app asks of one appointment, put against the link as it is. Pure, and refuses with
Refused what cannot be.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.calendar.digest import responses, same, with_responses
from shared.calendar.event import Event
from shared.errors import Problem, Refused
from shared.store.records import AppointmentStatus, Link, Origin, Pending, Wish
from shared.sync.conference import with_conference


@dataclass(frozen=True, slots=True)
class Wanted:
    """`if_version` is the version the caller last saw, `revision` the host app's own number;
    `project`, `type` and `protected` are those of a link. `prompts` and `notes` are for the host
    app's own people, and go nowhere unless the policy shares them.
    """

    event: Event
    mailbox: str
    status: AppointmentStatus = AppointmentStatus.CONFIRMED
    project: str = ""
    type: str = ""
    protected: bool = False
    revision: int | None = None
    if_version: int | None = None
    conference_given: bool = True
    prompts: tuple[str, ...] = ()
    notes: str = ""


def first(appointment: str, wanted: Wanted, version: int, now: datetime) -> Link:
    check_version(None, wanted.if_version)
    return Link(
        appointment,
        version,
        wanted.event,
        status=wanted.status,
        revision=wanted.revision,
        changed=now,
        project=wanted.project,
        type=wanted.type,
        protected=wanted.protected,
    )


def written(
    link: Link, pending: Pending | None, wanted: Wanted, now: datetime, counted: int, to: str
) -> Link | None:
    """The link with the wanted content; None if that is what it has. Its version goes on from
    `counted` at least; `to` is the calendar it is to move to, if any.
    """
    check_version(link, wanted.if_version)
    _check_revision(link, wanted.revision)
    event = with_conference(wanted.event, link, is_given=wanted.conference_given)
    event = _with_responses(event, link.app or link.outlook)
    alike = link.app is not None and same(event, link.app)
    goes = _goes(pending, to)
    more = goes or _says_more(link, pending, wanted)
    if alike and link.status is wanted.status and not more:
        return None
    if goes or not alike or wanted.status is AppointmentStatus.CANCELLED:
        check_organizer(link)
    return replace(
        link,
        version=max(link.version, counted) + 1,
        app=event,
        status=wanted.status,
        revision=wanted.revision if wanted.revision is not None else link.revision,
        changed=now,
        project=wanted.project,
        type=wanted.type,
        protected=wanted.protected,
        origin=link.origin if link.event_id else Origin.APP,
    )


def _goes(pending: Pending | None, to: str) -> bool:
    """Whether it is to live elsewhere than it was to before this."""
    was = pending.to if pending and pending.wish is Wish.MOVE else ""
    return to != was


def _says_more(link: Link, pending: Pending | None, wanted: Wanted) -> bool:
    """The same content, but under another project or type, or under a new revision, which must be
    kept to refuse the ones before it. An appointment whose event is gone would be written again
    by that, which nobody asked for.
    """
    labels = wanted.project, wanted.type, wanted.protected
    is_other = labels != (link.project, link.type, link.protected)
    is_newer = wanted.revision not in {None, link.revision}
    return (is_other or is_newer) and bool(link.event_id or pending)


def withdrawn(
    link: Link | None, if_version: int | None, now: datetime, *, cancel: bool
) -> Link | None:
    if link is None or (link.app is None and not link.event_id):
        raise Refused(Problem("appointment-unknown", "There is no appointment with this id."))
    check_version(link, if_version)
    if link.app is None:
        return None
    if cancel:
        if link.status is AppointmentStatus.CANCELLED:
            return None
        check_organizer(link)
        return replace(
            link, version=link.version + 1, status=AppointmentStatus.CANCELLED, changed=now
        )
    return replace(link, version=link.version + 1, app=None, changed=now)


def check_version(link: Link | None, if_version: int | None) -> None:
    version = link.version if link and link.app is not None else 0
    if if_version is not None and if_version != version:
        raise Refused(
            Problem(
                "version-conflict",
                f"The appointment is at version {version}; read it again before writing.",
                extra={"version": version},
            )
        )


def _check_revision(link: Link, revision: int | None) -> None:
    if revision is not None and link.revision is not None and revision < link.revision:
        raise Refused(
            Problem(
                "stale-revision",
                f"Revision {link.revision} was accepted already; {revision} is older.",
                "/revision",
                {"revision": link.revision},
            )
        )


def check_organizer(link: Link) -> None:
    if not link.is_organizer:
        raise Refused(
            Problem(
                "not-organizer",
                "Only the organiser can change this meeting; this is an attendee's copy.",
            )
        )


def _with_responses(event: Event, known: Event | None) -> Event:
    """Responses are Outlook's: the host app cannot set them, and does not lose them."""
    answers = responses(known) if known else {}
    return replace(event, attendees=with_responses(event.attendees, answers))
