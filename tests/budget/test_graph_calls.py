"""What each change costs at Graph, as DESIGN.md's table has it: exact lists of requests."""

import re
from typing import Any
from urllib.parse import quote

from tests.journeys.scene import Customer

ROUND = "GET /users/{user}/calendarView/delta()"
EVENT = "/users/{user}/events/{event}"
EVENTS = "/users/{user}/events"


async def calls(customer: Customer) -> list[str]:
    """All that the app asked of Graph for the customer so far; ids by their kind."""
    query = {"tenant": customer.entra, "path": "^/v1.0/"}
    asked = (await customer.scene.twin.get("/requests", params=query)).json()["value"]
    return [f"{one['method']} {plain(one['path'])}" for one in asked]


def plain(path: str) -> str:
    path = re.sub(r"^/v1\.0", "", path)
    path = re.sub(r"/users/[^/]+", "/users/{user}", path)
    return re.sub(r"/events/[^/]+", "/events/{event}", path)


async def cost(customer: Customer, deed) -> list[str]:
    """The calls of one deed, its echo included."""
    await customer.idle()
    before = len(await calls(customer))
    await deed
    await customer.idle()
    return (await calls(customer))[before:]


async def test_an_edit_in_outlook_costs_one_round(scene):
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")

    async def edited():
        await customer.edits("megan", "visit", subject="Visit (moved)")
        await customer.change("visit", "appointment.updated")

    assert await cost(customer, edited()) == [ROUND]


async def test_a_removal_in_outlook_costs_a_round_and_a_look(scene):
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")

    async def removed():
        await customer.deletes("megan", "visit")
        await customer.change("visit", "appointment.deleted")

    assert await cost(customer, removed()) == [ROUND, f"GET {EVENT}"]


async def test_an_edit_by_the_app_costs_one_patch_and_its_echo_nothing(scene):
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")

    async def edited():
        await customer.patch("visit", subject="Visit at noon")
        await customer.shows("megan", "Visit at noon")

    assert await cost(customer, edited()) == [f"PATCH {EVENT}"]


async def test_a_creation_by_the_app_costs_one_post_and_its_echo_nothing(scene):
    customer = await scene.connect("megan")

    assert await cost(customer, customer.settled("visit", "megan")) == [f"POST {EVENTS}"]


async def test_a_deletion_by_the_app_costs_a_look_and_a_delete(scene):
    """And its echo nothing: what is deleted is neither linked nor known of any more."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    deletion = customer.api("DELETE", "/appointments/visit", params={"wait": 20})

    assert await cost(customer, deletion) == [f"GET {EVENT}", f"DELETE {EVENT}"]


async def test_a_put_that_changes_nothing_costs_nothing(scene):
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")

    assert await cost(customer, customer.settled("visit", "megan")) == []


async def test_an_idle_calendar_costs_one_round_when_its_poll_is_due(scene):
    customer = await scene.connect("megan")

    async def polled():
        rounds = (await customer.calendar("megan"))["last_round"]
        await scene.let_time_pass(customer)
        await scene.run("catch_up")
        await customer.in_round_after("megan", rounds)

    assert await cost(customer, polled()) == [ROUND]


# Series.

WHOLE = f"GET {EVENT}"
DAILY = {"rrule": "FREQ=DAILY;COUNT=5"}


async def day_of(customer: Customer, n: int) -> dict[str, Any]:
    """The nth occurrence as Outlook shows it."""
    shown = await customer.shows("megan", "visit")
    return sorted(shown, key=lambda event: event["start"]["dateTime"])[n]


async def with_days(customer: Customer, **days: Any) -> dict[str, Any]:
    """Puts the series again, with what differs on its days."""
    return await customer.settled("visit", "megan", recurrence={**DAILY, **days})


def series_start(day: dict[str, Any]) -> str:
    return day["start"]["dateTime"][:10]


async def test_an_edit_of_one_occurrence_in_outlook_costs_a_round_and_a_look(scene):
    customer = await scene.connect("megan")
    await with_days(customer)

    async def edited():
        path = f"/{quote((await day_of(customer, 1))['id'], safe='')}"
        await customer.outlook("PATCH", "megan", path, json={"subject": "Visit (late)"})
        await customer.change("visit", "appointment.updated")

    assert await cost(customer, edited()) == [ROUND, WHOLE]


async def test_an_edit_of_a_series_by_the_app_costs_a_patch_and_a_look(scene):
    """Its echo costs nothing, or a round that finds nothing new."""
    customer = await scene.connect("megan")
    await with_days(customer)
    edited = cost(customer, customer.settled("visit", "megan", recurrence=DAILY, location="Hall"))
    exact = [f"PATCH {EVENT}", WHOLE]

    assert await edited in (exact, [*exact, ROUND])


async def test_a_series_created_by_the_app_costs_one_post_and_its_echo_no_look(scene):
    customer = await scene.connect("megan")
    exact = [f"POST {EVENTS}"]

    assert await cost(customer, with_days(customer)) in (exact, [*exact, ROUND])


async def test_a_day_that_the_app_cancels_is_looked_up_and_deleted(scene):
    """The series is read before, for its etag says nothing of its occurrences, and after."""
    customer = await scene.connect("megan")
    await with_days(customer)
    day = series_start(await day_of(customer, 2))
    exact = [WHOLE, f"GET {EVENT}/instances", f"DELETE {EVENT}", WHOLE]

    assert await cost(customer, with_days(customer, exdates=[day])) in (exact, [*exact, ROUND])


async def test_a_day_that_the_app_edits_is_looked_up_and_patched(scene):
    customer = await scene.connect("megan")
    await with_days(customer)
    day = series_start(await day_of(customer, 2))
    override = {"original_start": day, "subject": "Visit of the board"}
    exact = [WHOLE, f"GET {EVENT}/instances", f"PATCH {EVENT}", WHOLE]

    asked = await cost(customer, with_days(customer, overrides=[override]))
    assert asked in (exact, [*exact, ROUND])
