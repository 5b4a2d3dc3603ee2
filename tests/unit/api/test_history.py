"""What was taken away of an appointment, and bringing it back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx

from shared.calendar.event import AllDay, Event
from shared.store.records import Kept, Loss, Origin, Settlement
from tests.unit.api.stage import NOW, Stage, T

PATH = "/v1/tenants/acme/appointments/visit-1"
EVENT = Event("Visit", AllDay(date(2026, 11, 23), date(2026, 11, 24)))


async def made(stage: Stage, api: httpx.AsyncClient) -> None:
    whole = {
        "mailbox": "ada@acme.example",
        "subject": "Visit",
        "start": {"date": "2026-11-23"},
        "end": {"date": "2026-11-24"},
    }
    assert (await api.put(PATH, json=whole)).status_code == 202
    await stage.settle("visit-1")


async def lost(stage: Stage, *kept: Kept) -> None:
    lease = await stage.services.store.acquire(T, "worker", NOW, 60)
    assert lease
    await stage.services.store.release(
        await stage.services.store.settle(lease, [Settlement(kept=kept)], NOW, 60)
    )


def kept(version: int, subject: str, side: Origin = Origin.APP, at: datetime = NOW) -> Kept:
    event = replace(EVENT, subject=subject)
    return Kept("visit-1", version, side, Loss.OVERWRITTEN, event, at, "outlook")


async def test_the_history_is_told_newest_first(stage: Stage, api: httpx.AsyncClient):
    """With what the content was, and how long it is kept."""
    await made(stage, api)
    await lost(stage, kept(2, "Old"), kept(10, "Older"))

    history = (await api.get(f"{PATH}/history")).json()["history"]

    assert [one["version"] for one in history] == [10, 2]
    assert history[1]["content"]["subject"] == "Old"
    assert (history[1]["happened"], history[1]["by"]) == ("overwritten", "outlook")
    until = datetime.fromisoformat(history[1]["until"]).astimezone(UTC)
    assert until == NOW + timedelta(days=30)


async def test_restoring_is_an_ordinary_write(stage: Stage, api: httpx.AsyncClient):
    """With an operation of its own."""
    await made(stage, api)
    await lost(stage, kept(2, "Old"))

    answer = await api.post(f"{PATH}/restore", json={"version": 2})

    assert answer.status_code == 202
    assert answer.json()["operation"]["version"] == 2
    assert answer.json()["appointment"]["subject"] == "Old"
    assert (await api.get(PATH)).json()["subject"] == "Old"


async def test_a_deleted_appointment_can_be_restored(stage: Stage, api: httpx.AsyncClient):
    await made(stage, api)
    await api.delete(PATH)
    await lost(stage, kept(3, "Old"))

    answer = await api.post(f"{PATH}/restore", json={"version": 3})

    assert answer.status_code == 202
    assert (await api.get(PATH)).json()["subject"] == "Old"


async def test_of_both_sides_the_named_one_is_restored(stage: Stage, api: httpx.AsyncClient):
    """The host app's own unless it says otherwise."""
    await made(stage, api)
    await lost(stage, kept(2, "Ours"), kept(2, "Theirs", Origin.OUTLOOK))

    theirs = await api.post(f"{PATH}/restore", json={"version": 2, "side": "outlook"})
    ours = await api.post(f"{PATH}/restore", json={"version": 2})

    assert theirs.json()["appointment"]["subject"] == "Theirs"
    assert ours.json()["appointment"]["subject"] == "Ours"


async def test_what_is_too_old_or_was_never_kept_is_gone(stage: Stage, api: httpx.AsyncClient):
    """Even before the sweep has dropped it."""
    await made(stage, api)
    await lost(stage, kept(2, "Old", at=NOW - timedelta(days=31)))

    assert (await api.get(f"{PATH}/history")).json() == {"history": []}
    for version in (1, 2):
        answer = await api.post(f"{PATH}/restore", json={"version": version})
        assert (answer.status_code, answer.json()["code"]) == (410, "content-not-kept")


async def test_an_unknown_appointment_has_no_history(api: httpx.AsyncClient):
    assert (await api.get(f"{PATH}/history")).json()["code"] == "appointment-unknown"
    answer = await api.post(f"{PATH}/restore", json={"version": 1})
    assert answer.json()["code"] == "appointment-unknown"
