"""Words that the five products' stories share."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from tests.journeys.scene import DAY, Customer, eventually

DAILY = {"rrule": "FREQ=DAILY;COUNT=5"}
DAYS = [str(DAY + timedelta(days=n)) for n in range(5)]


def invited(*addresses: str) -> list[dict[str, Any]]:
    """Attendees as our API has them."""
    return [{"address": address} for address in addresses]


def guests(*addresses: str) -> list[dict[str, Any]]:
    """The same as Graph has them."""
    return [{"emailAddress": {"address": address}, "type": "required"} for address in addresses]


def repeated(days: int) -> dict[str, Any]:
    """From the story's day on, so many days, as Graph has it."""
    numbered = {"type": "numbered", "startDate": str(DAY), "numberOfOccurrences": days}
    return {"pattern": {"type": "daily", "interval": 1}, "range": numbered}


async def tell(customer: Customer, *people: dict[str, Any]) -> None:
    """Whom the host app knows."""
    answer = await customer.api("POST", "/people", json={"people": list(people)})
    assert answer.json()["refused"] == 0, answer.text


async def mailed(customer: Customer) -> list[tuple[str, str]]:
    """Every mail the customer's people caused so far: its kind, and whom it went to."""
    return sorted((mail["kind"], mail["to"]) for mail in await customer.mails())


def mails(kind: str, *addresses: str) -> list[tuple[str, str]]:
    """As `mailed` would show them."""
    return sorted((kind, address) for address in addresses)


async def told(customer: Customer, kind: str = "") -> list[dict[str, Any]]:
    """What the host app was told of appointments: never its own writes."""
    start = f"calbridge.appointment.{kind}"
    return [change for change in await customer.changes() if change["type"].startswith(start)]


async def by_day(customer: Customer, who: str) -> dict[str, dict[str, Any]]:
    """What a person sees of a series that is all there is in the calendar."""
    return {event["start"]["dateTime"][:10]: event for event in await customer.events(who)}


async def on_days(customer: Customer, who: str, days: list[str]) -> dict[str, dict[str, Any]]:
    """Waits until the person sees something on these days and on no others."""

    async def look() -> dict[str, dict[str, Any]] | None:
        found = await by_day(customer, who)
        return found if sorted(found) == sorted(days) else None

    return await eventually(look, f"{who} sees something on {', '.join(days)}")


async def to_one(customer: Customer, who: str, method: str, day: str, **body: Any) -> None:
    """A person edits or deletes what they see on that day, and no other day of it."""
    event = (await by_day(customer, who))[day]
    options = {"json": body} if body else {}
    await customer.outlook(method, who, f"/{quote(event['id'], safe='')}", **options)
