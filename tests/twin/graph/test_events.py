from dataclasses import replace

import pytest

from tests.twin.stage import Stage, meeting, new_id

TAG = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name CalbridgeId"


async def test_a_created_event_is_read_back_with_the_noise_of_graph(stage: Stage) -> None:
    made = await stage.post(f"/users/{stage.ada.upn}/events", meeting("Lunch"))

    read = await stage.get(f"/users/{stage.ada.id}/events/{made['id']}")

    assert read == made
    assert read["start"] == {"dateTime": "2027-03-01T10:00:00.0000000", "timeZone": "UTC"}
    assert read["@odata.etag"] == f'W/"{read["changeKey"]}"'
    assert read["responseStatus"] == {"response": "organizer", "time": "0001-01-01T00:00:00Z"}
    assert read["type"] == "singleInstance"
    assert read["isOrganizer"]
    assert read["bodyPreview"] == "About it"
    assert read["body"]["content"].startswith("<html>\r\n<head>\r\n<meta")
    assert "<p>About it</p>" in read["body"]["content"]


async def test_create_answers_with_its_location_and_request_ids(stage: Stage) -> None:
    answer = await stage.request(
        "POST", "/users/ada@contoso.test/events", meeting(), client_request_id="abc"
    )

    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"/events/{answer.json()['id']}")
    assert answer.headers["client-request-id"] == "abc"
    assert answer.headers["request-id"]
    assert answer.headers["date"]


async def test_me_is_the_signed_in_person_and_refused_to_an_app(stage: Stage) -> None:
    assert await stage.refused("GET", "/me/events") == (400, "BadRequest")

    stage.caller = replace(
        stage.caller, user_id=stage.bob.id, scopes=frozenset({"Calendars.ReadWrite"})
    )
    made = await stage.post("/me/calendar/events", meeting("Mine"))

    assert made["organizer"]["emailAddress"]["address"] == "bob@contoso.test"
    assert await stage.refused("GET", f"/users/{stage.ada.id}/events") == (
        403,
        "ErrorAccessDenied",
    )


async def test_either_kind_of_id_is_accepted_and_the_header_chooses_the_one_shown(
    stage: Stage,
) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())

    immutable = await stage.get(
        f"/users/ada@contoso.test/events/{made['id']}", 'IdType="ImmutableId"'
    )
    back = await stage.get(f"/users/ada@contoso.test/events/{immutable['id']}")

    assert immutable["id"] != made["id"]
    assert back["id"] == made["id"]


async def test_a_patch_with_a_stale_etag_writes_nothing(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())
    path = f"/users/ada@contoso.test/events/{made['id']}"
    changed = await stage.patch(path, {"subject": "Second"})

    stale = await stage.refused("PATCH", path, {"subject": "Third"}, if_match=made["@odata.etag"])

    assert stale == (412, "ErrorIrresolvableConflict")
    assert (await stage.get(path))["subject"] == "Second"
    fresh = await stage.request(
        "PATCH", path, {"subject": "Third"}, if_match=changed["@odata.etag"]
    )
    assert fresh.json()["subject"] == "Third"


async def test_delete_ignores_a_stale_etag_unless_switched(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())
    path = f"/users/ada@contoso.test/events/{made['id']}"
    stage.switches.delete_if_match = True
    assert (await stage.refused("DELETE", path, if_match='W/"old"'))[0] == 412

    stage.switches.delete_if_match = False
    answer = await stage.request("DELETE", path, if_match='W/"old"')

    assert answer.status_code == 204
    assert await stage.refused("GET", path) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(("switch", "expected"), [("same", 1), ("again", 2)])
async def test_a_repeated_transaction_id(stage: Stage, switch: str, expected: int) -> None:
    stage.switches.transaction_repeat = switch
    transaction = new_id()
    for _ in range(2):
        await stage.post("/users/ada@contoso.test/events", meeting(transactionId=transaction))

    found = await stage.get("/users/ada@contoso.test/events")

    assert len(found["value"]) == expected


async def test_a_repeated_transaction_id_can_be_a_conflict(stage: Stage) -> None:
    stage.switches.transaction_repeat = "conflict"
    body = meeting(transactionId=new_id())
    await stage.post("/users/ada@contoso.test/events", body)

    assert (await stage.refused("POST", "/users/ada@contoso.test/events", body))[0] == 409


async def test_an_extended_property_is_shown_only_when_expanded(stage: Stage) -> None:
    tag = [{"id": TAG, "value": "app-7"}]
    made = await stage.post(
        "/users/ada@contoso.test/events", meeting(singleValueExtendedProperties=tag)
    )
    path = f"/users/ada@contoso.test/events/{made['id']}"

    expanded = await stage.get(
        f"{path}?$expand=singleValueExtendedProperties($filter=id eq '{TAG}')"
    )

    assert "singleValueExtendedProperties" not in made
    assert expanded["singleValueExtendedProperties"] == tag


async def test_events_are_found_by_their_extended_property(stage: Stage) -> None:
    for value in ("one", "two"):
        await stage.post(
            "/users/ada@contoso.test/events",
            meeting(value, singleValueExtendedProperties=[{"id": TAG, "value": value}]),
        )
    spelled = (
        TAG.upper()
        .replace("STRING", "String")
        .replace("NAME", "Name")
        .replace("CALBRIDGEID", "CalbridgeId")
    )
    asked = f"singleValueExtendedProperties/Any(ep: ep/id eq '{spelled}' and ep/value eq 'two')"

    found = await stage.get(f"/users/ada@contoso.test/events?$filter={asked}&$select=subject")

    assert [event["subject"] for event in found["value"]] == ["two"]
    assert set(found["value"][0]) == {"@odata.etag", "id", "subject"}


async def test_events_are_found_by_icaluid(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())
    await stage.post("/users/ada@contoso.test/events", meeting())

    found = await stage.get(
        f"/users/ada@contoso.test/events?$filter=iCalUId eq '{made['iCalUId']}'"
    )

    assert [event["id"] for event in found["value"]] == [made["id"]]


async def test_a_list_is_read_page_by_page(stage: Stage) -> None:
    for n in range(5):
        await stage.post("/users/ada@contoso.test/events", meeting(f"n{n}"))

    subjects: set[str] = set()
    link = "/users/ada@contoso.test/events?$top=2&$select=subject"
    pages = 0
    while link:
        page = await stage.get(link)
        pages += 1
        subjects |= {event["subject"] for event in page["value"]}
        link = page.get("@odata.nextLink", "")

    assert pages == 3
    assert subjects == {"n0", "n1", "n2", "n3", "n4"}


async def test_times_are_shown_in_the_zone_asked_for(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())

    answer = await stage.request(
        "GET",
        f"/users/ada@contoso.test/events/{made['id']}",
        prefer='outlook.timezone="W. Europe Standard Time", outlook.body-content-type="text"',
    )

    assert answer.json()["start"] == {
        "dateTime": "2027-03-01T11:00:00.0000000",
        "timeZone": "W. Europe Standard Time",
    }
    assert answer.json()["body"] == {"contentType": "text", "content": "About it"}
    assert 'outlook.timezone="W. Europe Standard Time"' in answer.headers["preference-applied"]


async def test_all_day_events_stay_at_midnight_in_every_zone(stage: Stage) -> None:
    day = {"dateTime": "2027-03-01T00:00:00", "timeZone": "Europe/Berlin"}
    after = {"dateTime": "2027-03-02T00:00:00", "timeZone": "Europe/Berlin"}
    made = await stage.post(
        "/users/ada@contoso.test/events", meeting(isAllDay=True, start=day, end=after)
    )

    moved = await stage.get(
        f"/users/ada@contoso.test/events/{made['id']}",
        'outlook.timezone="Pacific Standard Time"',
    )

    assert made["start"]["dateTime"] == "2027-03-01T00:00:00.0000000"
    assert moved["start"]["dateTime"] == "2027-03-01T00:00:00.0000000"
    assert made["originalStartTimeZone"] == "W. Europe Standard Time"


def _time(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"subject": "no times"}, "ErrorInvalidRequest"),
        (meeting(end=_time("2027-03-01T09:00:00")), "ErrorPropertyValidationFailure"),
        (meeting(start=_time("2027-03-01T10:00:00", "Mars")), "TimeZoneNotSupportedException"),
        (
            meeting(start=_time("2027-03-01T10:00:00", "Europe/Rome")),
            "TimeZoneNotSupportedException",
        ),
        (meeting(start=_time("soon")), "ErrorInvalidParameter"),
        (meeting(showAs="asleep"), "RequestBodyRead"),
        (meeting(sbuject="x"), "RequestBodyRead"),
        (meeting(isAllDay=True), "ErrorInvalidRequest"),
        (meeting("x", "no-address"), "ErrorInvalidRecipients"),
        (meeting("x", *(f"p{n}@x.test" for n in range(501))), "ErrorInvalidRequest"),
        ([], "BadRequest"),
    ],
)
async def test_bad_events_are_refused(stage: Stage, body: object, code: str) -> None:
    refused = await stage.refused("POST", "/users/ada@contoso.test/events", body)

    assert refused == (400, code)


async def test_a_body_that_is_no_json_is_refused(stage: Stage) -> None:
    answer = await stage.ask(stage.caller, "POST", "/users/ada@contoso.test/events", {}, b"{")

    assert answer.status_code == 400
    assert set(answer.json()["error"]["innerError"]) == {
        "date",
        "request-id",
        "client-request-id",
    }


async def test_a_refused_patch_leaves_the_event_as_it_was(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())
    path = f"/users/ada@contoso.test/events/{made['id']}"

    refused = await stage.refused(
        "PATCH", path, {"subject": "New", "end": _time("2027-03-01T01:00:00")}
    )

    assert refused == (400, "ErrorPropertyValidationFailure")
    assert await stage.get(path) == made


async def test_setting_location_replaces_locations(stage: Stage) -> None:
    places = [{"displayName": "A"}, {"displayName": "B"}]
    made = await stage.post("/users/ada@contoso.test/events", meeting(locations=places))

    changed = await stage.patch(
        f"/users/ada@contoso.test/events/{made['id']}", {"location": {"displayName": "C"}}
    )

    assert made["location"]["displayName"] == "A; B"
    assert [place["displayName"] for place in changed["locations"]] == ["C"]


async def test_an_online_meeting_keeps_its_link_while_the_body_has_it(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting(isOnlineMeeting=True))
    path = f"/users/ada@contoso.test/events/{made['id']}"
    url = made["onlineMeeting"]["joinUrl"]
    assert url in made["body"]["content"]

    off = await stage.patch(path, {"isOnlineMeeting": False})
    kept = await stage.patch(
        path, {"body": {"contentType": "html", "content": made["body"]["content"] + "more"}}
    )
    lost = await stage.patch(path, {"body": {"contentType": "html", "content": "<p>Short</p>"}})

    assert off["isOnlineMeeting"]
    assert kept["onlineMeeting"] == {"joinUrl": url}
    assert not lost["isOnlineMeeting"]
    assert lost["onlineMeeting"] is None


async def test_reading_a_body_back_and_writing_it_changes_nothing(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", meeting())

    again = await stage.patch(
        f"/users/ada@contoso.test/events/{made['id']}", {"body": made["body"]}
    )

    assert again["body"] == made["body"]


async def test_people_without_a_usable_mailbox_are_told_apart_from_nobody(stage: Stage) -> None:
    stage.person("dee", mailbox="none")
    stage.person("eve", licensed=False)

    assert await stage.refused("GET", "/users/dee@contoso.test/events") == (
        404,
        "MailboxNotEnabledForRESTAPI",
    )
    assert (await stage.refused("GET", "/users/eve@contoso.test/calendar"))[0] == 404
    assert await stage.refused("GET", "/users/fay@contoso.test/events") == (
        404,
        "Request_ResourceNotFound",
    )
    assert await stage.refused("GET", f"/users/{stage.cem.id}/events") == (
        404,
        "Request_ResourceNotFound",
    )


async def test_what_is_not_played_is_never_a_success(stage: Stage) -> None:
    assert (await stage.refused("GET", "/users/ada@contoso.test/messages"))[0] == 400
    assert (await stage.refused("PUT", "/users/ada@contoso.test/events", {}))[0] == 405


async def test_calendar_view_does_not_select_when_an_event_was_made(stage: Stage) -> None:
    await stage.post("/users/ada@contoso.test/events", meeting())
    window = "startDateTime=2027-01-01&endDateTime=2028-01-01"

    found = await stage.get(
        f"/users/ada@contoso.test/calendarView?{window}&$select=subject,createdDateTime"
    )

    assert [set(event) for event in found["value"]] == [{"@odata.etag", "id", "subject"}]


async def test_a_transaction_id_is_shown_only_when_it_was_set(stage: Stage) -> None:
    without = await stage.post("/users/ada@contoso.test/events", meeting())
    tagged = await stage.post("/users/ada@contoso.test/events", meeting(transactionId="t-1"))

    assert "transactionId" not in without
    assert tagged["transactionId"] == "t-1"


async def test_an_access_policy_shuts_apps_out_of_one_mailbox(stage: Stage) -> None:
    stage.bob.apps_blocked = True

    assert await stage.refused("GET", "/users/bob@contoso.test/events") == (
        403,
        "ErrorAccessDenied",
    )
    await stage.get("/users/ada@contoso.test/events")


async def test_text_becomes_html_and_reads_back_as_the_text(stage: Stage) -> None:
    body = {"contentType": "text", "content": "Tom & <Jerry>\nsecond line"}
    made = await stage.post("/users/ada@contoso.test/events", meeting(body=body))

    read = await stage.get(
        f"/users/ada@contoso.test/events/{made['id']}", 'outlook.body-content-type="text"'
    )

    assert "Tom &amp; &lt;Jerry&gt;<br>" in made["body"]["content"]
    assert read["body"]["content"].split() == ["Tom", "&", "<Jerry>", "second", "line"]
