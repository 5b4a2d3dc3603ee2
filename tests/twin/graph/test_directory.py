from dataclasses import replace
from typing import Any

from tests.twin.stage import Stage, meeting


async def test_users_are_found_by_id_and_upn(stage: Stage) -> None:
    by_id = await stage.get(f"/users/{stage.ada.id}")
    by_upn = await stage.get("/users/ADA@contoso.test?$select=id,accountEnabled")

    assert by_id["userPrincipalName"] == "ada@contoso.test"
    assert "accountEnabled" not in by_id
    assert by_upn["accountEnabled"] is True
    assert by_upn["id"] == by_id["id"]


async def test_users_are_filtered_and_paged_inside_the_tenant(stage: Stage) -> None:
    stage.person("gus", enabled=False)

    by_mail = await stage.get("/users?$filter=mail eq 'bob@contoso.test'&$select=id")
    disabled = await stage.get("/users?$filter=accountEnabled eq false")
    first = await stage.get("/users?$top=3")
    rest = await stage.get(first["@odata.nextLink"])

    assert [user["id"] for user in by_mail["value"]] == [stage.bob.id]
    assert [user["displayName"] for user in disabled["value"]] == ["Gus"]
    assert len(first["value"]) == 3
    assert [user["displayName"] for user in rest["value"]] == ["Gus"]
    assert stage.cem.id not in {user["id"] for user in first["value"] + rest["value"]}


async def test_users_need_a_directory_permission(stage: Stage) -> None:
    stage.caller = replace(stage.caller, roles=frozenset({"Calendars.ReadWrite"}))

    assert await stage.refused("GET", "/users") == (403, "Authorization_RequestDenied")


async def test_the_purpose_of_a_mailbox_tells_a_room(stage: Stage) -> None:
    room = await stage.get("/users/room1@contoso.test/mailboxSettings")
    person = await stage.get("/users/ada@contoso.test/mailboxSettings/userPurpose")

    assert room["userPurpose"] == "room"
    assert person["value"] == "user"


async def test_rooms_and_their_lists(stage: Stage) -> None:
    rooms = (await stage.get("/places/microsoft.graph.room"))["value"]
    lists = (await stage.get("/places/microsoft.graph.roomlist"))["value"]
    inside = await stage.get(f"/places/{lists[0]['emailAddress']}/microsoft.graph.roomlist/rooms")

    assert [(r["emailAddress"], r["capacity"]) for r in rooms] == [("room1@contoso.test", 6)]
    assert [r["displayName"] for r in lists] == ["West"]
    assert inside["value"] == rooms


async def test_calendars_are_listed_and_made(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/calendars", {"name": "Side"})
    listed = (await stage.get("/users/ada@contoso.test/calendars"))["value"]
    primary = await stage.get("/users/ada@contoso.test/calendar")

    assert [c["name"] for c in listed] == ["Calendar", "Side"]
    assert primary["isDefaultCalendar"]
    assert primary["id"] == listed[0]["id"]
    assert made["isRemovable"]


def _asked(*schedules: str, **more: Any) -> dict[str, Any]:
    return {
        "schedules": list(schedules),
        "startTime": {"dateTime": "2027-03-01T09:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2027-03-01T12:00:00", "timeZone": "UTC"},
        "availabilityViewInterval": 60,
        **more,
    }


async def test_a_schedule_shows_busy_digits_and_an_error_per_stranger(stage: Stage) -> None:
    await stage.post("/users/bob@contoso.test/events", meeting())
    await stage.post("/users/bob@contoso.test/events", meeting(showAs="workingElsewhere"))

    answer = await stage.request(
        "POST",
        "/users/ada@contoso.test/calendar/getSchedule",
        _asked("bob@contoso.test", "nobody@contoso.test"),
    )

    bob, nobody = answer.json()["value"]
    assert answer.status_code == 200
    assert bob["availabilityView"] == "020"
    assert bob["scheduleItems"][0]["start"]["dateTime"] == "2027-03-01T10:00:00.0000000"
    assert nobody["error"]["responseCode"] == "ErrorMailRecipientNotFound"


async def test_a_schedule_has_limits(stage: Stage) -> None:
    path = "/users/ada@contoso.test/calendar/getSchedule"
    many = _asked(*(f"p{n}@contoso.test" for n in range(101)))
    long = _asked(
        "bob@contoso.test", endTime={"dateTime": "2027-06-01T00:00:00", "timeZone": "UTC"}
    )

    assert await stage.refused("POST", path, many) == (400, "ErrorMailboxDataArrayTooBig")
    assert await stage.refused("POST", path, long) == (400, "ErrorTimeIntervalTooBig")


async def test_a_deleted_calendar_takes_its_events_with_it(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/calendars", {"name": "Side"})
    home = f"/users/ada@contoso.test/calendars/{made['id']}"
    event = await stage.post(f"{home}/events", meeting())

    assert (await stage.request("DELETE", home)).status_code == 204
    assert (await stage.refused("GET", home))[0] == 404
    assert (await stage.refused("GET", f"/users/ada@contoso.test/events/{event['id']}"))[0] == 404
    default = (await stage.get("/users/ada@contoso.test/calendar"))["id"]
    assert (await stage.refused("DELETE", f"/users/ada@contoso.test/calendars/{default}"))[
        0
    ] == 400


async def test_ids_are_translated_both_ways(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())
    path = "/users/ada@contoso.test/translateExchangeIds"

    there = await stage.request(
        "POST", path, {"inputIds": [made["id"]], "targetIdType": "restImmutableEntryId"}
    )
    immutable = there.json()["value"][0]["targetId"]
    back = await stage.request("POST", path, {"inputIds": [immutable], "targetIdType": "restId"})

    assert immutable != made["id"]
    assert back.json()["value"] == [{"sourceId": immutable, "targetId": made["id"]}]


async def test_keys_in_brackets_name_the_same_things(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())

    read = await stage.get(f"/Users('{stage.ada.id}')/Events('{made['id']}')")

    assert read == made


async def test_the_tenant_tells_its_name(stage: Stage) -> None:
    (shown,) = (await stage.get("/organization"))["value"]

    assert (shown["id"], shown["displayName"]) == (stage.caller.tenant_id, "Contoso")


async def test_a_guest_is_told_from_a_member_and_has_no_mailbox(stage: Stage) -> None:
    guest = stage.person("gus", licensed=False, mailbox="none")
    guest.user_type = "Guest"

    shown = await stage.get(f"/users/{guest.id}?$select=userType,externalUserState")
    (found,) = (await stage.get("/users?$filter=userType eq 'Guest'"))["value"]

    assert (shown["userType"], shown["externalUserState"]) == ("Guest", "Accepted")
    assert found["id"] == guest.id
    assert await stage.refused("GET", f"/users/{guest.id}/calendar") == (
        404,
        "MailboxNotEnabledForRESTAPI",
    )


async def test_a_mailbox_tells_what_it_is_for(stage: Stage) -> None:
    kinds = {"linked": "user", "equipment": "equipment"}
    people = {purpose: stage.person(purpose, kind=kind) for purpose, kind in kinds.items()}
    people["linked"].purpose = "linked"

    for purpose, person in people.items():
        shown = await stage.get(f"/users/{person.id}/mailboxSettings/userPurpose")
        assert shown["value"] == purpose


async def test_a_mail_names_a_user_only_where_the_switch_says_so(stage: Stage) -> None:
    stage.person("upn", mail="other@contoso.test")
    assert (await stage.get("/users/other@contoso.test"))["mail"] == "other@contoso.test"

    stage.switches.mail_names_users = False

    assert (await stage.refused("GET", "/users/other@contoso.test"))[0] == 404
    await stage.get("/users/upn@contoso.test")
