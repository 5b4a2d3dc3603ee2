"""Whom the host app knows: the same in either store."""

import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.store.memory import MemoryStore
from shared.store.records import Contact
from shared.store.store import Store
from shared.store.tables import TableStore
from tests.azurite import Azurite

ADA = Contact("emp-1", "acme", "employee", "Ada O'Neill", ("Ada@Acme.example", "a@acme.example"))
BEN = Contact("c/2 ü", "acme", "contact", "Ben", ("ben@client.example",))


async def test_people_come_back_as_they_were_put(store: Store):
    """Every field survives; a new person is at version 1."""
    kept = await store.put_contacts("acme", [ADA, BEN])

    assert [await store.contact("acme", one.id) for one in (ADA, BEN)] == kept
    assert [replace(one, etag="") for one in kept] == [ADA, BEN]
    assert all(one.etag for one in kept)


async def test_a_version_counts_contents(store: Store):
    """Putting the same again keeps version and row; another name is the next version."""
    (first,) = await store.put_contacts("acme", [ADA])
    (same,) = await store.put_contacts("acme", [ADA])
    (renamed,) = await store.put_contacts("acme", [replace(ADA, name="Ada B")])

    assert same == first
    assert (renamed.version, renamed.name) == (2, "Ada B")


async def test_people_are_found_by_any_of_their_addresses(store: Store):
    """In any case; addresses of nobody, and people of other tenants, are not found."""
    await store.put_contacts("acme", [ADA, BEN])
    await store.put_contacts("other", [replace(ADA, tenant="other", id="x")])

    found = await store.contacts_at("acme", [" A@ACME.example", "ben@client.example", "no@one.x"])

    assert found == {"a@acme.example": (ADA,), "ben@client.example": (BEN,)}


async def test_an_address_given_up_finds_nobody(store: Store):
    """Neither after it was taken off a person nor after the person was dropped."""
    await store.put_contacts("acme", [ADA, BEN])
    await store.put_contacts("acme", [replace(ADA, addresses=("ada@acme.example",))])
    assert await store.drop_contact("acme", BEN.id)

    found = await store.contacts_at("acme", [*ADA.addresses, *BEN.addresses])

    assert {address: [one.id for one in who] for address, who in found.items()} == {
        "ada@acme.example": ["emp-1"]
    }
    assert await store.contact("acme", BEN.id) is None
    assert not await store.drop_contact("acme", BEN.id)


async def test_of_several_the_one_whose_primary_it_is_comes_first(store: Store):
    """Then they go by id."""
    shared_desk = [
        Contact("z", "acme", "employee", "Z", ("desk@acme.example",)),
        Contact("b", "acme", "employee", "B", ("b@acme.example", "desk@acme.example")),
        Contact("a", "acme", "employee", "A", ("a@acme.example", "Desk@acme.example")),
    ]
    await store.put_contacts("acme", shared_desk)

    found = await store.contacts_at("acme", ["desk@acme.example"])

    assert [one.id for one in found["desk@acme.example"]] == ["z", "a", "b"]


async def test_people_are_listed_by_page(store: Store):
    """Each once, whatever the characters of their ids."""
    names = ["a", "A", "b/1", "ü", "z"]
    await store.put_contacts("acme", [replace(ADA, id=name) for name in names])
    listed: list[str] = []
    while page := await store.contacts("acme", listed[-1] if listed else "", 2):
        listed += [one.id for one in page]

    assert sorted(listed) == sorted(names)


async def test_many_people_are_put_at_once(store: Store):
    """More than go into one transaction, and none of them is lost."""
    many = [replace(ADA, id=f"p{n}", addresses=(f"p{n}@acme.example",)) for n in range(150)]
    kept = await store.put_contacts("acme", many)

    assert [one.id for one in kept] == [one.id for one in many]
    assert len(await store.contacts("acme", limit=200)) == 150
    assert set(await store.contacts_at("acme", ["p0@acme.example", "p149@acme.example"])) == {
        "p0@acme.example",
        "p149@acme.example",
    }


async def test_two_writers_of_one_person_leave_one_of_both_contents(store: Store):
    """What the person is found by is that of the content that stands."""
    versions = [replace(ADA, addresses=(f"ada{n}@acme.example",)) for n in range(4)]
    await asyncio.gather(*(store.put_contacts("acme", [one]) for one in versions))

    stands = await store.contact("acme", ADA.id)
    found = await store.contacts_at("acme", [one.addresses[0] for one in versions])

    assert stands is not None
    assert set(found) == set(stands.addresses)


contents = st.builds(
    Contact,
    st.sampled_from(["p1", "p2"]),
    st.just("acme"),
    st.sampled_from(["employee", "contact"]),
    st.just("Name"),
    st.lists(st.sampled_from(["a@x.example", "A@x.example", "b@x.example"]), min_size=1).map(
        tuple
    ),
)
steps = st.lists(contents | st.sampled_from(["p1", "p2"]), max_size=6)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_both_stores_agree(emulator: Azurite, taken: list[Contact | str]):
    """Led through the same puts and drops they know the same people by the same addresses."""
    asyncio.run(compare(emulator.fresh(), taken))


async def compare(connection: str, taken: list[Contact | str]) -> None:
    async with TableStore(connection) as tables:
        assert await led(MemoryStore(), taken) == await led(tables, taken)


async def led(store: Store, taken: list[Contact | str]) -> list[object]:
    for step in taken:
        if isinstance(step, str):
            await store.drop_contact("acme", step)
        else:
            await store.put_contacts("acme", [step])
    people = [replace(one, etag="") for one in await store.contacts("acme")]
    return [people, await store.contacts_at("acme", ["a@x.example", "b@x.example"])]
