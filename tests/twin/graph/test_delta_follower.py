"""A reader that only follows delta ends up with what calendarView shows."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.stage import Stage, meeting, weekly

HOME = "/users/ada@contoso.test"
WINDOW = "startDateTime=2027-03-01T00:00:00Z&endDateTime=2027-04-01T00:00:00Z"

steps = st.lists(
    st.one_of(
        st.tuples(st.just("single"), st.integers(1, 28), st.integers(2, 4)),
        st.tuples(st.just("series"), st.integers(0, 4), st.integers(2, 4)),
        st.tuples(st.just("rename"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(2, 4)),
        st.tuples(st.just("delete"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("drop date"), st.integers(0, 9), st.integers(0, 3)),
        st.tuples(st.just("edit date"), st.integers(0, 9), st.integers(0, 3)),
        st.tuples(st.just("read a page"), st.integers(1, 4), st.just(0)),
    ),
    max_size=25,
)


switches = st.fixed_dictionaries(
    {
        "delta_replay": st.integers(0, 3),
        "delta_duplicates": st.booleans(),
        "delta_empty_pages": st.booleans(),
        "delta_lag_rounds": st.integers(0, 2),
    }
)


class Follower:
    """Keeps events by id. Of a series that was told again it forgets what was not told."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._first = f"{HOME}/calendarView/delta?{WINDOW}"
        self._link = self._first
        self._round: list[dict[str, Any]] = []
        self.known: dict[str, dict[str, Any]] = {}

    async def page(self, size: int) -> bool:
        """True when the page ended a round."""
        page = await self._stage.get(self._link, f"odata.maxpagesize={size}")
        self._round += page["value"]
        ended = "@odata.deltaLink" in page
        self._link = page["@odata.deltaLink"] if ended else page["@odata.nextLink"]
        if ended:
            self._settle()
        return ended

    def _settle(self) -> None:
        for item in self._round:
            self._forget_dates(item["id"])
            if "@removed" in item:
                self.known.pop(item["id"], None)
            else:
                self.known[item["id"]] = item
        self._round = []

    def _forget_dates(self, master_id: str) -> None:
        for one in [i for i, e in self.known.items() if e.get("seriesMasterId") == master_id]:
            del self.known[one]

    def shown(self) -> set[tuple[str, str, str]]:
        return {
            (e["id"], e["type"], e["start"]["dateTime"])
            for e in self.known.values()
            if e["type"] != "seriesMaster"
        }


async def _take(stage: Stage, step: tuple[str, int, int]) -> None:
    what, number, other = step
    ada = stage.exchange.act_as_person(stage.ada.tenant_id, stage.ada.id)
    held = list(stage.world.mailboxes[stage.ada.id].events.values())
    if what == "single":
        ada.create_event(meeting(day=f"2027-{other:02}-{number:02}"))
    elif what == "series":
        ada.create_event(
            weekly(
                ["2027-02-01", "2027-02-22", "2027-03-01", "2027-03-29", "2027-04-05"][number],
                other,
            )
        )
    if what in ("single", "series") or not held:
        return
    event = held[number % len(held)]
    if what == "rename":
        ada.update_event(event.id, {"subject": f"{event.subject}!"})
    elif what == "delete":
        ada.delete_event(event.id)
    elif what == "move" and event.series is None:
        ada.update_event(event.id, meeting(day=f"2027-{other:02}-{number + 1:02}"))
    elif event.series is not None and what in ("drop date", "edit date"):
        found = await stage.get(
            f"{HOME}/events/{event.id}/instances?startDateTime=2027-01-01&endDateTime=2027-06-01"
        )
        if other < len(found["value"]):
            one = found["value"][other]["id"]
            ada.delete_event(one) if what == "drop date" else ada.update_event(
                one, {"subject": "x"}
            )


async def _follow(plan: list[tuple[str, int, int]], moods: dict[str, Any]) -> None:
    stage = Stage()
    stage.switches.patch(moods)
    follower = Follower(stage)
    for step in plan:
        if step[0] == "read a page":
            await follower.page(step[1])
        else:
            await _take(stage, step)
    for _ in range(4):  # one to end the round begun, one for the rest, two that may lag
        while not await follower.page(3):
            pass
    seen = await stage.get(f"{HOME}/calendarView?{WINDOW}&$top=1000")
    assert follower.shown() == {
        (e["id"], e["type"], e["start"]["dateTime"]) for e in seen["value"]
    }


@settings(deadline=None, max_examples=60)
@given(steps, switches)
def test_following_delta_is_as_good_as_reading_the_view(
    plan: list[tuple[str, int, int]], moods: dict[str, Any]
) -> None:
    asyncio.run(_follow(plan, moods))
