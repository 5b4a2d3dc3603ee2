"""Stories of what may cross: one for each thing a policy can say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.calendar.event import Sensitivity
from shared.calendar.event_json import event_to_json
from shared.errors import Refused
from shared.policy.document import Document
from shared.policy.effects import Effect
from shared.store.records import AppointmentStatus, OperationState
from shared.sync.policies import apply, plan
from tests.machine.stage import Stage
from tests.machine.telling import (
    COFFEE,
    LUNCH,
    START,
    WITH_BEN,
    begun,
    delete,
    link_of,
    outcome,
    put,
    set_policy,
    shown,
    told,
)

SECRET = "Redundancies"
PRIVATE = {**COFFEE, "subject": SECRET, "sensitivity": "private"}


async def scratch(stage: Stage, name: str = "anna") -> None:
    """The next round begins anew, as it does when a policy was applied."""
    calendar = await stage.memory.calendar(stage.key(name))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, delta_link=""))
    await stage.wake.dirty(stage.key(name), stage.now)
    await stage.settle_down()


async def kept_of(stage: Stage, name: str = "anna") -> str:
    """All that is stored of the calendar's events, as text."""
    links = await stage.memory.links(stage.key(name))
    contents = [event for link in links for event in (link.app, link.base, link.outlook)]
    for link in links:
        kept = await stage.memory.kept(stage.key(name), link.appointment)
        contents += [one.before for one in kept]
    return str([(event_to_json(event), event.series) for event in contents if event])


async def subjects(stage: Stage) -> list[str]:
    return [a["subject"] for a in stage.host.appointments.values()]


def edit(stage: Stage, event_id: str, **patch: Any) -> None:
    stage.outlook("anna").update_event(event_id, patch)


# Privacy.


async def test_nothing_is_kept_of_a_private_event_but_when():
    """And nothing is told of it, even when it is edited."""
    stage = await begun("anna")
    made = stage.outlook("anna").create_event(PRIVATE)
    await stage.settle_down()
    edit(stage, made["id"], subject=f"{SECRET} II", location={"displayName": SECRET})
    before = len(await told(stage))
    await stage.settle_down()

    assert await subjects(stage) == [""]
    assert SECRET not in await kept_of(stage)
    assert SECRET not in str(await told(stage))
    assert len(await told(stage)) == before


async def test_a_stricter_policy_takes_back_what_was_known():
    """The host app is told of an update, and nothing of it is stored any longer."""
    stage = await begun("anna")
    stage.outlook("anna").create_event({**COFFEE, "subject": SECRET})
    await stage.settle_down()
    await set_policy(stage, privacy="busy_only")
    await scratch(stage)
    again = len(await told(stage))
    await scratch(stage)

    assert await subjects(stage) == [""]
    assert SECRET not in await kept_of(stage)
    assert len(await told(stage)) == again
    assert shown(stage) == [SECRET]


async def test_a_looser_policy_shows_what_was_hidden():
    """Told as an update of the fields that can be seen by now."""
    stage = await begun("anna", privacy="busy_only")
    stage.outlook("anna").create_event({**COFFEE, "subject": SECRET})
    await stage.settle_down()
    await set_policy(stage, privacy="full")
    await scratch(stage)

    assert await subjects(stage) == [SECRET]
    assert (await told(stage))[-1].data["fields"] == ["subject", "reminder"]


async def test_an_edit_that_waits_while_the_policy_gets_stricter_writes_nothing_back():
    """What the host app may no longer know it does not write, either."""
    stage = await begun("anna")
    made = stage.outlook("anna").create_event({**COFFEE, "subject": SECRET})
    await stage.settle_down()
    (name,) = stage.host.appointments
    held = (await link_of(stage, name)).app
    assert held is not None
    await set_policy(stage, privacy="no_content")
    await put(stage, replace(held, reminder=5), name)
    await set_policy(stage, privacy="busy_only")
    edit(stage, made["id"], subject="Something else")
    await stage.settle_down()
    await scratch(stage)

    assert shown(stage) == ["Something else"]
    assert await subjects(stage) == [""]
    assert SECRET not in await kept_of(stage)


async def test_the_host_apps_own_content_stays_as_it_made_it():
    """A rename in Outlook is neither told nor taken back, and an edit writes what it changes."""
    stage = await begun("anna", privacy="busy_only")
    await put(stage, LUNCH)
    await stage.settle_down()
    edit(stage, (await link_of(stage)).event_id, subject=SECRET)
    await stage.settle_down()
    await put(stage, replace(LUNCH, location="Canteen"))
    await stage.settle_down()

    assert shown(stage) == [SECRET]
    assert await subjects(stage) == ["Lunch"]
    assert SECRET not in await kept_of(stage)


@pytest.mark.parametrize(
    "change", [{"subject": "Ours"}, {"sensitivity": Sensitivity.NORMAL}], ids=["title", "level"]
)
async def test_what_is_hidden_cannot_be_edited(change: dict[str, Any]):
    """Nor can a private event be made public by who may not read it."""
    stage = await begun("anna")
    stage.outlook("anna").create_event(PRIVATE)
    await stage.settle_down()
    (name,) = stage.host.appointments
    held = (await link_of(stage, name)).app
    assert held is not None

    with pytest.raises(Refused) as refused:
        await put(stage, replace(held, **change), name)
    moved = await put(stage, replace(held, when=LUNCH.when), name)
    await stage.settle_down()

    assert refused.value.problem.code == "content-hidden"
    assert await outcome(stage, moved) is OperationState.APPLIED
    assert shown(stage) == [SECRET]


async def test_applying_a_document_is_planned_done_and_mails_nobody():
    """The counts come true with the next round, once, and Outlook stays as it was."""
    stage = await begun("anna", "ben")
    stage.outlook("anna").create_event({**COFFEE, "subject": SECRET})
    await put(stage, WITH_BEN)
    await stage.settle_down()
    before, mails = shown(stage), list(stage.twin.exchange.outbox)
    document = Document.from_json({"backfill": "window", "privacy": "busy_only"})
    tenant = await stage.tenant()
    planned = await plan(stage.memory, tenant, document, stage.now)
    await apply(stage.memory, stage.wake, tenant, document, stage.now)
    await stage.settle_down()
    again = len(await told(stage))
    await apply(stage.memory, stage.wake, await stage.tenant(), document, stage.now)
    await stage.settle_down()

    assert planned.effects == {Effect.HIDE_CONTENT: 1}
    assert sorted(await subjects(stage)) == ["", "Lunch"]
    assert SECRET not in await kept_of(stage)
    assert len(await told(stage)) == again
    assert (shown(stage), stage.twin.exchange.outbox) == (before, mails)


async def test_a_series_of_outlooks_is_hidden_and_shown_by_policy_alone():
    """Though nobody edited it, and its round shows it as it was."""
    stage = await begun("anna")
    pattern = {"type": "daily", "interval": 1}
    day = {"type": "numbered", "startDate": "2026-03-11", "numberOfOccurrences": 3}
    stage.outlook("anna").create_event(
        {**COFFEE, "subject": SECRET, "recurrence": {"pattern": pattern, "range": day}}
    )
    await stage.settle_down()
    seen: list[Any] = [await subjects(stage)]
    for wanted in ({"privacy": "busy_only"}, {}, {"series_in": "first_only"}, {}):
        document = Document.from_json({"backfill": "window", **wanted})
        await apply(stage.memory, stage.wake, await stage.tenant(), document, stage.now)
        await stage.settle_down()
        (name,) = stage.host.appointments
        link = await link_of(stage, name)
        assert link.app is not None
        seen.append((link.app.subject, link.app.series is not None, link.first_only))

    assert seen == [
        [SECRET],
        ("", True, False),
        (SECRET, True, False),
        (SECRET, False, True),
        (SECRET, True, False),
    ]


async def test_of_a_series_the_first_can_be_renamed_and_no_more():
    """S23: its time, and its end, are Outlook's to change."""
    stage = await begun("anna", series_in="first_only")
    pattern = {"type": "daily", "interval": 1}
    day = {"type": "numbered", "startDate": "2026-03-11", "numberOfOccurrences": 3}
    stage.outlook("anna").create_event(
        {**COFFEE, "recurrence": {"pattern": pattern, "range": day}}
    )
    await stage.settle_down()
    (name,) = stage.host.appointments
    held = (await link_of(stage, name)).app
    assert held is not None
    for refused in (put(stage, replace(held, when=LUNCH.when), name), delete(stage, name)):
        with pytest.raises(Refused) as why:
            await refused
        assert why.value.problem.code == "series-in-outlook"
    renamed = await put(stage, replace(held, subject="Tea"), name)
    await stage.settle_down()

    assert await outcome(stage, renamed) is OperationState.APPLIED
    assert shown(stage) == ["Tea"]
    assert (await link_of(stage, name)).app == replace(held, subject="Tea")


# What comes in.


async def test_only_marked_events_come_in():
    """By category; one that is marked later comes in then."""
    stage = await begun("anna", import_categories=["Customer"], import_free=False)
    made = stage.outlook("anna").create_event(COFFEE)
    stage.outlook("anna").create_event(
        {**COFFEE, "subject": "Free", "categories": ["Customer"], "showAs": "free"}
    )
    await stage.settle_down()
    before = await subjects(stage)
    edit(stage, made["id"], categories=["customer"])
    await stage.settle_down()

    assert before == []
    assert await subjects(stage) == ["Coffee"]


async def test_what_was_there_before_stays_out_when_the_window_slides():
    """C7, S11: a later round from scratch shows it anew; only an edit imports it."""
    stage = await begun("anna", backfill="none")
    made = stage.outlook("anna").create_event(COFFEE)
    modified = stage.twin.clock.now()
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(
        replace(calendar, connected=modified + timedelta(seconds=2), delta_link="")
    )
    await stage.settle_down()
    before = await subjects(stage)
    edit(stage, made["id"], subject="Tea")
    await stage.settle_down()

    assert before == []
    assert await subjects(stage) == ["Tea"]


async def test_a_wider_backfill_brings_what_was_left_alone():
    """Once the policy says so, without anybody editing."""
    stage = Stage()
    stage.outlook("anna").create_event(COFFEE)
    await stage.connect("anna", policy={"backfill": "none"})
    before = await subjects(stage)
    await set_policy(stage, backfill="future")
    await scratch(stage)

    assert before == []
    assert await subjects(stage) == ["Coffee"]


# Who has the last word.


@pytest.mark.parametrize("outlook_is_later", [True, False])
async def test_the_latest_edit_wins(outlook_is_later: bool):
    """By Graph's time of the last change and ours of accepting the other one."""
    stage = await begun("anna", winner="latest")
    stage.now = stage.twin.clock.now()
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.now = stage.twin.clock.now()
    if outlook_is_later:
        await put(stage, replace(LUNCH, subject="Ours"))
        stage.twin.clock.advance(60)
        edit(stage, (await link_of(stage)).event_id, subject="Theirs")
    else:
        edit(stage, (await link_of(stage)).event_id, subject="Theirs")
        stage.now += timedelta(minutes=1)
        await put(stage, replace(LUNCH, subject="Ours"))
    await stage.settle_down()

    assert shown(stage) == ["Theirs" if outlook_is_later else "Ours"]
    (conflict,) = next(c.data["conflicts"] for c in await told(stage) if "conflicts" in c.data)
    assert conflict["winner"] == ("outlook" if outlook_is_later else "app")


@pytest.mark.parametrize("protected", [True, False])
async def test_what_is_protected_outlives_its_event(protected: bool):
    """R31: one with notes stays with the host app, which is told that it has no event."""
    stage = await begun("anna", deletion="keep_protected")
    await put(stage, LUNCH, protected=protected)
    await stage.settle_down()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    await stage.settle_down()

    last = (await told(stage))[-1].type.rpartition(".")[2]
    assert (last == "detached") == protected == ("lunch" in stage.host.appointments)
    assert shown(stage) == []


async def test_an_edit_that_a_deletion_took_along_is_told_with_its_outcome():
    """Once, whenever the worker dies."""
    for effect in range(60):
        stage = await begun("anna", edit_against_deletion="delete_outlook")
        await put(stage, LUNCH)
        await stage.settle_down()
        edit(stage, (await link_of(stage)).event_id, subject="Theirs")
        deletion = await delete(stage)
        fuse = stage.fuse
        fuse.left = effect
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        await stage.settle_down()

        outcomes = [c for c in await told(stage) if c.data.get("overruled") == "outlook_edit"]
        assert [c.subject for c in outcomes] == ["lunch"], effect
        (warning,) = outcomes[0].data["operation"]["warnings"]
        assert "subject" in warning["detail"]
        assert await outcome(stage, deletion) is OperationState.APPLIED
        assert shown(stage) == []
        if over:
            return
    raise AssertionError("a deletion has no end")


# Mails, and what is far away.


async def test_nobody_is_invited_where_the_policy_invites_nobody():
    """The host app keeps its guests; Outlook never hears of them, whatever is edited."""
    stage = await begun("anna", "ben", invitations="none")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    await put(stage, replace(WITH_BEN, location="Canteen"))
    await stage.settle_down()
    edit(stage, (await link_of(stage)).event_id, subject="Long lunch")
    await stage.settle_down()
    before = len(await told(stage))
    await scratch(stage)

    held = (await link_of(stage)).app
    assert held is not None
    assert (held.subject, held.location) == ("Long lunch", "Canteen")
    assert [guest.address for guest in held.attendees] == ["ben@contoso.test"]
    assert len(await told(stage)) == before
    assert stage.twin.exchange.outbox == []
    assert shown(stage, "ben") == []


async def test_a_guest_less_write_whose_answer_was_lost_is_known_again():
    """Though Outlook does not show the guests that the host app wanted."""
    stage = await begun("anna", invitations="none")
    stage.fuse.lost_answers = 1
    accepted = await put(stage, WITH_BEN)
    await stage.settle_down()

    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert stage.host.echoes == []


async def test_what_is_far_away_is_hidden_and_told_when_it_comes_near():
    """R32; once, and by nothing but time going by."""
    stage = await begun("anna", hidden_after_days=60, window_ahead_days=60)
    far = replace(LUNCH.when, start=_later(LUNCH.when.start), end=_later(LUNCH.when.end))
    accepted = await put(stage, replace(LUNCH, when=far))
    await stage.settle_down()
    hidden = (await link_of(stage)).hidden
    stage.now += timedelta(days=50)
    await stage.settle_down()
    stage.now += timedelta(days=10)
    await stage.settle_down()

    entries = [c for c in await told(stage) if c.data.get("fields") == ["hidden"]]
    assert accepted.link.hidden
    assert hidden
    assert [entry.data["appointment"]["hidden"] for entry in entries] == [False]
    assert not (await link_of(stage)).hidden


def _later(time: Any) -> Any:
    return replace(time, wall=time.wall.replace(year=START.year, month=5, day=20))


async def test_what_was_over_before_the_connection_is_not_accepted():
    """S11: past never syncs."""
    stage = await begun("anna", forward_only=True)
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    connected = LUNCH.when.end.instant + timedelta(days=1)  # type: ignore[union-attr]
    await stage.memory.put_calendar(replace(calendar, connected=connected))

    with pytest.raises(Refused) as refused:
        await put(stage, LUNCH)

    assert refused.value.problem.code == "past-appointment"


async def test_an_appointment_made_anew_is_the_host_apps_own():
    """Though the one before it came from Outlook: its content is known, and not hidden."""
    stage = await begun("anna", privacy="busy_only")
    made = stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    (name,) = stage.host.appointments
    stage.outlook("anna").delete_event(made["id"])
    await stage.settle_down()
    await put(stage, LUNCH, name, status=AppointmentStatus.CONFIRMED)
    await stage.settle_down()
    await scratch(stage)

    assert shown(stage) == ["Lunch"]
    assert await subjects(stage) == ["Lunch"]
