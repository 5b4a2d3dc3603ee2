"""A meeting's link at its organiser, found by what all copies of the meeting have in common."""

from dataclasses import replace

import pytest

from shared.store.records import Link, Settlement
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW, OTHER

UID = "040000008200E00074C5"
MEETING = replace(
    examples.link(), ical_uid=UID, is_organizer=True, outlook=examples.event(), etag=""
)


async def settle(store: Store, link: Link) -> Link:
    lease = await store.acquire(KEY, "w1", NOW, 60)
    assert lease is not None
    await store.release(await store.settle(lease, [Settlement(link=link)], NOW, 60))
    stored = await store.link(KEY, link.appointment)
    assert stored is not None
    return stored


async def test_a_meeting_is_found_by_its_ical_uid(store: Store):
    """In the calendar of its organiser, and in no other."""
    stored = await settle(store, MEETING)

    assert await store.meeting_link(KEY, UID) == stored
    assert await store.meeting_link(OTHER, UID) is None
    assert await store.meeting_link(KEY, "another") is None


@pytest.mark.parametrize(
    "change",
    [{"is_organizer": False}, {"outlook": None}, {"outlook": examples.all_day()}],
    ids=["an attendee's", "not in Outlook", "without attendees"],
)
async def test_what_is_no_meeting_of_the_owners_is_not_found(store: Store, change):
    await settle(store, replace(MEETING, **change))

    assert await store.meeting_link(KEY, UID) is None


@pytest.mark.parametrize(
    "change", [{"event_id": "", "outlook": None}, {"ical_uid": "another"}], ids=["gone", "anew"]
)
async def test_a_meeting_that_is_over_is_not_found(store: Store, change):
    """Its event is gone, or the appointment has another one."""
    stored = await settle(store, MEETING)
    await settle(store, replace(stored, **change))

    assert await store.meeting_link(KEY, UID) is None
