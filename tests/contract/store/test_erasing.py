"""Receipts stay; of a tenant that is dropped nothing else does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import Contended
from shared.store.records import (
    CalendarKey,
    Contact,
    Due,
    DueKind,
    Settlement,
)
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW

OTHERS = CalendarKey("acme2", "room-1")


async def test_a_receipt_and_its_parts_are_kept(store: Store):
    """A part is replaced by a later word on the same."""
    made = await store.put_receipt(examples.receipt())
    await store.put_part(examples.part("p2"))
    await store.put_part(examples.part("p1"))
    await store.put_part(examples.part("p1"))

    assert await store.receipt("r1") == made
    assert await store.receipt("r2") is None
    assert await store.part("r1", "p1") == examples.part("p1")
    assert await store.part("r1", "p9") is None
    assert await store.parts("r1") == [examples.part("p1"), examples.part("p2")]
    assert await store.parts("r2") == []


async def test_the_lease_of_no_calendar_leaves_nothing(store: Store):
    """Only its holder can give it back for good."""
    lost = await store.acquire(KEY, "w1", NOW, 60)
    assert lost
    held = await store.renew(lost, NOW, 60)
    await store.drop_lease(lost)
    assert await store.acquire(KEY, "w2", NOW, 60) is None

    await store.drop_lease(held)
    again = await store.acquire(KEY, "w2", NOW, 60)
    assert again
    assert again.settled == 0


async def furnish(store: Store, key: CalendarKey) -> None:
    tenant = key.tenant
    await store.put_tenant(examples.tenant(tenant))
    await store.put_connection(replace(examples.connection(), tenant=tenant))
    await store.put_consent_link(replace(examples.consent_link(), tenant=tenant))
    await store.put_endpoint(replace(examples.endpoint(), tenant=tenant))
    await store.put_calendar(examples.calendar(key))
    await store.mark(key, NOW)
    await store.claim(tenant, "a1", key)
    await store.claim_entra(f"entra-of-{tenant}", tenant)
    await store.claim_meeting(tenant, "ical", key, "a1")
    await store.put_contacts(tenant, [Contact("p1", tenant, "staff", "Ann", ("ann@acme.de",))])
    await store.log(tenant, [examples.change()])
    for kind, name in (
        (DueKind.WORK, str(key)),
        (DueKind.STANDING, tenant),
        (DueKind.END, tenant),
    ):
        await store.remind(Due(kind, NOW, name))
    lease = await store.acquire(key, "w", NOW, 60)
    grant = await store.acquire(CalendarKey(tenant, "grant-c1"), "w", NOW, 60)
    assert lease
    assert grant
    await store.settle(lease, [Settlement(link=examples.link(), copy=examples.copy())], NOW, 60)


async def remains(store: Store, key: CalendarKey) -> list[object]:
    tenant, late = key.tenant, NOW + timedelta(days=1)
    found: list[object] = [
        await store.tenant(tenant),
        await store.calendar(key),
        await store.marked(key),
        await store.link(key, "a1"),
        await store.located(tenant, "a1"),
        await store.calendar_at(tenant, f"{key.calendar}@example.com"),
        await store.contact(tenant, "p1"),
        *(await store.contacts_at(tenant, ["ann@acme.de"])).values(),
        *(await store.connections(tenant)),
        *(await store.calendars(tenant)),
        *(await store.consent_links(tenant)),
        *(await store.endpoints(tenant)),
        *(await store.changes(tenant)),
        *(await store.copies(key, ["ev9"])).values(),
    ]
    for kind in (DueKind.WORK, DueKind.STANDING):
        found += [
            one for one in await store.due(kind, late) if one.name.partition("~")[0] == tenant
        ]
    return [one for one in found if one is not None]


async def test_a_dropped_tenant_is_gone_and_its_neighbour_is_not(store: Store):
    """Even one whose name begins alike; a reminder to end it stays for who was cut off."""
    await furnish(store, KEY)
    await furnish(store, OTHERS)
    before = len(await remains(store, OTHERS))

    acme = await store.tenant("acme")
    assert acme is not None
    await store.drop_tenant(acme)

    assert await remains(store, KEY) == []
    assert await store.head("acme") == 0
    assert await store.claim_entra("entra-of-acme", "acme2") == "acme2"
    assert await store.acquire(KEY, "other", NOW, 60) is not None
    assert await store.acquire(CalendarKey("acme", "grant-c1"), "other", NOW, 60) is not None
    ends = [one.name for one in await store.due(DueKind.END, NOW + timedelta(days=1))]
    assert sorted(ends) == ["acme", "acme2"]
    assert before > 12
    assert len(await remains(store, OTHERS)) == before


async def test_a_tenant_created_anew_is_not_dropped_for_the_one_before(store: Store):
    """Neither at once nor by somebody who is late."""
    await furnish(store, KEY)
    before = await store.tenant("acme")
    assert before is not None
    await store.drop_tenant(before)
    with pytest.raises(Contended):
        await store.drop_tenant(before)
    await furnish(store, KEY)
    there = len(await remains(store, KEY))

    with pytest.raises(Contended):
        await store.drop_tenant(before)

    assert len(await remains(store, KEY)) == there
