"""Series, through the running app: both ways, and both at once."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from tests.journeys.scene import DAY, Customer, at, eventually, graph_at

DAILY = {"rrule": "FREQ=DAILY;COUNT=5"}
DAYS = [str(DAY + timedelta(days=n)) for n in range(5)]


async def occurrences(customer: Customer) -> dict[str, dict[str, Any]]:
    """What Outlook shows of the series, by day."""
    found = await customer.events("megan")
    return {event["start"]["dateTime"][:10]: event for event in found}


async def in_outlook(customer: Customer, days: list[str]) -> dict[str, dict[str, Any]]:
    async def look() -> dict[str, dict[str, Any]] | None:
        found = await occurrences(customer)
        return found if sorted(found) == days else None

    return await eventually(look, f"occurrences on {', '.join(days)}")


async def to_one(customer: Customer, method: str, day: str, **body: Any) -> None:
    event = (await occurrences(customer))[day]
    options = {"json": body} if body else {}
    await customer.outlook(method, "megan", f"/{quote(event['id'], safe='')}", **options)


async def test_a_series_of_the_app_is_one_series_in_outlook(scene):
    """With the day it leaves out and the one that is otherwise."""
    customer = await scene.connect("megan")
    recurrence = {
        **DAILY,
        "exdates": [DAYS[1]],
        "overrides": [{"original_start": DAYS[2], "subject": "Visit of the board"}],
    }
    written = await customer.settled("visit", "megan", recurrence=recurrence)
    shown = await in_outlook(customer, [DAYS[0], *DAYS[2:]])

    assert written["synced"]
    assert [shown[day]["subject"] for day in sorted(shown)] == [
        "visit",
        "Visit of the board",
        "visit",
        "visit",
    ]
    assert len({event["seriesMasterId"] for event in shown.values()}) == 1


async def test_what_a_person_does_to_one_occurrence_reaches_the_app(scene):
    """The app is told which day, and has the whole series by then."""
    customer = await scene.connect("megan")
    async with customer.host_app() as app:
        await customer.settled("visit", "megan", recurrence=DAILY)
        await to_one(customer, "DELETE", DAYS[3])
        change = await app.hears("visit", "appointment.updated")

    assert change["data"]["fields"] == ["series"]
    assert change["data"]["occurrences"] == [
        {"original_start": f"{DAYS[3]}T09:00:00", "change": "cancelled"}
    ]
    assert change["data"]["appointment"]["recurrence"]["exdates"] == [f"{DAYS[3]}T09:00:00"]


async def test_a_series_made_in_outlook_is_one_appointment(scene):
    customer = await scene.connect("megan")
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": str(DAY), "numberOfOccurrences": 5},
    }
    await customer.books("megan", "Stand-up", recurrence=recurrence)

    async def look() -> list[dict[str, Any]]:
        return await customer.appointments()

    (appointment,) = await eventually(look, "the series with the app")
    assert appointment["recurrence"]["rrule"] == "FREQ=DAILY;COUNT=5"
    assert appointment["start"] == at(9)


async def test_the_app_and_a_person_edit_different_days(scene):
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", recurrence=DAILY)
    await to_one(customer, "PATCH", DAYS[1], subject="Visit (late)", end=graph_day(DAYS[1], 11))
    await customer.settled("visit", "megan", recurrence={**DAILY, "exdates": [DAYS[2]]})
    await customer.idle()
    shown = await in_outlook(customer, [*DAYS[:2], *DAYS[3:]])
    held = await customer.get("visit")

    assert shown[DAYS[1]]["subject"] == "Visit (late)"
    assert [one["subject"] for one in held["recurrence"]["overrides"]] == ["Visit (late)"]
    assert held["recurrence"]["exdates"] == [f"{DAYS[2]}T09:00:00"]


def graph_day(day: str, hour: int) -> dict[str, str]:
    return {**graph_at(hour), "dateTime": f"{day}T{hour:02}:00:00"}


async def test_a_new_time_of_the_series_keeps_the_days_that_are_otherwise(scene):
    """Exchange drops them with the old time; they are laid on again."""
    customer = await scene.connect("megan")
    override = {"original_start": DAYS[2], "subject": "Visit of the board"}
    recurrence = {**DAILY, "exdates": [DAYS[1]], "overrides": [override]}
    await customer.settled("visit", "megan", recurrence=recurrence)
    await customer.settled("visit", "megan", recurrence=recurrence, start=at(13), end=at(14))
    shown = await in_outlook(customer, [DAYS[0], *DAYS[2:]])

    assert {event["start"]["dateTime"][11:16] for event in shown.values()} == {"13:00"}
    assert shown[DAYS[2]]["subject"] == "Visit of the board"


async def test_a_deleted_series_is_gone_on_the_other_side(scene):
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", recurrence=DAILY)
    await customer.api("DELETE", "/appointments/visit", params={"wait": 20})

    await customer.shows_no("megan", "visit")


async def test_a_series_goes_on_as_another_appointment(scene):
    """Both halves are in Outlook, and the second says what it follows."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", recurrence={**DAILY, "exdates": [DAYS[1], DAYS[3]]})
    body = {"original_start": DAYS[2], "id": "rest", "subject": "Smaller visit"}
    answer = await customer.api(
        "POST", "/appointments/visit/split", params={"wait": 20}, json=body
    )
    await customer.idle()
    shown = await in_outlook(customer, [DAYS[0], DAYS[2], DAYS[4]])

    assert answer.status_code == 201, answer.text
    assert [shown[day]["subject"] for day in sorted(shown)] == ["visit", *["Smaller visit"] * 2]
    assert (await customer.get("rest"))["follows"] == "visit"
    assert (await customer.get("visit"))["recurrence"]["exdates"] == [f"{DAYS[1]}T09:00:00"]
    assert (await customer.get("rest"))["recurrence"]["exdates"] == [f"{DAYS[3]}T09:00:00"]
    assert (await customer.get("visit"))["synced"]
    assert (await customer.get("rest"))["synced"]


async def test_a_person_changes_this_and_following(scene):
    """Outlook ends one series and begins another, which follows the app's."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", recurrence=DAILY)
    (master,) = {one["seriesMasterId"] for one in (await occurrences(customer)).values()}
    pattern = {"type": "daily", "interval": 1}
    ends = {"type": "endDate", "startDate": DAYS[0], "endDate": DAYS[1]}
    goes_on = {"type": "endDate", "startDate": DAYS[2], "endDate": DAYS[4]}
    await customer.outlook(
        "PATCH",
        "megan",
        f"/{quote(master, safe='')}",
        json={"recurrence": {"pattern": pattern, "range": ends}},
    )
    await customer.books(
        "megan",
        "visit",
        start=graph_day(DAYS[2], 14),
        end=graph_day(DAYS[2], 15),
        recurrence={"pattern": pattern, "range": goes_on},
    )

    async def both() -> list[dict[str, Any]] | None:
        found = await customer.appointments()
        return found if len(found) == 2 else None

    found = await eventually(both, "the second series with the app")
    assert sorted(one["follows"] for one in found) == ["", "visit"]
