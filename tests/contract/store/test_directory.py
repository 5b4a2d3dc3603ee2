"""Who is a customer, what is connected, and where things live: the same in either store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import Contended
from shared.store.records import CalendarKey, State
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW, OTHER

STRANGE = "a/b\\c#d?e%f'g=h i\tj|k~l+mü😀"


class TestRecords:
    """Tenants, connections, calendars, endpoints and consent links."""

    async def test_a_tenant_comes_back_as_it_was_put(self, store: Store):
        """Every field survives, and the record carries its new etag."""
        stored = await store.put_tenant(examples.tenant())

        assert stored == await store.tenant("acme")
        assert examples.tenant() == replace(stored, etag="")
        assert stored.etag != ""

    async def test_a_connection_comes_back_as_it_was_put(self, store: Store):
        stored = await store.put_connection(examples.connection())

        assert stored == await store.connection("acme", "c1")
        assert examples.connection() == replace(stored, etag="")

    async def test_a_calendar_comes_back_as_it_was_put(self, store: Store):
        """Even a delta link longer than a property may be in plain text."""
        stored = await store.put_calendar(examples.calendar())

        assert stored == await store.calendar(KEY)
        assert examples.calendar() == replace(stored, etag="")

    async def test_an_endpoint_comes_back_as_it_was_put(self, store: Store):
        stored = await store.put_endpoint(examples.endpoint())

        assert stored == await store.endpoint("acme", "e1")
        assert examples.endpoint() == replace(stored, etag="")

    async def test_a_consent_link_comes_back_as_it_was_put(self, store: Store):
        stored = await store.put_consent_link(examples.consent_link())

        assert stored == await store.consent_link("acme", "l1")
        assert examples.consent_link() == replace(stored, etag="")

    async def test_what_is_none_stays_none(self, store: Store):
        """A field without value does not come back as an empty text."""
        bare = replace(examples.calendar(), window_start=None, poll_due=None, aliases=())
        await store.put_calendar(bare)

        found = await store.calendar(KEY)

        assert found is not None
        assert (found.window_start, found.poll_due, found.aliases) == (None, None, ())

    async def test_what_was_never_put_is_none(self, store: Store):
        assert await store.tenant("nobody") is None
        assert await store.connection("nobody", "c1") is None
        assert await store.calendar(OTHER) is None
        assert await store.endpoint("nobody", "e1") is None
        assert await store.consent_link("nobody", "l1") is None

    async def test_what_exists_is_not_inserted_twice(self, store: Store):
        """A record without etag is new; Contended if it is not."""
        await store.put_tenant(examples.tenant())
        await store.put_calendar(examples.calendar())

        with pytest.raises(Contended):
            await store.put_tenant(examples.tenant())
        with pytest.raises(Contended):
            await store.put_calendar(examples.calendar())

    async def test_an_outdated_record_is_not_stored(self, store: Store):
        """Of two that read the same record, the second to write is Contended."""
        stored = await store.put_connection(examples.connection())
        newer = await store.put_connection(replace(stored, state=State.PAUSED))

        with pytest.raises(Contended):
            await store.put_connection(replace(stored, state=State.ACTIVE))
        assert newer == await store.connection("acme", "c1")

    async def test_an_outdated_calendar_is_not_stored(self, store: Store):
        stored = await store.put_calendar(examples.calendar())
        newer = await store.put_calendar(replace(stored, state=State.PAUSED))

        with pytest.raises(Contended):
            await store.put_calendar(replace(stored, state=State.ACTIVE))
        with pytest.raises(Contended):
            await store.put_calendar(replace(stored, state=State.ACTIVE), stored)
        assert newer == await store.calendar(KEY)

    async def test_a_record_that_is_gone_is_not_replaced(self, store: Store):
        stored = await store.put_endpoint(examples.endpoint())
        await store.drop_endpoint(stored)

        with pytest.raises(Contended):
            await store.put_endpoint(stored)
        assert await store.endpoints("acme") == []

    async def test_dropping_an_endpoint_twice_is_quiet(self, store: Store):
        stored = await store.put_endpoint(examples.endpoint())
        await store.drop_endpoint(stored)
        await store.drop_endpoint(stored)

        assert await store.endpoint("acme", "e1") is None

    async def test_a_changed_mapping_does_not_change_what_is_stored(self, store: Store):
        """The store keeps values, not references to the caller's."""
        tenant = examples.tenant()
        await store.put_tenant(tenant)

        tenant.policy["direction"] = "to_app"

        found = await store.tenant("acme")
        assert found is not None
        assert found.policy["direction"] == "both"


class TestLists:
    async def test_tenants_are_listed_in_order_and_by_page(self, store: Store):
        for name in ("t3", "t1", "t2"):
            await store.put_tenant(examples.tenant(name))

        assert [t.id for t in await store.tenants(limit=2)] == ["t1", "t2"]
        assert [t.id for t in await store.tenants(after="t2")] == ["t3"]

    async def test_connections_are_listed_in_order_and_by_page(self, store: Store):
        for name in ("c3", "c1", "c2"):
            await store.put_connection(examples.connection(name))

        assert [c.id for c in await store.connections("acme", limit=2)] == ["c1", "c2"]
        assert [c.id for c in await store.connections("acme", after="c1")] == ["c2", "c3"]

    async def test_a_tenant_sees_its_own_only(self, store: Store):
        await store.put_connection(replace(examples.connection(), tenant="acme2"))
        await store.put_calendar(examples.calendar(CalendarKey("acme2", "x")))
        await store.put_endpoint(replace(examples.endpoint(), tenant="acme2"))
        await store.put_consent_link(replace(examples.consent_link(), tenant="acme2"))

        assert await store.connections("acme") == []
        assert await store.calendars("acme") == []
        assert await store.endpoints("acme") == []
        assert await store.consent_links("acme") == []

    async def test_calendars_are_listed_all_or_of_one_connection(self, store: Store):
        await store.put_calendar(examples.calendar(OTHER))
        await store.put_calendar(replace(examples.calendar(KEY), connection="c2"))

        assert [c.key for c in await store.calendars("acme")] == [KEY, OTHER]
        assert [c.key for c in await store.calendars("acme", "c2")] == [KEY]
        assert await store.calendars("acme", "c3") == []

    async def test_endpoints_and_consent_links_are_listed_in_order(self, store: Store):
        for name in ("b", "a"):
            await store.put_endpoint(examples.endpoint(name))
            await store.put_consent_link(examples.consent_link(name))

        assert [e.id for e in await store.endpoints("acme")] == ["a", "b"]
        assert [link.id for link in await store.consent_links("acme")] == ["a", "b"]


class TestMailboxes:
    async def test_a_mailbox_is_found_by_each_of_its_names(self, store: Store):
        """Address, alias and object id, whatever their case."""
        await store.put_calendar(examples.calendar())

        for name in ("ROOM-1@example.COM", "o'room-1+x@example.com", "oid-room-1"):
            assert await store.calendar_at("acme", name) == KEY
        assert await store.calendar_at("acme", "room-2@example.com") is None
        assert await store.calendar_at("other", "room-1@example.com") is None

    @pytest.mark.parametrize("remembered", [True, False])
    async def test_a_name_given_up_finds_nothing(self, store: Store, remembered: bool):
        stored = await store.put_calendar(examples.calendar())
        await store.put_calendar(
            replace(stored, aliases=("new@example.com",)), stored if remembered else None
        )

        assert await store.calendar_at("acme", "room-1@old.example.com") is None
        assert await store.calendar_at("acme", "new@example.com") == KEY
        assert await store.calendar_at("acme", "room-1@example.com") == KEY

    async def test_a_name_that_moved_is_found_at_its_new_place(self, store: Store):
        """What the first owner then gives up is not the second one's."""
        first = await store.put_calendar(replace(examples.calendar(), aliases=("x@example.com",)))
        await store.put_calendar(replace(examples.calendar(OTHER), aliases=("x@example.com",)))
        await store.put_calendar(replace(first, aliases=()))

        assert await store.calendar_at("acme", "x@example.com") == OTHER

    async def test_a_name_that_moved_stays_there(self, store: Store):
        """Saving its first owner again, who does not know yet, does not take it back."""
        first = await store.put_calendar(replace(examples.calendar(), former=("x@example.com",)))
        assert await store.calendar_at("acme", "X@example.com") == KEY
        await store.put_calendar(replace(examples.calendar(OTHER), aliases=("x@example.com",)))
        await store.put_calendar(replace(first, interval=900))

        assert await store.calendar_at("acme", "x@example.com") == OTHER


class TestCalendarKeys:
    async def test_are_those_of_a_connection_in_order(self, store: Store):
        """From behind any of them, and no more than are asked for."""
        keys = [CalendarKey("acme", name) for name in ("a", "b", "c")]
        for key in keys:
            made = examples.calendar(key)
            await store.put_calendar(replace(made, connection="o'c" if key != keys[1] else "c2"))

        assert await store.calendar_keys("acme", "o'c") == [keys[0], keys[2]]
        assert await store.calendar_keys("acme", "o'c", "a") == [keys[2]]
        assert await store.calendar_keys("acme", "o'c", limit=1) == [keys[0]]
        assert await store.calendar_keys("acme", "c3") == []
        assert await store.calendar_keys("other", "o'c") == []


class TestClaims:
    async def test_an_appointment_lives_where_it_was_claimed_first(self, store: Store):
        assert await store.claim("acme", "a1", KEY) == KEY
        assert await store.claim("acme", "a1", OTHER) == KEY
        assert await store.located("acme", "a1") == KEY

    async def test_one_of_many_that_claim_at_once_gets_the_appointment(self, store: Store):
        """All are told the same one."""
        keys = [CalendarKey("acme", f"room-{n}") for n in range(8)]

        told = await asyncio.gather(*(store.claim("acme", "a1", key) for key in keys))

        assert {await store.located("acme", "a1")} == set(told)

    async def test_an_appointment_given_up_can_be_claimed_again(self, store: Store):
        await store.claim("acme", "a1", KEY)
        await store.unclaim("acme", "a1")
        await store.unclaim("acme", "a1")

        assert await store.located("acme", "a1") is None
        assert await store.claim("acme", "a1", OTHER) == OTHER

    async def test_an_appointment_moves_from_where_it_lives(self, store: Store):
        await store.claim("acme", "a1", KEY)

        assert await store.move_claim("acme", "a1", KEY, OTHER) == OTHER
        assert await store.move_claim("acme", "a1", KEY, CalendarKey("acme", "x")) == OTHER
        assert await store.located("acme", "a1") == OTHER

    async def test_what_lives_nowhere_does_not_move(self, store: Store):
        assert await store.move_claim("acme", "a1", KEY, OTHER) is None
        assert await store.located("acme", "a1") is None

    async def test_tenants_do_not_share_appointment_ids(self, store: Store):
        await store.claim("acme", "a1", KEY)

        assert await store.located("other", "a1") is None

    async def test_names_with_characters_that_keys_refuse_stay_apart(self, store: Store):
        """Whatever an appointment is called, it is found, and by no other name."""
        await store.claim("acme", STRANGE, KEY)
        await store.claim("acme", STRANGE.replace("/", "=2F"), OTHER)

        assert await store.located("acme", STRANGE) == KEY
        assert await store.located("acme", STRANGE.replace("/", "=2F")) == OTHER

    async def test_a_meeting_is_held_by_the_first_calendar(self, store: Store):
        assert await store.claim_meeting("acme", "uid", KEY, "a1") == (KEY, "a1")
        assert await store.claim_meeting("acme", "uid", OTHER, "a2") == (KEY, "a1")
        assert await store.claim_meeting("acme", "uid", KEY, "a3") == (KEY, "a3")

    async def test_a_meeting_is_given_up_by_its_holder_only(self, store: Store):
        await store.claim_meeting("acme", "uid", KEY, "a1")
        await store.release_meeting("acme", "uid", OTHER)
        assert await store.claim_meeting("acme", "uid", OTHER, "a2") == (KEY, "a1")

        await store.release_meeting("acme", "uid", KEY)
        await store.release_meeting("acme", "uid", KEY)
        assert await store.claim_meeting("acme", "uid", OTHER, "a2") == (OTHER, "a2")

    async def test_a_nonce_burns_once(self, store: Store):
        until = NOW + timedelta(minutes=10)

        assert await store.burn("n1", until)
        assert not await store.burn("n1", until)
        assert await store.burn("n2", until)

    async def test_a_nonce_used_by_many_at_once_burns_once(self, store: Store):
        tries = await asyncio.gather(*(store.burn("n1", NOW) for _ in range(8)))

        assert tries.count(True) == 1


class TestEntraTenants:
    """An Entra tenant is bound to one tenant of the host app."""

    async def test_the_first_who_claims_it_holds_it(self, store: Store):
        assert await store.claim_entra("Guid-1", "acme") == "acme"
        assert await store.claim_entra("guid-1", "rival") == "acme"
        assert await store.claim_entra("guid-1", "acme") == "acme"
        assert await store.claim_entra("guid-2", "rival") == "rival"

    async def test_of_many_at_once_one_holds_it(self, store: Store):
        holders = await asyncio.gather(*(store.claim_entra("guid", f"t{i}") for i in range(6)))

        assert len(set(holders)) == 1

    async def test_only_its_holder_gives_it_up(self, store: Store):
        await store.claim_entra("guid", "acme")
        await store.release_entra("guid", "rival")
        assert await store.claim_entra("guid", "rival") == "acme"

        await store.release_entra("GUID", "acme")
        await store.release_entra("guid", "acme")
        assert await store.claim_entra("guid", "rival") == "rival"

    async def test_it_is_no_tenant(self, store: Store):
        """Listing tenants shows none of the claims."""
        await store.claim_entra("guid", "acme")

        assert await store.tenants() == []


async def test_proofs_are_listed_newest_first(store):
    """Of one connection, each as it was kept."""
    older = await store.put_proof(examples.proof("p2"))
    newer = await store.put_proof(examples.proof("p1", at=examples.NOW + timedelta(minutes=1)))
    await store.put_proof(examples.proof("p3", connection="c10"))

    assert await store.proofs("acme", "c1") == [newer, older]
