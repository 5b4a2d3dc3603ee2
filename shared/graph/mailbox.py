"""One synced calendar at Graph: what can be asked of it and done to it."""

from datetime import datetime
from typing import Any

from kiota_abstractions.request_information import RequestInformation

from shared.calendar.event import Event
from shared.errors import Reconnect, Rejected
from shared.graph.errors import is_nothing, subscription_refused
from shared.graph.mapping import (
    calendar_from_graph,
    instant,
    permissions_from_graph,
    seen_from_graph,
    subscription_from_graph,
)
from shared.graph.route import Route
from shared.graph.seen import CalendarInfo, Kind, Page, Permission, Seen, Subscription
from shared.graph.series_sending import UTC_TIMES, SeriesSender
from shared.graph.series_shown import whole_from_graph
from shared.graph.series_writes import Step
from shared.graph.tag import tag_property, tag_value, transaction_id
from shared.graph.wire import Wire
from shared.graph.writes import PLAIN, Manner, plan
from shared.graph.zone_refusal import in_some_zone
from shared.store.records import Calendar, CalendarKey, Connection, ConnectionKind

PAGE_SIZE = "odata.maxpagesize=200"


class Mailbox:
    """Made anew for each piece of work; costs nothing until asked."""

    def __init__(self, wire: Wire, route: Route, connection: Connection, key: CalendarKey) -> None:
        self._wire = wire
        self._route = route
        self._connection = connection
        self._key = key

    def other(self, calendar: Calendar, connection: Connection) -> "Mailbox":
        """Another calendar's, by the same line."""
        route = Route(self._wire.adapter, calendar.user_id, calendar.graph_calendar)
        return Mailbox(self._wire, route, connection, calendar.key)

    async def delta(self, link: str, window: tuple[datetime, datetime]) -> Page:
        """`link` is "" to start a round over `window`. Raises Resync when the link is dead."""
        request = self._route.delta(*window)
        if link:
            request = self._route.delta_on(self._wire.check_link(link))
        answer = await self._wire.ask(request, self._connection, (UTC_TIMES, PAGE_SIZE))
        found = _present(answer)
        return Page(
            items=tuple(self._seen(item) for item in found.get("value", ())),
            next_link=found.get("@odata.nextLink", ""),
            delta_link=found.get("@odata.deltaLink", ""),
        )

    async def event(self, event_id: str, *, series: bool = False) -> Seen | None:
        """With its tag; a series as a whole. None: the event is gone. `series` where it is known
        to be one saves a request.
        """
        seen = await self._event(event_id, series=series)
        if seen is None:
            await self._check_shared()
        return seen

    async def _check_shared(self) -> None:
        """To be asked before an event counts as gone: of all that is in a calendar which is not
        shared with the account Exchange says that it does not exist. Raises Reconnect.
        """
        if self._connection.kind is ConnectionKind.SERVICE_ACCOUNT:
            await self.default_calendar()

    async def _event(self, event_id: str, *, series: bool) -> Seen | None:
        if series:
            return await self._whole(event_id)
        answer = await self._wire.ask(self._route.event(event_id), self._connection, (UTC_TIMES,))
        seen = None if answer is None else self._seen(answer)
        return await self._whole(event_id) if seen and seen.kind is Kind.MASTER else seen

    async def _whole(self, event_id: str) -> Seen | None:
        answer = await self._wire.ask(self._route.series(event_id), self._connection, (UTC_TIMES,))
        if answer is None:
            return None
        exceptions = list(answer.get("exceptionOccurrences") or ())
        link = answer.get("exceptionOccurrences@odata.nextLink", "")
        while link:
            request = self._route.exceptions_on(self._wire.check_link(link))
            page = _present(await self._wire.ask(request, self._connection, (UTC_TIMES,)))
            exceptions += page.get("value", ())
            link = page.get("@odata.nextLink", "")
        return whole_from_graph(answer | {"exceptionOccurrences": exceptions}, self._key.tenant)

    async def write_step(self, event_id: str, shown: Seen, step: Step, etag: str = "") -> bool:
        """`shown` is the series as it was last read, `etag` its master's. False: it is gone.

        Raises Contended when it is no longer as shown, and Rejected for what Outlook cannot do.
        """
        sender = SeriesSender(self._wire, self._route, self._connection)
        return await sender.send(event_id, shown, step, etag)

    async def find_by_tag(self, appointment: str) -> list[Seen]:
        request = self._route.tagged(tag_value(self._key.tenant, appointment))
        answer = _present(await self._wire.ask(request, self._connection, (UTC_TIMES,)))
        found = [self._seen(item) for item in answer.get("value", ())]
        masters = [one.event_id for one in found if one.kind is Kind.MASTER]
        whole = {one: await self._whole(one) for one in masters}
        return [seen for one in found if (seen := whole.get(one.event_id, one))]

    async def create(
        self, event: Event, appointment: str, version: int = 0, manner: Manner = PLAIN
    ) -> Seen:
        """Tagged. `version` sets a second creation of one appointment apart from a retry. Of a
        series only the rule: its exceptions and cancelled days are steps.
        """
        tenant, calendar = self._key.tenant, self._key.calendar
        body = plan(None, event, manner=manner) | {
            "transactionId": transaction_id(tenant, calendar, appointment, version),
            "singleValueExtendedProperties": [tag_property(tenant, appointment)],
        }
        answer = await in_some_zone(lambda told: self._write(self._route.create(told)), body)
        return whole_from_graph(_present(answer), tenant, appointment)

    async def update(self, event_id: str, patch: dict[str, Any], etag: str = "") -> Seen | None:
        """Raises Contended when the event is no longer at `etag`. None: the event is gone. Of a
        series the answer does not show what it is: `write_step` it, and read it.
        """

        def request(told: dict[str, Any]) -> RequestInformation:
            return self._route.update(event_id, told, etag)

        answer = await in_some_zone(lambda told: self._write(request(told)), patch)
        if answer is None:
            await self._check_shared()
            return None
        return self._seen(answer)

    async def _write(self, request: RequestInformation) -> dict[str, Any] | None:
        return await self._wire.ask(request, self._connection, (UTC_TIMES,))

    async def delete(self, event_id: str) -> bool:
        """False: it was gone before. An organiser's meeting is cancelled by this, with mails."""
        answer = await self._wire.ask(self._route.delete(event_id), self._connection)
        return answer is not None

    async def cancel(self, event_id: str, comment: str = "") -> bool:
        """False: it was gone before. The organiser's to do, of events with attendees."""
        answer = await self._wire.ask(self._route.cancel(event_id, comment), self._connection)
        return answer is not None

    async def subscribe(
        self, notification_url: str, lifecycle_url: str, client_state: str, expires: datetime
    ) -> Subscription:
        """Graph calls both URLs before it answers. Raises Contended when there is one already
        (end what `subscriptions` lists, then ask again) and Rejected(subscription-refused) when
        there will be none: the calendar can be polled.
        """
        body = {
            "changeType": "created,updated,deleted",
            "resource": self._route.resource,
            "notificationUrl": notification_url,
            "lifecycleNotificationUrl": lifecycle_url,
            "clientState": client_state,
            "expirationDateTime": instant(expires),
        }
        try:
            answer = await self._wire.ask(self._route.subscribe(body), self._connection)
        except Rejected as error:
            raise subscription_refused(error) from error
        except Reconnect as error:
            if error.cause != "access-denied":
                raise
            # A quota is told by 403 as well; whether the mailbox is closed to us, a read shows.
            raise subscription_refused(error) from error
        return subscription_from_graph(_present(answer))

    async def renew(self, subscription: str, expires: datetime) -> Subscription | None:
        """None: it is gone, and a new one is due."""
        request = self._route.renew(subscription, {"expirationDateTime": instant(expires)})
        answer = await self._wire.ask(request, self._connection, missing=is_nothing)
        return None if answer is None else subscription_from_graph(answer)

    async def unsubscribe(self, subscription: str) -> None:
        request = self._route.unsubscribe(subscription)
        await self._wire.ask(request, self._connection, missing=is_nothing)

    async def subscriptions(self) -> list[Subscription]:
        """On this calendar, by this app. Rare: Graph allows 25 such lists in 20 seconds."""
        request = self._route.subscriptions()
        found: list[Subscription] = []
        while request:
            answer = _present(await self._wire.ask(request, self._connection))
            found += [subscription_from_graph(item) for item in answer.get("value", ())]
            link = answer.get("@odata.nextLink", "")
            request = self._route.subscriptions_on(self._wire.check_link(link)) if link else None
        return [one for one in found if _same_resource(one.resource, self._route.resource)]

    async def default_calendar(self) -> CalendarInfo:
        """The calendar synced here; asking for it also proves that the mailbox is one."""
        answer = await self._wire.ask(self._route.calendar(), self._connection)
        return calendar_from_graph(_present(answer))

    async def free_busy(self, address: str, span: tuple[datetime, datetime]) -> bool:
        """Whether Exchange tells when the owner of the address is busy. A person may ask that
        of colleagues, but in their own mailbox's name.
        """
        own = self._connection.user_id
        route = Route(self._wire.adapter, own) if own else self._route
        answer = await self._wire.ask(route.schedule([address], *span), self._connection)
        found: list[dict[str, Any]] = _present(answer).get("value", [])
        return any("error" not in one for one in found)

    async def permissions(self) -> list[Permission]:
        """The owner's list: asked for by anybody else's grant, it comes empty."""
        request = self._route.permissions()
        found: list[Permission] = []
        while request:
            answer = _present(await self._wire.ask(request, self._connection))
            found += permissions_from_graph(answer.get("value", ()))
            link = answer.get("@odata.nextLink", "")
            request = self._route.permissions_on(self._wire.check_link(link)) if link else None
        return found

    def _seen(self, item: dict[str, Any], tag: str = "") -> Seen:
        return seen_from_graph(item, self._key.tenant, tag)


def _present(answer: dict[str, Any] | None) -> dict[str, Any]:
    """A missing item where only a whole mailbox or calendar can be missing."""
    if answer is None:
        raise Reconnect("mailbox-missing")
    return answer


def _same_resource(one: str, other: str) -> bool:
    return one.strip("/").lower() == other.strip("/").lower()
