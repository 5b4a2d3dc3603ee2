"""Series of which the policy hides what stands in them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.calendar.event import Attendee, Body, Sensitivity
from shared.store.records import OperationState
from tests.machine.series_telling import (
    FOURTH,
    MADE_IN_OUTLOOK,
    SECOND,
    THIRD,
    WEEKLY,
    cancelled,
    edited,
    edits_day,
    event_id,
    in_outlook,
    moved,
    named,
    value_of,
)
from tests.machine.stage import Stage
from tests.machine.telling import begun, link_of, outcome, put, set_policy

TUESDAY = date(2026, 3, 17)
PRIVATE = replace(WEEKLY, sensitivity=Sensitivity.PRIVATE, body=Body("Agenda"))
TIERS: list[dict[str, Any]] = [
    {"private_events": "busy_only"},
    {"private_events": "no_content"},
    {"privacy": "busy_only"},
]
every_tier = pytest.mark.parametrize("policy", TIERS, ids=str)


async def outlook_day(stage: Stage, day: date) -> str:
    return value_of(in_outlook(stage, await event_id(stage)), day.isoformat())


@every_tier
async def test_a_hidden_series_is_made_with_its_exceptions(policy: dict[str, Any]):
    stage = await begun("anna", **policy)
    event = edited(named(PRIVATE, SECOND, "Kickoff"), THIRD, body=Body("Bring the plan"))
    accepted = await put(stage, cancelled(event, FOURTH))
    await stage.settle_down()

    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert await outlook_day(stage, SECOND) == "Kickoff"
    assert await outlook_day(stage, FOURTH) == "cancelled"
    shown = in_outlook(stage, await event_id(stage))
    assert shown.series is not None
    assert "Bring the plan" in str(shown.series.overrides)


@every_tier
async def test_an_exception_is_added_to_a_hidden_series(policy: dict[str, Any]):
    stage = await begun("anna", **policy)
    await put(stage, PRIVATE)
    await stage.settle_down()
    event = edited(named(PRIVATE, SECOND, "Kickoff"), THIRD, body=Body("Bring the plan"))
    accepted = await put(stage, event)
    await stage.settle_down()

    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert await outlook_day(stage, SECOND) == "Kickoff"
    shown = in_outlook(stage, await event_id(stage))
    assert shown.series is not None
    assert "Bring the plan" in str(shown.series.overrides)
    assert stage.host.echoes == []


@every_tier
async def test_an_exception_is_taken_back_in_a_hidden_series(policy: dict[str, Any]):
    stage = await begun("anna", **policy)
    await put(stage, named(PRIVATE, SECOND, "Kickoff"))
    await stage.settle_down()
    accepted = await put(stage, PRIVATE)
    await stage.settle_down()

    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert await outlook_day(stage, SECOND) == "plain"


@every_tier
async def test_an_exception_of_a_hidden_series_is_changed_again(policy: dict[str, Any]):
    stage = await begun("anna", **policy)
    await put(stage, named(PRIVATE, SECOND, "Kickoff"))
    await stage.settle_down()
    accepted = await put(stage, moved(named(PRIVATE, SECOND, "Review"), SECOND, 2))
    await stage.settle_down()

    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert await outlook_day(stage, SECOND) == "Review"


# What people make in Outlook.

SECRET = "Redundancies"
CONTENT = {
    "subject": SECRET,
    "body": {"contentType": "html", "content": f"<p>{SECRET}</p>"},
    "location": {"displayName": SECRET},
    "attendees": [{"emailAddress": {"address": f"{SECRET}@contoso.test"}, "type": "required"}],
    "categories": [SECRET],
}


def rows(stage: Stage) -> str:
    """All that is stored anywhere."""
    return repr(vars(stage.memory))


async def test_the_secret_is_found_where_nothing_is_hidden():
    """So that not finding it says something."""
    stage = await begun("anna", private_events="full")
    made = stage.outlook("anna").create_event({**MADE_IN_OUTLOOK, "sensitivity": "private"})
    edits_day(stage, made["id"], TUESDAY, CONTENT)
    await stage.settle_down()

    assert SECRET in rows(stage)


@pytest.mark.parametrize("level", ["private", "confidential"])
@pytest.mark.parametrize("tier", ["busy_only"])
async def test_nothing_is_kept_of_a_private_occurrence(level: str, tier: str):
    stage = await begun("anna", "ben", private_events=tier)
    made = stage.outlook("anna").create_event(MADE_IN_OUTLOOK)
    edits_day(stage, made["id"], TUESDAY, {**CONTENT, "sensitivity": level})
    await stage.settle_down()
    edits_day(stage, made["id"], TUESDAY, {"subject": f"{SECRET} II"})
    await stage.settle_down()
    (name,) = stage.host.appointments
    held = (await link_of(stage, name)).app
    assert held is not None
    await put(stage, replace(held, subject="Ours"), name)
    await stage.settle_down()
    stage.outlook("anna").delete_event(made["id"])
    await stage.settle_down()

    assert SECRET not in rows(stage)


@pytest.mark.parametrize("level", ["private", "confidential"])
async def test_nothing_is_kept_of_the_occurrences_of_a_private_series(level: str):
    stage = await begun("anna", "ben", private_events="busy_only")
    made = stage.outlook("anna").create_event({**MADE_IN_OUTLOOK, **CONTENT, "sensitivity": level})
    edits_day(stage, made["id"], TUESDAY, {**CONTENT, "subject": f"{SECRET} II"})
    await stage.settle_down()
    (name,) = stage.host.appointments
    held = (await link_of(stage, name)).app
    assert held is not None
    await put(stage, moved(held, TUESDAY, 2), name)
    await stage.settle_down()
    assert SECRET not in rows(stage)
    stage.outlook("anna").delete_event(made["id"])
    await stage.settle_down()

    assert SECRET not in rows(stage)


async def test_an_occurrence_made_private_takes_back_what_was_known():
    """But for what the log already told, and what is kept to undo."""
    stage = await begun("anna", "ben")
    made = stage.outlook("anna").create_event(MADE_IN_OUTLOOK)
    edits_day(stage, made["id"], TUESDAY, CONTENT)
    await stage.settle_down()
    edits_day(stage, made["id"], TUESDAY, {"sensitivity": "private"})
    await stage.settle_down()
    (name,) = stage.host.appointments

    link = await link_of(stage, name)
    assert SECRET not in repr(link)
    assert SECRET not in repr(stage.host.appointments)


async def test_days_of_guests_the_app_invites_itself_are_no_edit():
    stage = await begun("anna", "ben", invitations="none")
    event = edited(WEEKLY, SECOND, attendees=(Attendee("ben@contoso.test"),))
    await put(stage, WEEKLY)
    await stage.settle_down()
    accepted = await put(stage, event)
    await stage.settle_down()
    edits_day(stage, await event_id(stage), THIRD, {"subject": "Retro"})
    await stage.settle_down()

    assert await outcome(stage, accepted) is OperationState.APPLIED
    link = await link_of(stage)
    assert link.app is not None
    assert link.app.series is not None
    assert [one.day for one in link.app.series.overrides] == [SECOND, THIRD]
    assert await stage.memory.pendings(stage.key("anna")) == []
    assert "ben@contoso.test" not in repr(in_outlook(stage, link.event_id))
    assert await outlook_day(stage, THIRD) == "Retro"


async def test_a_series_that_comes_into_view_while_its_first_day_is_edited_goes_on():
    """The host app is told of the rule, and so does not end it with its next write."""
    stage = await begun("anna", series_in="first_only")
    made = stage.outlook("anna").create_event(MADE_IN_OUTLOOK)
    await stage.settle_down()
    (name,) = stage.host.appointments
    first = (await link_of(stage, name)).app
    assert first is not None
    await put(stage, replace(first, subject="Ours"), name)
    await set_policy(stage, series_in="series")
    await stage.settle_down()
    link = await link_of(stage, name)

    assert in_outlook(stage, made["id"]).subject == "Ours"
    assert in_outlook(stage, made["id"]).series is not None
    assert link.app is not None
    assert link.app.series is not None
    assert stage.host.appointments[name]["recurrence"] is not None
    assert await stage.memory.pendings(stage.key("anna")) == []
