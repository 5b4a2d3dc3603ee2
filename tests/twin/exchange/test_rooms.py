import asyncio
from collections.abc import Callable

from tests.twin.stage import Stage, meeting, weekly

ROOM = "room1@contoso.test"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the world has no event to wait for
            await asyncio.sleep(0)


def _answer(stage: Stage, event_id: str) -> str:
    event = stage.world.mailboxes[stage.ada.id].events[event_id]
    return event.attendees[0]["status"]["response"]


async def _book(stage: Stage, start: str = "10:00", **more: object) -> str:
    begin = {"dateTime": f"2027-03-01T{start}:00", "timeZone": "UTC"}
    made = await stage.post(
        "/users/ada@contoso.test/events", meeting("Secret", ROOM, start=begin, **more)
    )
    return made["id"]


async def test_a_free_room_accepts_a_moment_later(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting("Secret", ROOM))
    assert made["attendees"][0]["status"]["response"] == "none"

    await until(lambda: _answer(stage, made["id"]) == "accepted")

    (copy,) = stage.world.mailboxes[stage.room.id].events.values()
    assert (copy.subject, copy.body) == ("Ada", "")
    assert copy.ical_uid == made["iCalUId"]
    assert ("response", "ada@contoso.test") in stage.mails()
    assert stage.exchange.outbox[-1].cause == "room"


async def test_a_taken_room_declines(stage: Stage) -> None:
    first = await _book(stage)
    await until(lambda: _answer(stage, first) == "accepted")

    second = await _book(stage, "10:30")

    await until(lambda: _answer(stage, second) == "declined")
    assert len(stage.world.mailboxes[stage.room.id].events) == 1


async def test_of_two_at_once_one_gets_the_room(stage: Stage) -> None:
    bookings = [await _book(stage), await _book(stage)]

    await until(lambda: "none" not in {_answer(stage, b) for b in bookings})

    assert sorted(_answer(stage, b) for b in bookings) == ["accepted", "declined"]


async def test_a_moved_booking_is_judged_again(stage: Stage) -> None:
    first = await _book(stage)
    await until(lambda: _answer(stage, first) == "accepted")
    second = await _book(stage, "10:30")
    await until(lambda: _answer(stage, second) == "declined")

    await stage.patch(
        f"/users/ada@contoso.test/events/{second}", {**meeting("Secret", ROOM, day="2027-03-02")}
    )

    await until(lambda: _answer(stage, second) == "accepted")


async def test_a_cancelled_booking_frees_the_room(stage: Stage) -> None:
    first = await _book(stage)
    await until(lambda: _answer(stage, first) == "accepted")

    await stage.request("DELETE", f"/users/ada@contoso.test/events/{first}")
    second = await _book(stage)

    await until(lambda: _answer(stage, second) == "accepted")


async def test_a_series_is_declined_when_one_date_is_taken(stage: Stage) -> None:
    stage.clock.freeze(stage.clock.now().replace(2027, 2, 1))
    await stage.post(f"/users/{ROOM}/events", meeting("Direct", day="2027-03-15"))
    made = await stage.post(
        "/users/ada@contoso.test/events",
        {**weekly(), "attendees": meeting("", ROOM)["attendees"]},
    )

    await until(lambda: _answer(stage, made["id"]) == "declined")


async def test_writing_into_the_rooms_calendar_asks_nobody(stage: Stage) -> None:
    for subject in ("one", "two"):
        await stage.post(f"/users/{ROOM}/events", meeting(subject))

    assert len(stage.world.mailboxes[stage.room.id].events) == 2
    assert stage.mails() == []


async def test_a_slow_room_answers_when_the_clock_gets_there(stage: Stage) -> None:
    stage.clock.freeze()
    stage.switches.room_delay_seconds = 60.0
    made = await stage.post("/users/ada@contoso.test/events", meeting("Secret", ROOM))
    await asyncio.sleep(0)
    assert _answer(stage, made["id"]) == "none"

    stage.clock.advance(61)

    await until(lambda: _answer(stage, made["id"]) == "accepted")
