from typing import Any

import pytest

from tests.twin.stage import Stage, meeting, weekly

FIRST = (
    "/users/ada@contoso.test/calendarView/delta"
    "?startDateTime=2027-01-01T00:00:00Z&endDateTime=2027-12-31T00:00:00Z"
)
EVENTS = "/users/ada@contoso.test/events"


def _brief(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted(("removed" if "@removed" in i else i["type"], i["id"]) for i in items)


async def test_the_first_round_shows_what_is_in_the_window(stage: Stage) -> None:
    inside = await stage.post(EVENTS, meeting())
    await stage.post(EVENTS, meeting(day="2028-03-01"))

    items, _ = await stage.round(FIRST.replace("startDateTime", "startdatetime"))

    assert _brief(items) == [("singleInstance", inside["id"])]
    assert items[0]["@odata.type"] == "#microsoft.graph.event"
    assert items[0]["subject"] == "Talk"


async def test_a_round_without_changes_is_empty(stage: Stage) -> None:
    await stage.post(EVENTS, meeting())
    _, link = await stage.round(FIRST)

    items, again = await stage.round(link)

    assert items == []
    assert (await stage.round(again))[0] == []


async def test_occurrences_are_bare_and_the_master_is_there(stage: Stage) -> None:
    master = await stage.post(EVENTS, weekly(times=2))

    items, _ = await stage.round(FIRST)

    occurrences = [i for i in items if i["type"] == "occurrence"]
    assert [i["id"] for i in items if i["type"] == "seriesMaster"] == [master["id"]]
    assert [set(i) for i in occurrences] == [
        {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}
    ] * 2


async def test_exceptions_come_whole(stage: Stage) -> None:
    await stage.post(EVENTS, weekly(times=2))
    items, link = await stage.round(FIRST)
    one = next(i for i in items if i["type"] == "occurrence")
    await stage.patch(f"{EVENTS}/{one['id']}", {"subject": "Special"})

    items, _ = await stage.round(link)

    assert sorted(i["type"] for i in items) == ["exception", "occurrence", "seriesMaster"]
    assert next(i for i in items if i["type"] == "exception")["subject"] == "Special"


async def test_a_cancelled_occurrence_is_only_missing(stage: Stage) -> None:
    await stage.post(EVENTS, weekly(times=3))
    items, link = await stage.round(FIRST)
    gone = next(i for i in items if i["type"] == "occurrence")
    await stage.request("DELETE", f"{EVENTS}/{gone['id']}")

    items, _ = await stage.round(link)

    assert sorted(i["type"] for i in items) == ["occurrence", "occurrence", "seriesMaster"]
    assert gone["id"] not in {i["id"] for i in items}


async def test_removed_has_both_meanings(stage: Stage) -> None:
    deleted = await stage.post(EVENTS, meeting())
    _, link = await stage.round(FIRST)
    outside = await stage.post(EVENTS, meeting(day="2028-03-01"))
    await stage.request("DELETE", f"{EVENTS}/{deleted['id']}")

    items, _ = await stage.round(link)

    assert items == [
        {
            "@odata.type": "#microsoft.graph.event",
            "id": event["id"],
            "@removed": {"reason": "deleted"},
        }
        for event in (outside, deleted)
    ]


async def test_an_event_moved_out_of_the_window_looks_removed(stage: Stage) -> None:
    made = await stage.post(EVENTS, meeting())
    _, link = await stage.round(FIRST)
    await stage.patch(f"{EVENTS}/{made['id']}", meeting(day="2028-05-05"))

    items, _ = await stage.round(link)

    assert _brief(items) == [("removed", made["id"])]


async def test_page_size_is_an_upper_bound_also_inside_a_series(stage: Stage) -> None:
    await stage.post(EVENTS, weekly(times=7))
    await stage.post(EVENTS, meeting())

    page = await stage.get(FIRST, "odata.maxpagesize=3")
    items, _ = await stage.round(FIRST, "odata.maxpagesize=3")

    assert len(page["value"]) == 3
    assert len(items) == len({i["id"] for i in items}) == 9


async def test_a_change_in_mid_round_is_not_lost(stage: Stage) -> None:
    made = [await stage.post(EVENTS, meeting(f"n{n}")) for n in range(4)]
    page = await stage.get(FIRST, "odata.maxpagesize=2")
    await stage.patch(f"{EVENTS}/{made[0]['id']}", {"subject": "late"})
    await stage.request("DELETE", f"{EVENTS}/{made[1]['id']}")

    items, _ = await stage.round(page["@odata.nextLink"], "odata.maxpagesize=2")

    assert {i["subject"] for i in items if "subject" in i} == {"n2", "n3", "late"}
    assert [i["id"] for i in items if "@removed" in i] == [made[1]["id"]]


async def test_a_series_that_changes_between_its_pages_hides_nothing_behind_it(
    stage: Stage,
) -> None:
    series = await stage.post(EVENTS, weekly(times=6))
    single = await stage.post(EVENTS, meeting())
    page = await stage.get(FIRST, "odata.maxpagesize=4")
    await stage.patch(f"{EVENTS}/{series['id']}", {"subject": "late"})

    items, _ = await stage.round(page["@odata.nextLink"], "odata.maxpagesize=4")

    assert [i["type"] for i in items].count("occurrence") == 6
    assert single["id"] in {i["id"] for i in items}


async def test_links_serve_both_kinds_of_id_by_the_header_of_each_call(stage: Stage) -> None:
    made = await stage.post(EVENTS, meeting())
    items, link = await stage.round(FIRST, 'IdType="ImmutableId"')
    await stage.patch(f"{EVENTS}/{made['id']}", {"subject": "x"})

    assert items[0]["id"] != made["id"]
    assert (await stage.round(link))[0][0]["id"] == made["id"]


async def test_a_new_generation_ends_old_tokens_with_410(stage: Stage) -> None:
    _, link = await stage.round(FIRST)
    stage.world.mailboxes[stage.ada.id].generation += 1

    answer = await stage.request("GET", link)

    assert answer.status_code == 410
    assert answer.json()["error"]["code"] == "SyncStateNotFound"
    assert "calendarView/delta?$deltatoken=" in answer.headers["location"]
    assert (await stage.round(FIRST))[0] == []


async def test_empty_pages_come_before_full_ones_when_switched_on(stage: Stage) -> None:
    made = await stage.post(EVENTS, meeting())
    stage.switches.delta_empty_pages = True

    page = await stage.get(FIRST)
    items, _ = await stage.round(FIRST)

    assert page["value"] == []
    assert "@odata.nextLink" in page
    assert _brief(items) == [("singleInstance", made["id"])]


async def test_replays_and_duplicates_repeat_known_events(stage: Stage) -> None:
    made = await stage.post(EVENTS, meeting())
    _, link = await stage.round(FIRST)
    stage.switches.delta_replay = 1
    stage.switches.delta_duplicates = True

    items, _ = await stage.round(link)

    assert _brief(items) == [("singleInstance", made["id"])] * 2


async def test_a_change_may_lag_by_time(stage: Stage) -> None:
    stage.clock.freeze()
    stage.switches.delta_lag_seconds = 30.0
    made = await stage.post(EVENTS, meeting())
    items, link = await stage.round(FIRST)
    assert items == []

    stage.clock.advance(31)

    assert _brief((await stage.round(link))[0]) == [("singleInstance", made["id"])]


async def test_a_change_may_lag_by_rounds(stage: Stage) -> None:
    _, link = await stage.round(FIRST)
    stage.switches.delta_lag_rounds = 1
    made = await stage.post(EVENTS, meeting())

    items, link = await stage.round(link)
    late, _ = await stage.round(link)

    assert items == []
    assert _brief(late) == [("singleInstance", made["id"])]


async def test_a_calendar_of_its_own_has_its_own_rounds(stage: Stage) -> None:
    other = await stage.post("/users/ada@contoso.test/calendars", {"name": "Side"})
    home = f"/users/ada@contoso.test/calendars/{other['id']}"
    made = await stage.post(f"{home}/events", meeting())
    window = "?startDateTime=2027-01-01&endDateTime=2027-12-31"

    assert (await stage.round(FIRST))[0] == []
    assert _brief((await stage.round(f"{home}/calendarView/delta{window}"))[0]) == [
        ("singleInstance", made["id"])
    ]


@pytest.mark.parametrize("keeps_id", [False, True])
async def test_a_move_between_calendars_leaves_one_and_enters_the_other(
    stage: Stage, keeps_id: bool
) -> None:
    stage.switches.move_changes_id = not keeps_id
    ada = stage.exchange.act_as_person(stage.ada.tenant_id, stage.ada.id)
    side = ada.create_calendar("Side")
    there = FIRST.replace("calendarView", f"calendars/{side}/calendarView")
    made = await stage.post(EVENTS, meeting())
    (_, here_link), (_, there_link) = await stage.round(FIRST), await stage.round(there)

    moved = ada.move_event(made["id"], side)

    assert (moved["id"] == made["id"]) is keeps_id
    assert _brief((await stage.round(here_link))[0]) == [("removed", made["id"])]
    assert _brief((await stage.round(there_link))[0]) == [("singleInstance", moved["id"])]


async def test_track_changes_is_applied_and_filters_are_refused(stage: Stage) -> None:
    answer = await stage.request("GET", FIRST)

    assert answer.headers["preference-applied"] == "odata.track-changes"
    assert (await stage.refused("GET", f"{FIRST}&$select=subject"))[0] == 400
    assert (await stage.refused("GET", FIRST.split("?", maxsplit=1)[0] + "?$deltatoken=nonsense"))[
        0
    ] == 400


async def test_a_deleted_series_may_name_its_occurrences_too(stage: Stage) -> None:
    master = await stage.post(EVENTS, weekly(times=2))
    items, link = await stage.round(FIRST)
    stage.switches.delta_removed_occurrences = True
    await stage.request("DELETE", f"{EVENTS}/{master['id']}")

    gone, _ = await stage.round(link)

    assert {i["id"] for i in gone} == {i["id"] for i in items}
    assert all("@removed" in i for i in gone)


async def test_a_deleted_series_names_its_master_only(stage: Stage) -> None:
    master = await stage.post(EVENTS, weekly(times=2))
    _, link = await stage.round(FIRST)
    await stage.request("DELETE", f"{EVENTS}/{master['id']}")

    gone, _ = await stage.round(link)

    assert _brief(gone) == [("removed", master["id"])]
