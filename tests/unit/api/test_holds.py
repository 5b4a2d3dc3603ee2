"""What a person may say of a held round."""

from dataclasses import replace

import httpx

from shared.store.records import Held, Ruling, State
from tests.unit.api.stage import NOW, Stage, T

PATH = "/v1/tenants/acme/calendars/ada"
HELD = Held(NOW, 50, 40, 2, ("a1", "a2"), guests=7, mails=4)


async def stopped(stage: Stage) -> None:
    store = stage.services.store
    calendar = await store.calendar(T)
    assert calendar is not None
    await store.put_calendar(
        replace(calendar, state=State.ACTION_REQUIRED, cause="mass-change", held=HELD)
    )


async def ruling(stage: Stage) -> Ruling | None:
    calendar = await stage.services.store.calendar(T)
    assert calendar is not None
    assert calendar.held is not None
    return calendar.held.ruling


async def test_a_held_calendar_says_what_is_held(stage: Stage, api: httpx.AsyncClient):
    assert (await api.get(PATH)).json()["held"] is None
    await stopped(stage)

    shown = (await api.get(PATH)).json()

    assert (shown["state"], shown["cause"]) == ("action_required", "mass-change")
    assert shown["held"] == {
        "since": "2026-11-20T09:00:00Z",
        "links": 50,
        "deletions": 40,
        "changes": 2,
        "appointments": ["a1", "a2"],
        "ruling": None,
    }


async def test_resuming_is_stored_and_wakes_the_worker(stage: Stage, api: httpx.AsyncClient):
    """The answer says what comes of it."""
    await stopped(stage)

    answer = await api.post(f"{PATH}/resume")

    assert answer.status_code == 202
    assert answer.json()["done"] is True
    assert (answer.json()["does"]["deleted"], answer.json()["does"]["mails"]) == (40, 0)
    assert await ruling(stage) is Ruling.RESUME
    assert await stage.services.store.marked(T) is not None
    assert [queue for queue, *_ in stage.queues.sent] == ["sync-calendar"]


async def test_a_plan_says_what_a_discard_would_do_and_does_nothing(
    stage: Stage, api: httpx.AsyncClient
):
    await stopped(stage)

    answer = (await api.post(f"{PATH}/discard?plan=true")).json()

    assert answer["done"] is False
    assert answer["does"] == {
        "deleted": 0,
        "changed": 0,
        "written_anew": 40,
        "without_attendees": 7,
        "written_back": 2,
        "mails": 4,
    }
    assert await ruling(stage) is None
    assert stage.queues.sent == []


async def test_the_last_word_counts(stage: Stage, api: httpx.AsyncClient):
    await stopped(stage)
    await api.post(f"{PATH}/resume")
    await api.post(f"{PATH}/discard")

    assert await ruling(stage) is Ruling.DISCARD


async def test_what_is_not_held_cannot_be_ruled_on(api: httpx.AsyncClient):
    for path, code in ((PATH, "not-held"), ("/v1/tenants/acme/calendars/no", "calendar-unknown")):
        for word in ("resume", "discard"):
            answer = await api.post(f"{path}/{word}?plan=true")
            assert answer.json()["code"] == code


async def test_nothing_is_discarded_where_nothing_may_be_written(
    stage: Stage, api: httpx.AsyncClient
):
    """Outlook cannot be told the host app's side."""
    await stopped(stage)
    await api.put("/v1/tenants/acme", json={"name": "A", "policy": {"direction": "to_app"}})

    answer = await api.post(f"{PATH}/discard")

    assert (answer.status_code, answer.json()["code"]) == (409, "direction-to-app")
    assert (await api.post(f"{PATH}/resume")).status_code == 202
