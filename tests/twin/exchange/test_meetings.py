from typing import Any

import pytest

from local.twin.outlook import PersonAtOutlook
from local.twin.world import Person
from tests.twin.stage import Stage, meeting, weekly

ADA, BOB, CEM = "ada@contoso.test", "bob@contoso.test", "cem@fabrikam.test"
TAG = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name CalbridgeId"


def outlook(stage: Stage, person: Person) -> PersonAtOutlook:
    return stage.exchange.act_as_person(person.tenant_id, person.id)


def copies(stage: Stage, person: Person) -> list[dict[str, Any]]:
    side = outlook(stage, person)
    return [side.get_event(event_id) for event_id in stage.world.mailboxes[person.id].events]


def test_guests_of_any_tenant_get_a_copy_and_a_mail(stage: Stage) -> None:
    made = outlook(stage, stage.ada).create_event(meeting("Talk", BOB, CEM, "who@else.test"))

    for guest in (stage.bob, stage.cem):
        (copy,) = copies(stage, guest)
        assert copy["iCalUId"] == made["iCalUId"]
        assert copy["id"] != made["id"]
        assert not copy["isOrganizer"]
        assert copy["organizer"]["emailAddress"]["address"] == ADA
        assert copy["responseStatus"]["response"] == "notResponded"
    assert stage.mails() == [
        ("invitation", BOB),
        ("invitation", CEM),
        ("invitation", "who@else.test"),
    ]
    assert {mail.cause for mail in stage.exchange.outbox} == {"person"}


def test_tags_and_categories_stay_with_the_organiser(stage: Stage) -> None:
    outlook(stage, stage.ada).create_event(
        meeting(
            "Talk",
            BOB,
            categories=["Red"],
            transactionId="t1",
            singleValueExtendedProperties=[{"id": TAG, "value": "1"}],
        )
    )

    (copy,) = stage.world.mailboxes[stage.bob.id].events.values()

    assert copy.extended is None
    assert copy.categories == ()
    assert copy.transaction_id is None


def test_an_event_without_guests_mails_nobody(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting())
    ada.update_event(made["id"], {"subject": "New"})
    ada.delete_event(made["id"])

    assert stage.mails() == []


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "New"},
        {"body": {"contentType": "text", "content": "New"}},
        {"location": {"displayName": "Hall"}},
        {"start": {"dateTime": "2027-03-01T09:30:00", "timeZone": "UTC"}},
    ],
)
def test_what_concerns_all_is_mailed_to_all(stage: Stage, change: dict[str, Any]) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB, CEM))
    stage.exchange.outbox.clear()

    ada.update_event(made["id"], change)

    assert stage.mails() == [("update", BOB), ("update", CEM)]
    (name,) = change
    assert copies(stage, stage.bob)[0][name] == ada.get_event(made["id"])[name]


@pytest.mark.parametrize(
    "change",
    [{"showAs": "free"}, {"categories": ["Red"]}, {"isReminderOn": False}, {"subject": "Talk"}],
)
def test_what_concerns_only_the_organiser_is_mailed_to_nobody(
    stage: Stage, change: dict[str, Any]
) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    before = copies(stage, stage.bob)
    stage.exchange.outbox.clear()

    ada.update_event(made["id"], change)

    assert stage.mails() == []
    assert copies(stage, stage.bob) == before


def test_a_change_of_guests_is_mailed_to_the_changed_guests(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB, "who@else.test"))
    stage.exchange.outbox.clear()

    ada.update_event(made["id"], {"attendees": meeting("Talk", "who@else.test", CEM)["attendees"]})

    assert stage.mails() == [("cancellation", BOB), ("invitation", CEM)]
    assert copies(stage, stage.bob)[0]["isCancelled"]
    assert not copies(stage, stage.cem)[0]["isCancelled"]


@pytest.mark.parametrize("way", ["delete", "cancel"])
def test_an_ended_meeting_stays_marked_with_its_guests(stage: Stage, way: str) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    stage.exchange.outbox.clear()

    if way == "delete":
        ada.delete_event(made["id"])
    else:
        ada.cancel_event(made["id"], "sorry")

    (copy,) = copies(stage, stage.bob)
    assert copy["isCancelled"]
    assert copy["subject"] == "Canceled: Talk"
    assert stage.mails() == [("cancellation", BOB)]
    assert copies(stage, stage.ada) == []


def test_an_ended_meeting_can_vanish_from_its_guests(stage: Stage) -> None:
    stage.switches.cancelled_copies = "remove"
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))

    ada.delete_event(made["id"])

    assert copies(stage, stage.bob) == []


async def test_a_guest_cannot_cancel(stage: Stage) -> None:
    outlook(stage, stage.ada).create_event(meeting("Talk", BOB))
    (copy,) = copies(stage, stage.bob)

    refused = await stage.refused("POST", f"/users/{BOB}/events/{copy['id']}/cancel", {})

    assert refused == (400, "ErrorInvalidRequest")


def test_a_guest_who_deletes_tells_nobody(stage: Stage) -> None:
    outlook(stage, stage.ada).create_event(meeting("Talk", BOB))
    (copy,) = copies(stage, stage.bob)
    (before,) = copies(stage, stage.ada)
    stage.exchange.outbox.clear()

    outlook(stage, stage.bob).delete_event(copy["id"])

    assert stage.mails() == []
    assert copies(stage, stage.ada) == [before]


async def test_an_answer_reaches_the_organiser_and_changes_the_etag(stage: Stage) -> None:
    made = outlook(stage, stage.ada).create_event(meeting("Talk", BOB))
    (copy,) = copies(stage, stage.bob)
    stage.exchange.outbox.clear()

    answer = await stage.request("POST", f"/users/{BOB}/events/{copy['id']}/accept", {})

    assert answer.status_code == 202
    seen = outlook(stage, stage.ada).get_event(made["id"])
    assert seen["attendees"][0]["status"]["response"] == "accepted"
    assert seen["@odata.etag"] != made["@odata.etag"]
    assert copies(stage, stage.bob)[0]["responseStatus"]["response"] == "accepted"
    assert copies(stage, stage.bob)[0]["showAs"] == "busy"
    assert stage.mails() == [("response", ADA)]


async def test_a_silent_answer_reaches_nobody(stage: Stage) -> None:
    made = outlook(stage, stage.ada).create_event(meeting("Talk", BOB))
    (copy,) = copies(stage, stage.bob)
    stage.exchange.outbox.clear()

    await stage.request(
        "POST", f"/users/{BOB}/events/{copy['id']}/tentativelyAccept", {"sendResponse": False}
    )

    assert outlook(stage, stage.ada).get_event(made["id"]) == made
    assert copies(stage, stage.bob)[0]["responseStatus"]["response"] == "tentativelyAccepted"
    assert stage.mails() == []


async def test_a_decline_can_propose_another_time(stage: Stage) -> None:
    made = outlook(stage, stage.ada).create_event(meeting("Talk", BOB))
    (copy,) = copies(stage, stage.bob)
    slot = {
        "start": {"dateTime": "2027-03-02T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2027-03-02T11:00:00", "timeZone": "UTC"},
    }
    path = f"/users/{BOB}/events/{copy['id']}/decline"

    silent = {"proposedNewTime": slot, "sendResponse": False}
    assert (await stage.refused("POST", path, silent))[0] == 400
    answer = await stage.request("POST", path, {"proposedNewTime": slot})

    assert answer.status_code == 202
    (guest,) = outlook(stage, stage.ada).get_event(made["id"])["attendees"]
    assert guest["status"]["response"] == "declined"
    assert guest["proposedNewTime"]["start"]["dateTime"] == "2027-03-02T10:00:00.0000000"
    assert copies(stage, stage.bob) == []


def test_a_new_time_asks_the_guests_again(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    outlook(stage, stage.bob).respond(copies(stage, stage.bob)[0]["id"], "accept")

    moved = ada.update_event(made["id"], meeting("Talk", BOB, day="2027-03-02"))

    assert moved["attendees"][0]["status"]["response"] == "none"
    assert copies(stage, stage.bob)[0]["responseStatus"]["response"] == "notResponded"


def test_a_guests_own_edit_is_overwritten_by_the_next_update(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    (copy,) = copies(stage, stage.bob)
    outlook(stage, stage.bob).update_event(copy["id"], {"subject": "Mine"})
    assert ada.get_event(made["id"])["subject"] == "Talk"

    ada.update_event(made["id"], {"location": {"displayName": "Hall"}})

    assert copies(stage, stage.bob)[0]["subject"] == "Talk"


def test_a_changed_occurrence_is_changed_for_the_guests(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    ada.create_event({**weekly(), "attendees": meeting("", BOB)["attendees"]})
    stage.exchange.outbox.clear()
    day = stage.clock.now().replace(2027, 1, 1)
    second = ada.list_events(day, day.replace(2028))[1]

    ada.update_event(second["id"], {"subject": "Special"})

    seen = outlook(stage, stage.bob).list_events(day, day.replace(2028))
    assert [event["subject"] for event in seen] == ["Weekly", "Special", "Weekly", "Weekly"]
    assert seen[1]["iCalUId"] == second["iCalUId"]
    assert stage.mails() == [("update", BOB)]


def test_a_cancelled_occurrence_is_gone_for_the_guests(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    ada.create_event({**weekly(), "attendees": meeting("", BOB)["attendees"]})
    stage.exchange.outbox.clear()
    day = stage.clock.now().replace(2027, 1, 1)
    second = ada.list_events(day, day.replace(2028))[1]

    ada.cancel_event(second["id"])

    seen = outlook(stage, stage.bob).list_events(day, day.replace(2028))
    assert [event["start"]["dateTime"][:10] for event in seen] == [
        "2027-03-01",
        "2027-03-15",
        "2027-03-22",
    ]
    assert stage.mails() == [("cancellation", BOB)]


def test_one_occurrence_can_be_answered_by_itself(stage: Stage) -> None:
    ada, bob = outlook(stage, stage.ada), outlook(stage, stage.bob)
    ada.create_event({**weekly(), "attendees": meeting("", BOB)["attendees"]})
    day = stage.clock.now().replace(2027, 1, 1)
    theirs = bob.list_events(day, day.replace(2028))[1]

    bob.respond(theirs["id"], "tentativelyAccept")

    answers = [
        event["attendees"][0]["status"]["response"]
        for event in ada.list_events(day, day.replace(2028))
    ]
    assert answers == ["none", "tentativelyAccepted", "none", "none"]


def test_every_change_of_a_copy_is_noticed_in_its_mailbox(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    ada.update_event(made["id"], {"subject": "New"})
    ada.delete_event(made["id"])

    kinds = {
        person.id: [n.kind for n in stage.notifier if n.user_id == person.id]
        for person in (stage.ada, stage.bob)
    }
    assert kinds[stage.ada.id] == ["created", "updated", "deleted"]
    assert kinds[stage.bob.id] == ["created", "updated", "updated"]


def test_hidden_guests_are_hidden_from_each_other(stage: Stage) -> None:
    outlook(stage, stage.ada).create_event(meeting("Talk", BOB, CEM, hideAttendees=True))

    assert copies(stage, stage.bob)[0]["attendees"] == []
    assert copies(stage, stage.cem)[0]["attendees"] == []


def test_a_guest_who_is_invited_again_has_a_living_meeting(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    ada.update_event(made["id"], {"attendees": []})
    assert copies(stage, stage.bob)[0]["isCancelled"]

    ada.update_event(made["id"], {"attendees": made["attendees"]})

    (copy,) = copies(stage, stage.bob)
    assert not copy["isCancelled"]
    assert copy["subject"] == "Talk"
    assert copy["showAs"] == "tentative"


@pytest.mark.parametrize("comes_back", [False, True])
def test_an_update_may_bring_back_a_copy_that_a_guest_deleted(
    stage: Stage, comes_back: bool
) -> None:
    stage.switches.resurrect_deleted_copies = comes_back
    ada = outlook(stage, stage.ada)
    made = ada.create_event(meeting("Talk", BOB))
    outlook(stage, stage.bob).delete_event(copies(stage, stage.bob)[0]["id"])

    ada.update_event(made["id"], {"subject": "New"})

    assert len(copies(stage, stage.bob)) == int(comes_back)


def test_a_declined_meeting_may_stay_with_the_guest(stage: Stage) -> None:
    stage.switches.decline_removes = False
    outlook(stage, stage.ada).create_event(meeting("Talk", BOB))

    outlook(stage, stage.bob).respond(copies(stage, stage.bob)[0]["id"], "decline")

    assert copies(stage, stage.bob)[0]["responseStatus"]["response"] == "declined"


def test_a_guest_of_one_date_only_gets_that_date(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    ada.create_event({**weekly(), "attendees": meeting("", BOB)["attendees"]})
    stage.exchange.outbox.clear()
    day = stage.clock.now().replace(2027, 1, 1)
    second = ada.list_events(day, day.replace(2028))[1]

    ada.update_event(second["id"], {"attendees": meeting("", BOB, CEM)["attendees"]})

    (copy,) = copies(stage, stage.cem)
    assert copy["type"] == "singleInstance"
    assert copy["start"] == second["start"]
    assert stage.mails() == [("invitation", CEM)]

    outlook(stage, stage.cem).respond(copy["id"], "accept")
    guests = ada.get_event(second["id"])["attendees"]
    assert [guest["status"]["response"] for guest in guests] == ["none", "accepted"]


def test_a_guest_removed_from_one_date_loses_that_date(stage: Stage) -> None:
    ada = outlook(stage, stage.ada)
    ada.create_event({**weekly(), "attendees": meeting("", BOB)["attendees"]})
    stage.exchange.outbox.clear()
    day = stage.clock.now().replace(2027, 1, 1)
    second = ada.list_events(day, day.replace(2028))[1]

    ada.update_event(second["id"], {"attendees": []})

    seen = outlook(stage, stage.bob).list_events(day, day.replace(2028))
    assert second["start"] not in [event["start"] for event in seen]
    assert len(seen) == 3
    assert stage.mails() == [("cancellation", BOB)]
