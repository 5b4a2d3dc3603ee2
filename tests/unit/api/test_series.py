"""Series over the API."""

from typing import Any

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
