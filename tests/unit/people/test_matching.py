"""Whom an address counts for."""

from datetime import UTC, datetime

import pytest

from shared.people.annotation import annotated, annotated_changes
from shared.people.matching import matched, untagged
from shared.store.memory import MemoryStore
from shared.store.records import Calendar, CalendarKey, Change, Contact, State

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ADA = Contact("emp-1", "acme", "employee", "Ada", ("ada@acme.example",))
LIST = Contact("list", "acme", "contact", "Ada's list", ("ada+list@acme.example",))
EVE = Contact("c-9", "acme", "external", "Eve", ("eve@client.example",))


@pytest.fixture
async def store() -> MemoryStore:
    """Three people, and the connected mailbox of the first with two aliases."""
    made = MemoryStore()
    await made.put_contacts("acme", [ADA, LIST, EVE])
    await made.put_calendar(
        Calendar(
            CalendarKey("acme", "ada"),
            "c1",
            "oid-ada",
            "ada@acme.example",
            State.ACTIVE,
            NOW,
            aliases=("lovelace@acme.example", "a+b@acme.example"),
        )
    )
    await made.put_calendar(
        Calendar(CalendarKey("acme", "bo"), "c1", "oid-bo", "bo@acme.example", State.ACTIVE, NOW)
    )
    return made


@pytest.mark.parametrize(
    ("address", "person", "external"),
    [
        ("ada@acme.example", "emp-1", False),
        (" ADA@Acme.Example ", "emp-1", False),
        ("ada+news@acme.example", "emp-1", False),
        ("ada+list@acme.example", "list", False),
        ("lovelace@acme.example", "emp-1", False),
        ("lovelace+x@acme.example", "emp-1", False),
        ("a+b@acme.example", "emp-1", False),
        ("a@acme.example", None, True),
        ("eve@client.example", "c-9", True),
        ("bo@acme.example", None, False),
        ("bo+x@acme.example", None, False),
        ("x@else.example", None, True),
        ("+x@else.example", None, True),
    ],
)
async def test_an_address_counts_for(store, address, person, external):
    """Case, plus-addressing and aliases of connected mailboxes make no difference; the very
    address comes before the one without its tag.
    """
    (match,) = (await matched(store, "acme", [address])).values()

    assert (match.person.id if match.person else None, match.external) == (person, external)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("ada+x+y@acme.example", "ada@acme.example"),
        ("ada@acme.example", "ada@acme.example"),
        ("+x@acme.example", "+x@acme.example"),
        ("no address", "no address"),
    ],
)
def test_a_tag_is_taken_off(address, plain):
    assert untagged(address) == plain


async def test_documents_are_told_at_any_depth(store):
    """Lists of attendees, of those who came and of those who went; nothing else."""
    document = {
        "appointment": {
            "attendees": [{"address": "ada@acme.example", "name": "A"}],
            "series": {"overrides": [{"attendees": [{"address": "x@else.example"}]}]},
            "organizer": {"address": "ada@acme.example"},
        },
        "attendees_added": [{"address": "ada@acme.example"}],
        "attendees_removed": [{"address": "x@else.example"}],
    }
    ada = {"id": "emp-1", "kind": "employee"}

    (told,) = await annotated(store, "acme", [document])

    assert told == {
        "appointment": {
            "attendees": [
                {"address": "ada@acme.example", "name": "A", "person": ada, "external": False}
            ],
            "series": {
                "overrides": [
                    {
                        "attendees": [
                            {"address": "x@else.example", "person": None, "external": True}
                        ]
                    }
                ]
            },
            "organizer": {"address": "ada@acme.example"},
        },
        "attendees_added": [{"address": "ada@acme.example", "known": True, "person": ada}],
        "attendees_removed": [{"address": "x@else.example", "known": False, "person": None}],
    }
    assert "person" not in document["attendees_added"][0]


async def test_a_change_stays_the_same_change(store):
    """Its id, by which it is told only once, does not depend on who is known."""
    change = Change("id", "type", "a1", NOW, {"attendees": [{"address": "ada@acme.example"}]})
    plain = Change("id2", "type", "a1", NOW, {"operation": {}})

    told, untouched = await annotated_changes(store, "acme", [change, plain])

    assert (told.id, told.data["attendees"][0]["external"]) == ("id", False)
    assert untouched == plain
