import asyncio
import itertools

import pytest

from shared.store.memory import MemoryStore
from shared.store.records import OperationState
from tests.unit.api.stage import build_stage

PATH = "/v1/tenants/acme/appointments/visit-1"

VISIT = {
    "mailbox": "ada@acme.example",
    "subject": "Visit",
    "start": {"date_time": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2026-11-23T11:00:00", "time_zone": "Europe/Berlin"},
    "reminder_minutes": 15,
    "revision": 7,
}


async def test_a_put_is_accepted_with_an_operation(api, stage):
    """A new appointment is answered 202 with its operation, and a worker is woken."""
    answer = await api.put(PATH, json=VISIT)

    assert answer.status_code == 202
    assert answer.headers["Location"] == "/v1/tenants/acme/operations/visit-1.1"
    assert answer.headers["ETag"] == '"1"'
    assert answer.json()["operation"]["state"] == "pending"
    assert ("write-appointment", "acme~ada", 0) in stage.queues.sent


async def test_what_was_put_is_what_is_read(api):
    """A GET shows every field as it was sent, the version, and that Outlook lacks it so far."""
    await api.put(PATH, json=VISIT)

    answer = await api.get(PATH)

    shown = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert {name: shown[name] for name in VISIT} == VISIT
    assert (shown["synced"], shown["operation"]) == (False, "visit-1.1")


async def test_putting_the_same_again_changes_nothing(api, stage):
    """An equal PUT keeps the version, and once it is settled it is answered 200."""
    await api.put(PATH, json=VISIT)
    await stage.settle("visit-1")

    answer = await api.put(PATH, json=VISIT)

    assert answer.status_code == 200
    assert answer.json()["appointment"]["version"] == 1
    assert answer.json()["appointment"]["synced"] is True


async def test_wait_gives_the_outcome(api, stage):
    """With ?wait a PUT is answered 201 as soon as a worker has settled it."""
    waiting = asyncio.create_task(api.put(f"{PATH}?wait=20", json=VISIT))
    await asyncio.wait_for(stage.queues.arrived.wait(), 10)
    await stage.settle("visit-1")

    answer = await waiting

    assert answer.status_code == 201
    assert answer.json()["operation"]["state"] == "applied"
    assert answer.json()["appointment"]["synced"] is True


async def test_wait_tells_a_refusal_as_a_problem(api, stage):
    """With ?wait a change that Microsoft refused is a problem that names its operation."""
    waiting = asyncio.create_task(api.put(f"{PATH}?wait=20", json=VISIT))
    await asyncio.wait_for(stage.queues.arrived.wait(), 10)
    await stage.settle("visit-1", OperationState.REFUSED)

    answer = await waiting

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "refused-by-microsoft"
    assert answer.json()["operation"] == "visit-1.1"


async def test_wait_ends_with_what_is_known(api):
    """When nobody settles in time, the answer is 202 as without waiting."""
    answer = await api.put(f"{PATH}?wait=0.1", json=VISIT)

    assert answer.status_code == 202


async def test_a_patch_changes_what_it_names(api):
    """A merge patch replaces what is named, removes what is null, and keeps the rest."""
    await api.put(PATH, json=VISIT)

    answer = await api.patch(
        PATH,
        json={"subject": "Long visit", "reminder_minutes": None, "revision": 8},
        headers={"Content-Type": "application/merge-patch+json"},
    )

    shown = answer.json()["appointment"]
    assert answer.status_code == 202
    assert (shown["subject"], shown["reminder_minutes"]) == ("Long visit", None)
    assert (shown["start"], shown["version"]) == (VISIT["start"], 2)


async def test_a_patch_cannot_make_an_invalid_appointment(api):
    """A patched appointment is checked like a whole one; the pointer names the field."""
    await api.put(PATH, json=VISIT)

    answer = await api.patch(PATH, json={"start": None})

    assert answer.status_code == 400
    assert answer.json()["pointer"] == "/start"


class RivalStore(MemoryStore):
    """Lets `rival` write between the reading and the writing of a patch, `times` over."""

    rival = None
    times = 1

    async def calendar_at(self, tenant, mailbox):
        if self.rival and self.times:
            rival, self.rival, self.times = self.rival, None, self.times - 1
            await rival()
            self.rival = rival
        return await super().calendar_at(tenant, mailbox)


@pytest.mark.parametrize(("times", "status"), [(1, 202), (4, 202), (99, 412)])
async def test_a_patch_applies_to_what_is_current(times, status):
    """A patch that somebody overtook applies to the newer content, and loses none of it; it
    does not try for ever.
    """
    store = RivalStore()
    stage = build_stage(store)
    await stage.with_calendar()
    async with stage.client() as api:
        await api.put(PATH, json=VISIT)
        count = itertools.count()

        async def rival():
            await api.put(PATH, json=VISIT | {"location": f"Room {next(count)}"})

        store.rival, store.times = rival, times
        answer = await api.patch(PATH, json={"subject": "Patched"})
        store.rival = None

        shown = (await api.get(PATH)).json()
    assert answer.status_code == status
    assert shown["location"].startswith("Room")
    assert (shown["subject"] == "Patched") is (status == 202)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_if_match_guards_every_write(api, method):
    """A write whose If-Match names an old version is refused with 412 and changes nothing."""
    await api.put(PATH, json=VISIT)
    await api.put(PATH, json=VISIT | {"subject": "Newer", "revision": 8})

    body = None if method == "DELETE" else VISIT | {"subject": "Oldest", "revision": 9}
    answer = await api.request(method, PATH, json=body, headers={"If-Match": '"1"'})

    assert answer.status_code == 412
    assert answer.json()["code"] == "version-conflict"
    assert (await api.get(PATH)).json()["subject"] == "Newer"


async def test_if_match_with_the_current_version_passes(api):
    """A write whose If-Match names the current version is accepted."""
    await api.put(PATH, json=VISIT)

    answer = await api.put(PATH, json=VISIT | {"subject": "Next"}, headers={"If-Match": '"1"'})

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If-Match", "*", 412),
        ("If-Match", '"1"', 412),
        ("If-Match", "1", 400),
        ("If-None-Match", "*", 202),
        ("If-None-Match", '"1"', 400),
    ],
)
async def test_conditions_on_an_appointment_that_does_not_exist(api, header, value, status):
    """If-Match never creates, If-None-Match: * does, and a malformed one is named."""
    answer = await api.put(PATH, json=VISIT, headers={header: value})

    assert answer.status_code == status


async def test_if_none_match_never_replaces(api):
    """If-None-Match: * on an appointment that exists is refused with 412."""
    await api.put(PATH, json=VISIT)

    answer = await api.put(PATH, json=VISIT | {"subject": "Other"}, headers={"If-None-Match": "*"})

    assert answer.status_code == 412


async def test_a_deleted_appointment_is_gone(api):
    """A DELETE is accepted with an operation, and then the appointment is unknown."""
    await api.put(PATH, json=VISIT)

    answer = await api.delete(PATH)

    assert answer.status_code == 202
    assert answer.json()["operation"]["wish"] == "delete"
    assert answer.json()["appointment"] is None
    assert (await api.get(PATH)).json()["code"] == "appointment-unknown"


async def test_a_cancelled_appointment_stays(api):
    """DELETE with cancel keeps the appointment, cancelled."""
    await api.put(PATH, json=VISIT)

    answer = await api.delete(f"{PATH}?cancel=true&comment=Ill")

    assert answer.json()["operation"]["wish"] == "cancel"
    assert (await api.get(PATH)).json()["status"] == "cancelled"


async def test_an_operation_can_be_read(api, stage):
    """The operation of a write is found under its Location and tells its end."""
    location = (await api.put(PATH, json=VISIT)).headers["Location"]
    await stage.settle("visit-1")

    assert (await api.get(location)).json()["state"] == "applied"


async def test_a_mailbox_must_be_connected(api):
    """An appointment for an unknown mailbox is refused, with a pointer to the field."""
    answer = await api.put(PATH, json=VISIT | {"mailbox": "bob@acme.example"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "mailbox-not-connected"
    assert answer.json()["pointer"] == "/mailbox"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"subject": None}, "/subject"),
        ({"start": {"date": "2026-11-23"}}, "/end"),
        ({"start": {"date_time": "2026-11-23T10:00:00Z", "time_zone": "UTC"}}, "/start/date_time"),
        ({"end": {"date_time": "2026-11-22T11:00:00", "time_zone": "UTC"}}, "/end"),
        ({"start": {"date_time": "2026-11-23T10:00:00", "time_zone": "X/Y"}}, "/start/time_zone"),
        ({"show_as": "asleep"}, "/show_as"),
        ({"attendees": [{"name": "Bob"}]}, "/attendees/0/address"),
        ({"colour": "red"}, "/colour"),
        ({"reminder_minutes": "15"}, "/reminder_minutes"),
    ],
)
async def test_a_wrong_field_is_named(api, change, pointer):
    """Whatever is wrong with an appointment, the problem points at the field."""
    answer = await api.put(PATH, json=VISIT | change)

    assert answer.status_code == 400
    assert answer.json()["pointer"] == pointer


async def test_a_list_pages_over_all_appointments(api):
    """Following `next` gives every appointment once and ends."""
    names = [f"visit-{n}" for n in range(5)]
    for name in names:
        path = f"/v1/tenants/acme/appointments/{name}"
        assert (await api.put(path, json=VISIT)).status_code == 202

    seen, after = [], ""
    while True:
        page = (await api.get(f"/v1/tenants/acme/appointments?limit=2&after={after}")).json()
        seen += [one["id"] for one in page["appointments"]]
        after = page["next"]
        if not after:
            break

    assert sorted(seen) == names


async def test_a_list_of_one_mailbox(api):
    """A list can be of one mailbox; one that is not connected is a problem."""
    await api.put(PATH, json=VISIT)

    mine = await api.get("/v1/tenants/acme/appointments?mailbox=ada@acme.example")
    other = await api.get("/v1/tenants/acme/appointments?mailbox=bob@acme.example")

    assert [one["id"] for one in mine.json()["appointments"]] == ["visit-1"]
    assert other.json()["code"] == "mailbox-not-connected"


async def test_a_made_up_cursor_is_refused(api):
    """`after` that is no `next` of a page is a problem, not an error."""
    answer = await api.get("/v1/tenants/acme/appointments?after=%F0%9F%98%80")

    assert answer.status_code == 400


async def test_an_id_with_a_slash_is_no_appointment(api):
    """An id with characters it may not have is refused before anything is looked up."""
    answer = await api.get("/v1/tenants/acme/appointments/a%20b")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")


@pytest.mark.parametrize("name", ["visit-1.2", "visit-9.1"])
async def test_an_unknown_operation_is_a_problem(api, name):
    """An operation that never was is told as such."""
    await api.put(PATH, json=VISIT)

    answer = await api.get(f"/v1/tenants/acme/operations/{name}")

    assert (answer.status_code, answer.json()["code"]) == (404, "operation-unknown")


async def test_if_match_any_passes_for_what_exists(api):
    """If-Match: * asks for no more than that there is one."""
    await api.put(PATH, json=VISIT)

    changed = await api.put(PATH, json=VISIT | {"subject": "X"}, headers={"If-Match": "*"})
    deleted = await api.delete(PATH, headers={"If-Match": "*"})
    again = await api.delete(PATH, headers={"If-Match": "*"})

    assert [one.status_code for one in (changed, deleted, again)] == [202, 202, 412]


async def test_an_appointment_without_length_is_warned_of(api):
    """C13: in the answer to the write, and in its operation as long as that is kept."""
    answer = await api.put(PATH, json=VISIT | {"end": VISIT["start"]})
    operation = await api.get("/v1/tenants/acme/operations/visit-1.1")

    (warning,) = answer.json()["operation"]["warnings"]
    assert (warning["code"], warning["pointer"]) == ("zero-length", "/end")
    assert operation.json()["warnings"] == [warning]


async def test_a_default_length_is_shown_and_stays(api):
    """Sent again, the appointment is as it was: no second operation."""
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": {"default_minutes": 30}})
    first = await api.put(PATH, json=VISIT | {"end": VISIT["start"]})
    again = await api.put(PATH, json=VISIT | {"end": VISIT["start"]})

    assert first.json()["operation"]["warnings"] == []
    assert first.json()["appointment"]["end"]["date_time"] == "2026-11-23T10:30:00"
    assert again.json()["operation"] == first.json()["operation"]


PER_PROJECT = {
    "preset": "charitylog",
    "require_calendar_rights": False,
    "projects": {"befriending": {"direction": "to_outlook"}},
    "types": {"call": {"default_minutes": 15}},
}


async def test_a_project_that_is_off_is_told_which_one(api):
    """C10: nothing is written until the project is switched on; the answer names it."""
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": PER_PROJECT})
    off = await api.put(PATH, json=VISIT | {"project": "advocacy"})
    none = await api.put(PATH, json=VISIT)

    assert (off.status_code, off.json()["code"]) == (409, "sync-off")
    assert off.json()["pointer"] == "/project"
    assert "'advocacy'" in off.json()["detail"]
    assert none.json()["code"] == "sync-off"


async def test_an_appointment_has_its_projects_and_types_policy(api):
    """And shows which ones they are; a PATCH keeps them, and can change them."""
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": PER_PROJECT})
    words = {"project": "befriending", "type": "call", "protected": True}
    put = await api.put(PATH, json=VISIT | words | {"end": VISIT["start"]})
    patched = await api.patch(PATH, json={"protected": False, "revision": 8})

    shown = put.json()["appointment"]
    assert shown["end"]["date_time"] == "2026-11-23T10:15:00"
    assert {name: shown[name] for name in words} == words
    assert patched.json()["appointment"]["protected"] is False
    assert patched.json()["appointment"]["type"] == "call"
    assert patched.json()["operation"]["version"] == 2


async def test_deleting_waits_for_the_switch_too(api):
    """A project switched off keeps its events as they are."""
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": PER_PROJECT})
    await api.put(PATH, json=VISIT | {"project": "befriending"})
    off = PER_PROJECT | {"projects": {}}
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": off})

    answer = await api.delete(PATH)

    assert answer.json()["code"] == "sync-off"
