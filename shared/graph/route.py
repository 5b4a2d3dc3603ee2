# pyright: reportMissingTypeStubs=false
"""Requests to one calendar, built by the SDK and not yet sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_adapter import RequestAdapter
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.event import Event as EventModel
from msgraph.generated.models.subscription import Subscription as SubscriptionModel
from msgraph.generated.subscriptions.subscriptions_request_builder import (
    SubscriptionsRequestBuilder,
)
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
    GetSchedulePostRequestBody,
)
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import (
    CancelPostRequestBody,
)
from msgraph.generated.users.item.events.item.event_item_request_builder import (
    EventItemRequestBuilder,
)
from msgraph.generated.users.item.events.item.instances.instances_request_builder import (
    InstancesRequestBuilder,
)
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

from shared.graph.mapping import instant
from shared.graph.series_shown import SELECT
from shared.graph.tag import TAG_ID, tag_filter

TAG = f"singleValueExtendedProperties($filter=id eq '{TAG_ID}')"
INSTANCES = 50
"""Occurrences around one day: a series has one a day."""
PERSON = ["id", "mail", "userPrincipalName", "displayName", "proxyAddresses"]
ACCOUNT = [
    *PERSON,
    "accountEnabled",
    "userType",
    "assignedLicenses",
    "assignedPlans",
    "onPremisesSyncEnabled",
]


class Route:
    """`calendar` is "" for the mailbox's default one. Bodies are Graph's JSON."""

    def __init__(self, adapter: RequestAdapter, user: str, calendar: str = "") -> None:
        self._adapter = adapter
        self._user = UserItemRequestBuilder(adapter, {"user%2Did": user})
        self._calendar = self._user.calendars.by_calendar_id(calendar) if calendar else None
        self.resource = f"/users/{user}{f'/calendars/{calendar}' if calendar else ''}/events"

    def profile(self, *, basic: bool = False) -> RequestInformation:
        """`basic`: what User.ReadBasic.All shows."""
        wanted = [one for one in PERSON if not (basic and one == "proxyAddresses")]
        query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=wanted)
        return self._user.to_get_request_information(RequestConfiguration(query_parameters=query))

    def account(self) -> RequestInformation:
        query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=ACCOUNT)
        return self._user.to_get_request_information(RequestConfiguration(query_parameters=query))

    def mailbox_settings(self) -> RequestInformation:
        return self._user.mailbox_settings.to_get_request_information()

    def calendar(self) -> RequestInformation:
        if self._calendar:
            return self._calendar.to_get_request_information()
        return self._user.calendar.to_get_request_information()

    def schedule(
        self, addresses: Sequence[str], start: datetime, end: datetime
    ) -> RequestInformation:
        body = GetSchedulePostRequestBody(
            additional_data={
                "schedules": list(addresses),
                "startTime": {"dateTime": instant(start).rstrip("Z"), "timeZone": "UTC"},
                "endTime": {"dateTime": instant(end).rstrip("Z"), "timeZone": "UTC"},
            }
        )
        return self._user.calendar.get_schedule.to_post_request_information(body)

    def permissions(self) -> RequestInformation:
        if self._calendar:
            return self._calendar.calendar_permissions.to_get_request_information()
        return self._user.calendar.calendar_permissions.to_get_request_information()

    def permissions_on(self, link: str) -> RequestInformation:
        permissions = self._user.calendar.calendar_permissions
        return permissions.with_url(link).to_get_request_information()

    def delta(self, start: datetime, end: datetime) -> RequestInformation:
        view = (self._calendar or self._user).calendar_view
        query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
            start_date_time=start.isoformat(), end_date_time=end.isoformat()
        )
        return view.delta.to_get_request_information(RequestConfiguration(query_parameters=query))  # pyright: ignore[reportArgumentType] - the SDK types a generic too narrowly

    def delta_on(self, link: str) -> RequestInformation:
        return self._user.calendar_view.delta.with_url(link).to_get_request_information()

    def event(self, event_id: str) -> RequestInformation:
        query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(expand=[TAG])
        return self._event(event_id).to_get_request_information(
            RequestConfiguration(query_parameters=query)
        )

    def series(self, event_id: str) -> RequestInformation:
        query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(
            select=list(SELECT), expand=["exceptionOccurrences", TAG]
        )
        return self._event(event_id).to_get_request_information(
            RequestConfiguration(query_parameters=query)
        )

    def exceptions_on(self, link: str) -> RequestInformation:
        return self._user.events.with_url(link).to_get_request_information()

    def instances(self, event_id: str, start: datetime, end: datetime) -> RequestInformation:
        query = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters(
            start_date_time=instant(start),
            end_date_time=instant(end),
            select=["id", "type", "originalStart", "originalStartTimeZone", "start"],
            top=INSTANCES,
        )
        return self._event(event_id).instances.to_get_request_information(
            RequestConfiguration(query_parameters=query)  # pyright: ignore[reportArgumentType] - the SDK types a generic too narrowly
        )

    def tagged(self, value: str) -> RequestInformation:
        query = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
            filter=tag_filter(value), expand=[TAG]
        )
        events = (self._calendar or self._user).events
        return events.to_get_request_information(RequestConfiguration(query_parameters=query))  # pyright: ignore[reportArgumentType] - the SDK types a generic too narrowly

    def create(self, body: dict[str, Any]) -> RequestInformation:
        events = (self._calendar or self._user).events
        return events.to_post_request_information(EventModel(additional_data=body))

    def update(self, event_id: str, body: dict[str, Any], etag: str) -> RequestInformation:
        request = self._event(event_id).to_patch_request_information(
            EventModel(additional_data=body)
        )
        if etag:
            request.headers.add("If-Match", etag)
        return request

    def delete(self, event_id: str) -> RequestInformation:
        return self._event(event_id).to_delete_request_information()

    def cancel(self, event_id: str, comment: str) -> RequestInformation:
        body = CancelPostRequestBody(comment=comment or None)
        return self._event(event_id).cancel.to_post_request_information(body)

    def subscribe(self, body: dict[str, Any]) -> RequestInformation:
        model = SubscriptionModel(additional_data=body)
        return self._subscriptions.to_post_request_information(model)

    def renew(self, subscription: str, body: dict[str, Any]) -> RequestInformation:
        item = self._subscriptions.by_subscription_id(subscription)
        return item.to_patch_request_information(SubscriptionModel(additional_data=body))

    def unsubscribe(self, subscription: str) -> RequestInformation:
        item = self._subscriptions.by_subscription_id(subscription)
        return item.to_delete_request_information()

    def subscriptions(self) -> RequestInformation:
        return self._subscriptions.to_get_request_information()

    def subscriptions_on(self, link: str) -> RequestInformation:
        return self._subscriptions.with_url(link).to_get_request_information()

    def _event(self, event_id: str) -> EventItemRequestBuilder:
        # An event is the mailbox's, whichever calendar it lies in.
        return self._user.events.by_event_id(event_id)

    @property
    def _subscriptions(self) -> SubscriptionsRequestBuilder:
        return SubscriptionsRequestBuilder(self._adapter, {})
