"""Microsoft's own client, unchanged, against the whole twin."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.response_type import ResponseType
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
    GetSchedulePostRequestBody,
)
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph.generated.users.item.events.item.accept.accept_post_request_body import (
    AcceptPostRequestBody,
)

from local.twin.app import Twin, create_app
from local.twin.entra.tokens import GRAPH, Subject

TENANT = "22222222-0000-4000-8000-000000000001"
APP = "11111111-0000-4000-8000-000000000003"
ADA, MEGAN = "ada@contoso.example", "megan@contoso.example"
ROLES = frozenset({"Calendars.ReadWrite", "User.Read.All", "Place.Read.All"})


class Token(AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(self, uri: str, _context: object = None) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


@pytest.fixture
async def graph() -> AsyncIterator[GraphServiceClient]:
    twin = Twin(seed="demo")
    app = create_app(twin)
    subject = Subject(TENANT, APP, APP, roles=ROLES, app_only=True)
    token = twin.entra.tokens.access(subject, GRAPH, "https://twin.test", twin.clock.now())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        auth = BaseBearerTokenAuthenticationProvider(Token(token))
        yield GraphServiceClient(request_adapter=GraphRequestAdapter(auth, client=client))
    await twin.close()


def _at(text: str) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=text, time_zone="W. Europe Standard Time")


def _event(*guests: str) -> Event:
    return Event(
        subject="Planning",
        body=ItemBody(content="Agenda"),
        start=_at("2027-03-01T10:00:00"),
        end=_at("2027-03-01T11:00:00"),
        attendees=[
            Attendee(email_address=EmailAddress(address=g), type=AttendeeType.Required)
            for g in guests
        ],
    )


def _weekly() -> PatternedRecurrence:
    start = datetime(2027, 3, 1, tzinfo=UTC).date()
    return PatternedRecurrence(
        pattern=RecurrencePattern(
            type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday]
        ),
        range=RecurrenceRange(
            type=RecurrenceRangeType.Numbered, start_date=start, number_of_occurrences=3
        ),
    )


async def test_the_sdk_makes_reads_changes_and_deletes_an_event(graph: GraphServiceClient) -> None:
    events = graph.users.by_user_id(ADA).events
    made = await events.post(_event(MEGAN))
    assert made is not None
    one = events.by_event_id(made.id or "")

    changed = await one.patch(Event(subject="Moved"))
    read = await one.get()

    assert changed is not None
    assert read is not None
    assert (read.subject, read.type, read.is_organizer) == (
        "Moved",
        EventType.SingleInstance,
        True,
    )
    assert read.start is not None
    assert read.start.date_time == "2027-03-01T09:00:00.0000000"
    assert read.created_date_time is not None
    await one.delete()
    with pytest.raises(ODataError) as refused:
        await one.get()
    assert refused.value.response_status_code == 404
    assert refused.value.error is not None
    assert refused.value.error.code == "ErrorItemNotFound"


async def test_the_sdk_reads_a_delta_round_and_the_next(graph: GraphServiceClient) -> None:
    event = _event()
    event.recurrence = _weekly()
    user = graph.users.by_user_id(ADA)
    await user.events.post(event)
    window = RequestConfiguration(
        query_parameters=DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
            start_date_time="2027-01-01T00:00:00Z", end_date_time="2028-01-01T00:00:00Z"
        )
    )

    page = await user.calendar_view.delta.get(window)
    assert page is not None
    types = [e.type for e in page.value or [] if e.subject in ("Planning", None)]
    while page.odata_next_link:
        page = await user.calendar_view.delta.with_url(page.odata_next_link).get()
        assert page is not None
        types += [e.type for e in page.value or [] if e.subject in ("Planning", None)]
    last = await user.calendar_view.delta.with_url(page.odata_delta_link or "").get()

    assert types.count(EventType.SeriesMaster) == 1
    assert types.count(EventType.Occurrence) >= 3
    assert last is not None
    assert last.value == []


async def test_the_sdk_sees_a_guest_accept(graph: GraphServiceClient) -> None:
    made = await graph.users.by_user_id(ADA).events.post(_event(MEGAN))
    assert made is not None
    theirs = graph.users.by_user_id(MEGAN).events
    found = await theirs.get()
    assert found is not None
    copy = next(e for e in found.value or [] if e.i_cal_u_id == made.i_cal_u_id)

    yes = AcceptPostRequestBody(comment="Yes", send_response=True)  # the model's default is False
    await theirs.by_event_id(copy.id or "").accept.post(yes)

    read = await graph.users.by_user_id(ADA).events.by_event_id(made.id or "").get()
    assert read is not None
    assert read.attendees is not None
    assert read.attendees[0].status is not None
    assert read.attendees[0].status.response is ResponseType.Accepted


async def test_the_sdk_reads_schedules_rooms_and_users(graph: GraphServiceClient) -> None:
    await graph.users.by_user_id(ADA).events.post(_event())
    asked = GetSchedulePostRequestBody(
        schedules=[ADA],
        start_time=_at("2027-03-01T10:00:00"),
        end_time=_at("2027-03-01T12:00:00"),
        availability_view_interval=60,
    )

    schedules = await graph.users.by_user_id(MEGAN).calendar.get_schedule.post(asked)
    rooms = await graph.places.graph_room.get()
    users = await graph.users.get()

    assert schedules is not None
    assert [s.availability_view for s in schedules.value or []] == ["20"]
    assert rooms is not None
    assert all(room.email_address for room in rooms.value or [None])
    assert users is not None
    assert ADA in {user.user_principal_name for user in users.value or []}


async def test_a_token_without_rights_is_refused(graph: GraphServiceClient) -> None:
    with pytest.raises(APIError) as refused:
        await graph.users.by_user_id(ADA).mailbox_settings.get()

    assert refused.value.response_status_code == 403
