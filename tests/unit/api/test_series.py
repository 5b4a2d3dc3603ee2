"""Series over the API."""

from typing import Any

import pytest

PATH = "/v1/tenants/acme/appointments/team"

TEAM: dict[str, Any] = {
    "mailbox": "ada@acme.example",
    "subject": "Team",
    "start": {"date_time": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2026-11-23T11:00:00", "time_zone": "Europe/Berlin"},
    "reminder_minutes": 15,
    "recurrence": {
        "rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=10",
        "exdates": ["2026-12-07T10:00:00"],
        "overrides": [
            {
                "original_start": "2026-12-14T10:00:00",
                "subject": "Team, with guests",
                "reminder_minutes": None,
            }
        ],
    },
}


async def test_a_series_is_read_as_it_was_put(api):
    """Null in an override is a value: this occurrence has no reminder."""
    answer = await api.put(PATH, json=TEAM)

    assert answer.status_code == 202
    shown = (await api.get(PATH)).json()
    assert shown["recurrence"] == TEAM["recurrence"]


async def test_a_single_event_has_no_recurrence(api):
    await api.put(PATH, json={**TEAM, "recurrence": None})

    assert (await api.get(PATH)).json()["recurrence"] is None


async def test_the_same_said_otherwise_changes_nothing(api):
    await api.put(PATH, json=TEAM)
    otherwise = {
        "rrule": "until=20270125T090000Z;interval=1;freq=weekly",
        "exdates": ["2026-12-07"],
        "overrides": [
            *TEAM["recurrence"]["overrides"],
            {"original_start": "2026-12-21", "subject": "Team"},
        ],
    }

    answer = await api.put(PATH, json={**TEAM, "recurrence": otherwise})

    assert answer.json()["appointment"]["version"] == 1


async def test_a_patch_of_the_start_keeps_the_days(api):
    await api.put(PATH, json=TEAM)
    later = {
        "start": {"date_time": "2026-11-23T14:00:00"},
        "end": {"date_time": "2026-11-23T15:00:00"},
    }

    answer = await api.patch(PATH, json=later)

    shown = answer.json()["appointment"]["recurrence"]
    assert shown["exdates"] == ["2026-12-07T14:00:00"]
    assert shown["overrides"][0]["original_start"] == "2026-12-14T14:00:00"


async def test_a_patch_cancels_an_occurrence(api):
    await api.put(PATH, json=TEAM)
    days = ["2026-12-21", "2026-12-07"]

    answer = await api.patch(PATH, json={"recurrence": {"exdates": days}})

    shown = answer.json()["appointment"]["recurrence"]
    assert shown["exdates"] == ["2026-12-07T10:00:00", "2026-12-21T10:00:00"]
    assert shown["overrides"] == TEAM["recurrence"]["overrides"]


async def test_a_patch_ends_the_series(api):
    await api.put(PATH, json=TEAM)

    answer = await api.patch(PATH, json={"recurrence": None})

    assert answer.json()["appointment"]["recurrence"] is None


async def test_a_patch_of_the_subject_leaves_the_series_and_a_put_without_it_ends_it(api):
    await api.put(PATH, json=TEAM)

    patched = await api.patch(PATH, json={"subject": "Crew"})
    put = await api.put(
        PATH, json={name: value for name, value in TEAM.items() if name != "recurrence"}
    )

    assert patched.json()["appointment"]["recurrence"] == TEAM["recurrence"]
    assert put.json()["appointment"]["recurrence"] is None


async def test_what_outlook_cannot_hold_is_refused(api):
    answer = await api.put(
        PATH, json={**TEAM, "recurrence": {"rrule": "FREQ=YEARLY;BYMONTH=5,11;BYDAY=4MO"}}
    )

    assert answer.status_code == 422
    assert answer.json()["code"] == "recurrence-not-representable"
    assert answer.json()["pointer"] == "/recurrence/rrule"
    assert "BYMONTH" in answer.json()["detail"]


async def test_it_is_accepted_where_the_policy_has_single_events_for_it(api):
    policy = {"unrepresentable": "occurrences"}
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": policy})

    answer = await api.put(
        PATH, json={**TEAM, "recurrence": {"rrule": "FREQ=YEARLY;BYMONTH=5,11;BYDAY=4MO"}}
    )

    assert answer.status_code == 202


async def test_a_field_that_an_override_cannot_have_is_refused(api):
    override = {"original_start": "2026-12-14", "status": "confirmed"}

    answer = await api.put(
        PATH, json={**TEAM, "recurrence": {"rrule": "FREQ=WEEKLY", "overrides": [override]}}
    )

    assert answer.status_code == 400
    assert answer.json()["pointer"] == "/recurrence/overrides/0/status"


SPLIT = {"original_start": "2026-12-14T10:00:00", "id": "team-2", "subject": "Smaller team"}


async def test_a_split_ends_the_series_and_begins_another(api, stage):
    """Both are pending writes of their own; COUNT and the days are shared out between them."""
    await api.put(PATH, json=TEAM)

    answer = await api.post(f"{PATH}/split", json=SPLIT)

    assert answer.status_code == 202
    ended, following = (answer.json()[name]["appointment"] for name in ("ended", "following"))
    assert ended["subject"] == "Team"
    assert ended["recurrence"] == {
        "rrule": "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261207T090000Z",
        "exdates": ["2026-12-07T10:00:00"],
        "overrides": [],
    }
    assert (following["id"], following["follows"]) == ("team-2", "team")
    assert following["subject"] == "Smaller team"
    assert following["start"]["date_time"] == "2026-12-14T10:00:00"
    assert following["recurrence"] == {
        "rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=7",
        "exdates": [],
        "overrides": TEAM["recurrence"]["overrides"],
    }
    await stage.settle("team")
    await stage.settle("team-2")
    assert (await api.get(PATH)).json()["synced"]


async def test_the_same_split_again_changes_nothing(api):
    await api.put(PATH, json=TEAM)
    first = (await api.post(f"{PATH}/split", json=SPLIT)).json()

    again = (await api.post(f"{PATH}/split", json=SPLIT)).json()

    assert again == first


async def test_a_split_may_change_the_rule(api):
    await api.put(PATH, json=TEAM)
    tuesdays = {
        **SPLIT,
        "start": {"date_time": "2026-12-15T10:00:00"},
        "end": {"date_time": "2026-12-15T11:00:00"},
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU", "overrides": []},
    }

    answer = await api.post(f"{PATH}/split", json=tuesdays)

    shown = answer.json()["following"]["appointment"]["recurrence"]
    assert shown == {"rrule": "FREQ=WEEKLY;BYDAY=TU", "exdates": [], "overrides": []}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"original_start": "2026-11-23T10:00:00"}, "/original_start"),
        ({"original_start": "2026-12-15T10:00:00"}, "/original_start"),
        ({"original_start": "soon"}, "/original_start"),
        ({"id": "other"}, "/id"),
        ({"mailbox": "ben@acme.example"}, "/mailbox"),
        ({"start": {"date_time": "2026-12-15T10:00:00"}}, "/end"),
        ({"status": "cancelled"}, "/status"),
    ],
)
async def test_a_split_that_cannot_be_is_refused(api, body, pointer):
    await api.put(PATH, json=TEAM)
    await api.put(f"{PATH[:-4]}other", json={**TEAM, "recurrence": None})

    answer = await api.post(f"{PATH}/split", json={**SPLIT, **body})

    assert answer.status_code == 400
    assert answer.json()["pointer"] == pointer
    assert (await api.get(PATH)).json()["version"] == 1


async def test_a_single_event_cannot_be_split(api):
    await api.put(PATH, json={**TEAM, "recurrence": None})

    answer = await api.post(f"{PATH}/split", json=SPLIT)

    assert answer.json()["pointer"] == "/original_start"


async def test_a_split_can_be_bound_to_a_version(api):
    await api.put(PATH, json=TEAM)

    answer = await api.post(f"{PATH}/split", json=SPLIT, headers={"If-Match": '"7"'})

    assert answer.status_code == 412


async def test_what_does_not_exist_cannot_be_split(api):
    answer = await api.post(f"{PATH}/split", json=SPLIT)

    assert answer.status_code == 404
