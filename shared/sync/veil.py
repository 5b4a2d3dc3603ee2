"""What Outlook shows of an event, less what its policy keeps from the host app and from us."""

from dataclasses import replace

from shared.calendar.event import Event
from shared.graph.seen import Seen
from shared.policy.policy import Policy
from shared.policy.shape import hidden_fields, shape
from shared.store.records import Link, Origin, Pending
from shared.sync.case import Case
from shared.sync.shift import Shift


def veiled(seen: Seen | None, link: Link, policy: Policy) -> Seen | None:
    """`seen` as it may be known of the linked event."""
    if seen is None or seen.event is None:
        return seen
    shaped = replace(seen, event=shape(seen.event, policy, own_contents(link)))
    if "body" in hidden_fields(seen.event.sensitivity, policy):
        shaped = replace(shaped, body_html="", instance_html=())
    return replace(shaped, join_url="", organizer="") if _is_veiled(seen, link, policy) else shaped


def case_of(shift: Shift, link: Link, pending: Pending | None, seen: Seen | None) -> Case:
    """What is to be decided of one event, under its appointment's policy."""
    policy = shift.policy_for(link)
    return Case(
        shift.key,
        shift.calendar.address,
        _unveiled(link, policy),
        pending,
        veiled(seen, link, policy),
        policy,
        shift.clock(),
    )


def own_contents(link: Link) -> tuple[Event, ...]:
    """Of an event that the host app made: what it has, and what it had agreed on before."""
    if not is_own(link):
        return ()
    return tuple(event for event in (link.app, link.outlook) if event is not None)


def is_own(link: Link) -> bool:
    return link.origin is Origin.APP


def _is_veiled(seen: Seen, link: Link, policy: Policy) -> bool:
    if is_own(link) or seen.event is None:
        return False
    return bool(hidden_fields(seen.event.sensitivity, policy))


def _unveiled(link: Link, policy: Policy) -> Link:
    """The link as it may be kept: who organises a meeting is content of it, too, and so is what
    people wrote around the host app's text.
    """
    event = link.outlook or link.app
    hidden = hidden_fields(event.sensitivity, policy) if event else ()
    if "body" in hidden:
        link = replace(link, markup="")
    return replace(link, organizer="", join_url="") if hidden and not is_own(link) else link
