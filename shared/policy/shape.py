"""What may cross, of an event: what the host app may know of Outlook's, and what of the host
app's is written.

Applied before anything is kept or compared, so that what may not be known is neither in a stored
row nor in a digest.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from shared.calendar.digest import address_key, responses, same_field, with_responses
from shared.calendar.event import FIELDS, Attendee, Event, Override, Sensitivity, Series
from shared.policy.policy import Invitations, Policy, Privacy, SeriesIn

_CONTENT = ("body", "location", "attendees", "other_locations")
_HIDDEN: dict[Privacy, tuple[str, ...]] = {
    Privacy.FULL: (),
    Privacy.NO_CONTENT: _CONTENT,
    Privacy.BUSY_ONLY: (
        "subject",
        *_CONTENT,
        "reminder",
        "categories",
        "conference",
        "hide_attendees",
    ),
}
_PRIVATE = frozenset({Sensitivity.PRIVATE, Sensitivity.CONFIDENTIAL})
_STRICTNESS = tuple(Privacy)


def hidden_fields(sensitivity: Sensitivity, policy: Policy) -> tuple[str, ...]:
    """Of a private event the stricter of both tiers counts."""
    tiers = [policy.privacy]
    tiers += [policy.private_events] if sensitivity in _PRIVATE else []
    return _HIDDEN[max(tiers, key=_STRICTNESS.index)]


def shape(event: Event, policy: Policy, own: tuple[Event, ...] = ()) -> Event:
    """What Outlook shows, as far as the host app may know it.

    `own` are the contents the host app has of an event that it made itself, the newest first:
    what is hidden of such an event is as the host app has it, and so never differs. Of an event
    made in Outlook what is hidden is blank.
    """
    fields = hidden_fields(event.sensitivity, policy)
    known = {name: _known(name, event, own) for name in fields}
    shaped = replace(event, **known)
    if event.series is not None:
        shaped = replace(shaped, series=_series(event, event.series, policy, own))
    if own and policy.invitations is Invitations.NONE:
        shaped = replace(shaped, attendees=_never_invited(shaped.attendees, own[0].attendees))
    return shaped if own else _first_only(shaped, policy)


def _known(name: str, event: Event, own: tuple[Event, ...]) -> object:
    """What the host app has, or what it has just written, if that is what Outlook shows."""
    if not own:
        return getattr(Event("", event.when), name)
    alike = (mine for mine in own if same_field(name, mine, event))
    known = getattr(next(alike, own[-1]), name)
    return with_responses(known, responses(event)) if name == "attendees" else known


def _never_invited(
    shown: tuple[Attendee, ...], ours: tuple[Attendee, ...]
) -> tuple[Attendee, ...]:
    """The host app's own attendees are not in Outlook, and not missing there."""
    known = {address_key(one.address) for one in ours}
    return (*ours, *(one for one in shown if address_key(one.address) not in known))


def _first_only(event: Event, policy: Policy) -> Event:
    return replace(event, series=None) if policy.series_in is SeriesIn.FIRST_ONLY else event


def _series(event: Event, series: Series, policy: Policy, own: tuple[Event, ...]) -> Series:
    """What is hidden of an occurrence is as the host app has it, or as the series has it."""
    shown, ours = _values(event), tuple(_values(mine) for mine in own)
    overrides: list[Override] = []
    for day in sorted(shown.keys() | {day for one in ours for day in one}):
        if day in series.cancelled:
            continue
        mine = tuple((event, one.get(day, {})) for event, one in zip(own, ours, strict=True))
        values = _override(event, shown.get(day, {}), mine, policy)
        if values:
            overrides.append(Override(day, values))
    return replace(series, overrides=tuple(overrides))


Values = tuple[tuple[str, object], ...]
Named = dict[str, Any]


def _values(event: Event) -> dict[date, Named]:
    overrides = event.series.overrides if event.series else ()
    return {one.day: dict(one.values) for one in overrides}


def _override(
    event: Event, shown: Named, own: tuple[tuple[Event, Named], ...], policy: Policy
) -> Values:
    """`own` are the contents the host app has, each with what it has otherwise on the day."""
    tiers = (event.sensitivity, Sensitivity(str(shown.get("sensitivity", event.sensitivity))))
    hidden = {name for sensitivity in tiers for name in hidden_fields(sensitivity, policy)}
    found = {name: value for name, value in shown.items() if name not in hidden}
    found |= {n: v for name in hidden for n, v in _hidden_value(name, event, shown, own).items()}
    if policy.invitations is Invitations.NONE and own and "attendees" in own[0][1]:
        found["attendees"] = _never_invited(found.get("attendees", ()), own[0][1]["attendees"])
    return tuple((name, found[name]) for name in FIELDS if name in found)


def _hidden_value(
    name: str, event: Event, shown: Named, own: tuple[tuple[Event, Named], ...]
) -> Named:
    """As for a whole event. But Outlook may drop what we wrote on a day, which then is as its
    series: that must be noticed, and tells nothing.
    """
    there = replace(event, series=None, **shown)
    for mine, values in own:
        if same_field(name, there, replace(mine, series=None, **values)):
            return _only(name, values)
    return _only(name, own[-1][1]) if own and name in shown else {}


def _only(name: str, values: Named) -> Named:
    return {name: values[name]} if name in values else {}


def outward(event: Event, shown: Event | None, policy: Policy) -> Event:
    """What is written of the host app's content; `shown` is what Outlook has, if anything."""
    if policy.invitations is not Invitations.NONE:
        return event
    attendees = shown.attendees if shown else ()
    return replace(event, attendees=attendees, series=_uninvited(event, shown))


def _uninvited(event: Event, shown: Event | None) -> Series | None:
    if event.series is None:
        return None
    there = _values(shown) if shown else {}
    kept = {one.day: _but_guests(one.values) for one in event.series.overrides}
    overrides = (
        Override(day, (*values, *_only("attendees", there.get(day, {})).items()))
        for day, values in kept.items()
    )
    return replace(event.series, overrides=tuple(one for one in overrides if one.values))


def _but_guests(values: Values) -> Values:
    return tuple(pair for pair in values if pair[0] != "attendees")
