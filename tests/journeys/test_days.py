"""Whole days, in the zone of the mailbox that the host app has given, or in none that is refused."""

from datetime import timedelta
from typing import Any

from tests.journeys.scene import DAY, Customer, Scene

DATES = {"start": {"date": str(DAY)}, "end": {"date": str(DAY + timedelta(days=1))}}
DAILY = {"recurrence": {"rrule": "FREQ=DAILY;COUNT=3"}}
BERLIN = "W. Europe Standard Time"
REFUSED = {"status": 400, "code": "TimeZoneNotSupportedException"}


async def days(customer: Customer, subject: str) -> list[tuple[str, str, str]]:
    """Where each day begins and ends in Outlook, and the zone it was made in."""
    shown = await customer.shows("megan", subject)
    found = [
        (event["start"]["dateTime"][:16], event["end"]["dateTime"][:16],
         event["originalStartTimeZone"])
        for event in shown
    ]  # fmt: skip
    return sorted(found)


def midnights(zone: str, count: int) -> list[tuple[str, str, str]]:
    starts = [DAY + timedelta(days=n) for n in range(count)]
    return [(f"{one}T00:00", f"{one + timedelta(days=1)}T00:00", zone) for one in starts]


async def in_zone(scene: Scene, **given: Any) -> Customer:
    """Megan's mailbox is connected, with what the host app says of it."""
    customer = await scene.customer("megan")
    link = await scene.consent_link(customer, "organisation")
    await scene.consent(link["url"], customer.address("root"))
    answer = await customer.api(
        "POST", "/calendars", json={"mailbox": customer.address("megan"), **given}
    )
    assert answer.status_code == 202, answer.text
    await customer.in_state("megan", "active")
    return customer


async def test_days_begin_at_midnight_of_the_zone_that_came_with_the_calendar(scene):
    """A single day and a series of them."""
    customer = await in_zone(scene, time_zone="Europe/Berlin")
    await customer.settled("fair", "megan", **DATES)
    await customer.settled("course", "megan", **DATES, **DAILY)

    assert await days(customer, "fair") == midnights(BERLIN, 1)
    assert await days(customer, "course") == midnights(BERLIN, 3)


async def test_days_begin_at_midnight_of_the_zone_that_came_with_the_consent_link(scene):
    customer = await scene.customer("megan")
    link = await scene.consent_link(customer, "user", time_zone="Europe/Berlin")
    await scene.consent(link["url"], customer.address("megan"))
    await customer.in_state("megan", "active")
    await customer.settled("course", "megan", **DATES, **DAILY)

    assert (await customer.calendar("megan"))["time_zone"] == "Europe/Berlin"
    assert await days(customer, "course") == midnights(BERLIN, 3)


async def test_days_that_graph_refuses_in_one_zone_are_told_in_another(scene):
    """The host app sees nothing of it, and the days are the same."""
    customer = await in_zone(scene)
    await customer.fault(REFUSED, "/events$", "POST")
    await customer.settled("course", "megan", **DATES, **DAILY)
    shown = [(start, end) for start, end, _ in await days(customer, "course")]

    assert shown == [(start, end) for start, end, _ in midnights("", 3)]
    assert (await customer.get("course"))["start"] == {"date": str(DAY)}


async def test_a_day_that_becomes_a_series_of_days_is_in_a_zone_that_graph_takes(scene):
    """The day alone was written in UTC, which is refused of a series."""
    customer = await in_zone(scene)
    await customer.settled("course", "megan", **DATES)
    await scene.control("PATCH", "/switches", {"utc_all_day_series": False})
    try:
        await customer.settled("course", "megan", **DATES, **DAILY)
    finally:
        await scene.control("PATCH", "/switches", {"utc_all_day_series": True})

    assert len(await days(customer, "course")) == 3
