"""Graph's bad days: refusals, silence and lost answers. Nothing is doubled, nothing is lost."""

import asyncio

import pytest

from tests.journeys.scene import at, eventually

EVENTS = "/events$"
EVENT = "/events/[^/]+$"
DELTA = "/calendarView/delta"
# A wait that Graph asks for is kept; none is asked for where the test is not about it.
AT_ONCE = {"retry_after": 0}
BUSY = {
    "429": {"status": 429, "retry_after": 1},
    "503": {"status": 503, **AT_ONCE},
    "504": {"status": 504, **AT_ONCE},
}


async def hurried(customer, done, what):
    """Waits, and has the calendars worked on by hand meanwhile, as an operator would."""

    async def look():
        for who in customer.people:
            if who != "root":
                key = f"{customer.name}~{customer.people[who]}"
                await customer.scene.run("write_appointment", key)
        return await done()

    return await eventually(look, what)


@pytest.mark.parametrize("phase", ["before", "after"])
async def test_a_create_that_graph_puts_off_is_done_once(scene, phase):
    """Also where Graph had created the event and only the answer says that it was busy."""
    customer = await scene.connect("megan")
    guests = [{"address": "ann@partner.example"}]
    statuses = []
    for name, action in BUSY.items():
        await customer.fault(action, EVENTS, "POST", phase=phase)
        statuses.append((await customer.put(name, "megan", wait=20, attendees=guests)).status_code)
    await customer.idle()

    assert statuses == [201, 201, 201]
    assert {event["subject"] for event in await customer.events("megan")} == set(BUSY)
    assert [mail["kind"] for mail in await customer.mails()] == ["invitation"] * 3
    assert [await outcomes(customer, name) for name in BUSY] == [["applied"]] * 3


@pytest.mark.parametrize("action", [{"drop": True}, {"timeout": 1}])
async def test_an_event_created_without_an_answer_is_found_again(scene, action):
    """The connection broke after the event was created: it is looked up by its tag, not made
    again; what the app changed meanwhile is in it.
    """
    customer = await scene.connect("megan")
    await customer.fault(action, EVENTS, "POST", phase="after")
    await customer.put("visit", "megan")
    await customer.shows("megan", "visit")
    await customer.patch("visit", subject="Visit at noon")

    async def settled():
        return (await customer.get("visit"))["synced"]

    await hurried(customer, settled, "the appointment synced")
    await customer.idle()

    assert [event["subject"] for event in await customer.events("megan")] == ["Visit at noon"]
    assert len(await customer.appointments()) == 1


async def test_an_update_whose_answer_is_lost_is_no_edit_of_a_persons(scene):
    """What Graph wrote and did not admit is ours: the app is told the outcomes, and no more."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    await customer.idle()
    before = len(await customer.changes())
    for name, action in BUSY.items():
        await customer.fault(action, EVENT, "PATCH", phase="after")
        await customer.patch("visit", subject=f"Visit {name}", location=f"Hall {name}")

        async def settled():
            return (await customer.get("visit"))["synced"]

        await eventually(settled, "the appointment synced")
    await customer.idle()
    told = [change["type"] for change in (await customer.changes())[before:]]
    (event,) = await customer.events("megan")

    assert told == ["calbridge.operation.applied"] * 3
    assert (event["subject"], event["location"]["displayName"]) == ("Visit 504", "Hall 504")


async def test_a_deletion_whose_answer_is_lost_is_done_once(scene):
    """The second try finds nothing to delete, which is what was wanted."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    await customer.fault({"status": 504, **AT_ONCE}, EVENT, "DELETE", phase="after")
    answer = await customer.api("DELETE", "/appointments/visit", params={"wait": 20})
    await customer.idle()

    assert answer.json()["operation"]["state"] == "applied"
    assert await customer.events("megan") == []
    assert await outcomes(customer, "visit") == ["applied", "applied"]


async def test_a_round_that_graph_puts_off_is_read_later(scene):
    """First and second pages are refused in all ways: afterwards every edit is told, once."""
    customer = await scene.connect("megan")
    for skip in (0, 1):
        for action in BUSY.values():
            await customer.fault(action, DELTA, "GET", skip=skip)
    await asyncio.gather(*(customer.books("megan", f"booked {n}") for n in range(60)))
    wanted = {f"booked {n}" for n in range(60)}

    async def told():
        return {one["subject"] for one in await customer.appointments()} == wanted

    await eventually(told, "all of them told")
    await customer.idle()
    made = [c for c in await customer.changes() if c["type"].endswith("appointment.created")]
    assert len(made) == 60


async def test_a_token_refused_in_the_middle_is_fetched_anew(scene):
    """One 401 during a round and one during a write are nothing that anybody sees."""
    customer = await scene.connect("megan")
    await customer.fault({"status": 401}, DELTA, "GET")
    await customer.fault({"status": 401}, EVENTS, "POST")
    await customer.settled("visit", "megan")
    await customer.books("megan", "Dentist")

    async def told():
        return len(await customer.appointments()) == 2

    await eventually(told, "both sides agree")
    states = [c["data"]["state"] for c in await customer.changes() if "calendar" in c["type"]]
    assert states == ["active"]


async def test_a_change_that_graph_refuses_is_reported_and_holds_up_nobody(scene):
    """A 400 ends that one operation, with the reason; the next ones are written."""
    customer = await scene.connect("megan")
    await customer.fault({"status": 400, "code": "ErrorInvalidArgument"}, EVENTS, "POST")
    refused = await customer.put("wrong", "megan", wait=20)
    await customer.settled("right", "megan", start=at(11), end=at(12))
    change = await customer.change("wrong", "operation.refused")

    assert (refused.status_code, refused.json()["code"]) == (422, "refused-by-microsoft")
    assert change["data"]["operation"]["problem"]["code"] == "refused-by-microsoft"
    assert [event["subject"] for event in await customer.events("megan")] == ["right"]


async def test_storms_of_both_kinds_end_in_agreement(scene):
    """Every third request of any kind fails for a while: both sides are equal afterwards, and
    the log tells each new event of a person's once.
    """
    customer = await scene.connect("megan", "diego")
    for n, action in enumerate(BUSY.values()):
        for phase in ("before", "after"):
            for method in ("POST", "PATCH", "GET"):
                await customer.fault(
                    {**action, **AT_ONCE}, "/users/", method, phase=phase, times=2, skip=n
                )
    people = ("megan", "diego")
    await asyncio.gather(
        *(customer.put(f"plan{n}", people[n % 2]) for n in range(10)),
        *(customer.books(people[n % 2], f"booked{n}") for n in range(10)),
    )
    await asyncio.gather(
        *(customer.patch(f"plan{n}", subject=f"plan{n} again") for n in range(10))
    )
    wanted = sorted([f"plan{n} again" for n in range(10)] + [f"booked{n}" for n in range(10)])

    async def agreed():
        shown = [event["subject"] for who in people for event in await customer.events(who)]
        return (
            sorted(shown)
            == wanted
            == sorted(one["subject"] for one in await customer.appointments())
        )

    await hurried(customer, agreed, "both sides agree")
    await customer.idle()
    made = [c for c in await customer.changes() if c["type"].endswith("appointment.created")]
    assert len(made) == 10


async def outcomes(customer, appointment):
    found = [c for c in await customer.changes() if c["subject"] == appointment]
    return [c["data"]["operation"]["state"] for c in found if "operation" in c["type"]]
