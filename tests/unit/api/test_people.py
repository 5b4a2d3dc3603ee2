from dataclasses import replace

import pytest

from shared.store.records import State
from tests.unit.api.test_appointments import PATH, VISIT

MERGE = {"Content-Type": "application/merge-patch+json"}
PEOPLE = "/v1/tenants/acme/people"
EVE = {"kind": "contact", "name": "Eve", "addresses": ["eve@client.example", "e@client.example"]}


async def test_a_person_is_created_read_replaced_and_deleted(api):
    """By the host app's own id; the version counts contents."""
    created = await api.put(f"{PEOPLE}/c-1", json=EVE)
    again = await api.put(f"{PEOPLE}/c-1", json=EVE)
    renamed = await api.put(f"{PEOPLE}/c-1", json={**EVE, "name": "Eve B"})

    assert [one.status_code for one in (created, again, renamed)] == [201, 200, 200]
    assert created.json() == {"id": "c-1", **EVE, "provider": None, "version": 1}
    assert (renamed.json()["version"], renamed.headers["ETag"]) == (2, '"2"')
    assert (await api.get(f"{PEOPLE}/c-1")).json() == {**renamed.json(), "calendar": None}
    assert (await api.delete(f"{PEOPLE}/c-1")).status_code == 204
    for gone in (await api.get(f"{PEOPLE}/c-1"), await api.delete(f"{PEOPLE}/c-1")):
        assert (gone.status_code, gone.json()["code"]) == (404, "person-unknown")


async def test_people_are_listed_by_page(api):
    """`next` leads to the following page, and is empty on the last."""
    for name in ("a", "b", "c"):
        await api.put(f"{PEOPLE}/{name}", json=EVE)

    first = (await api.get(PEOPLE, params={"limit": 2})).json()
    last = (await api.get(PEOPLE, params={"limit": 2, "after": first["next"]})).json()

    assert [one["id"] for one in first["people"] + last["people"]] == ["a", "b", "c"]
    assert last["next"] == ""


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"addresses": []}, "/addresses"),
        ({"addresses": ["nobody"]}, "/addresses/0"),
        ({"addresses": ["a@b.example"] * 21}, "/addresses"),
        ({"kind": ""}, "/kind"),
        ({"name": "\x00"}, "/name"),
        ({"salary": 1}, "/salary"),
    ],
)
async def test_what_is_wrong_with_a_person_is_named(api, wrong, pointer):
    answer = await api.put(f"{PEOPLE}/c-1", json={**EVE, **wrong})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid-request")
    assert problem["pointer"] == pointer


async def test_of_many_people_those_that_are_right_are_kept(api):
    """Each has its own result; a pointer names the place of what is wrong."""
    many = [
        {"id": "a", **EVE},
        {"id": "b", **EVE, "addresses": ["b@client.example", "nobody"]},
        {"id": "a", **EVE},
        {"id": "match", **EVE},
        {"id": "c", **EVE},
        EVE,
    ]
    answer = (await api.post(PEOPLE, json={"people": many})).json()
    results = answer["people"]

    assert (answer["kept"], answer["refused"]) == (2, 4)
    assert [(one["id"], one["state"]) for one in results] == [
        ("a", "kept"),
        ("b", "refused"),
        ("a", "refused"),
        ("match", "refused"),
        ("c", "kept"),
        ("", "refused"),
    ]
    assert [one["problem"]["pointer"] for one in results if one["problem"]] == [
        "/people/1/addresses/1",
        "/people/2/id",
        "/people/3/id",
        "/people/5/id",
    ]
    listed = (await api.get(PEOPLE)).json()["people"]
    assert [one["id"] for one in listed] == ["a", "c"]


async def test_more_than_a_thousand_at_once_are_refused(api):
    answer = await api.post(PEOPLE, json={"people": [{}] * 1001})

    assert (answer.status_code, answer.json()["pointer"]) == (400, "/people")


async def test_an_address_is_matched(api):
    """To a person, to a connected mailbox only, or to nobody."""
    await api.put(f"{PEOPLE}/c-1", json=EVE)

    async def match(address: str) -> tuple[object, bool, bool]:
        found = (await api.get(f"{PEOPLE}/match", params={"address": address})).json()
        return found["person"] and found["person"]["id"], found["connected"], found["external"]

    assert await match("E+list@CLIENT.example") == ("c-1", False, False)
    assert await match("ada@acme.example") == (None, True, False)
    assert await match("who@else.example") == (None, False, True)
    wrong = await api.get(f"{PEOPLE}/match", params={"address": "nobody"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid-request")


async def test_attendees_are_shown_with_who_they_are(api):
    """Known and unknown ones, in answers about one appointment and in lists; and what is read
    may be sent back.
    """
    await api.put(f"{PEOPLE}/c-1", json=EVE)
    guests = [{"address": "Eve@client.example"}, {"address": "x@else.example", "name": "X"}]
    put = (await api.put(PATH, json={**VISIT, "attendees": guests})).json()
    read = (await api.get(PATH)).json()
    listed = (await api.get("/v1/tenants/acme/appointments")).json()["appointments"][0]

    for shown in (put["appointment"], read, listed):
        assert [(one["person"], one["external"]) for one in shown["attendees"]] == [
            ({"id": "c-1", "kind": "contact"}, False),
            (None, True),
        ]
    back = await api.patch(
        PATH,
        json={"attendees": read["attendees"]},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert back.json()["appointment"]["version"] == 1


async def test_an_attendee_whose_connection_is_broken_is_shown_as_such(api, stage):
    """Found by their own address, a tagged one, or another of the person's; what is read may be
    sent back.
    """
    store = stage.services.store
    await api.put(
        f"{PEOPLE}/ada", json={"addresses": ["lovelace@else.example", "ada@acme.example"]}
    )
    named = ["ada@acme.example", "ada+x@acme.example", "lovelace@else.example", "x@else.example"]
    guests = {"attendees": [{"address": address} for address in named]}
    await api.put(PATH, json={**VISIT, **guests})

    async def states() -> list[str | None]:
        shown = (await api.get(PATH)).json()["attendees"]
        return [one["connection_state"] for one in shown]

    assert await states() == ["active", "active", "active", None]
    grant = await store.connection("acme", "user-ada")
    broken = replace(grant, state=State.ACTION_REQUIRED, cause="sign-in-again")
    await store.put_connection(broken)
    assert await states() == [*["action_required"] * 3, None]
    listed = (await api.get("/v1/tenants/acme/appointments")).json()["appointments"][0]
    assert [one["connection_state"] for one in listed["attendees"]] == await states()
    back = await api.patch(PATH, json={"attendees": listed["attendees"]}, headers=MERGE)
    assert back.json()["appointment"]["version"] == 1


async def test_an_attendee_sent_as_an_address_gets_the_name_of_the_person(api):
    """A name that was sent stands, and nobody else gets one."""
    await api.put(f"{PEOPLE}/c-1", json=EVE)
    guests = [
        {"address": "e@client.example"},
        {"address": "eve@client.example", "name": "Evelyn"},
        {"address": "x@else.example"},
    ]
    await api.put(PATH, json={**VISIT, "attendees": guests})

    shown = (await api.get(PATH)).json()["attendees"]

    assert [one["name"] for one in shown] == ["Eve", "Evelyn", ""]


async def test_answers_of_attendees_cannot_be_written(api):
    """Responses and proposed times are Outlook's to say, from the first PUT on."""
    slot = {
        name: {"date_time": f"2026-11-24T1{n}:00:00", "time_zone": "UTC"}
        for n, name in enumerate(("start", "end"))
    }
    guest = {"address": "e@client.example", "response": "accepted", "proposed": slot}
    await api.put(PATH, json={**VISIT, "attendees": [guest]})

    (shown,) = (await api.get(PATH)).json()["attendees"]

    assert (shown["response"], shown["proposed"]) == ("none", None)
