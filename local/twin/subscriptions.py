"""The /subscriptions resource: watching a mailbox or a calendar for changes."""

import json
import re
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.twin.caller import Caller
from local.twin.graph.errors import graph_error
from local.twin.watch import Subscription, Subscriptions
from local.twin.world import Person

if TYPE_CHECKING:
    from local.twin.app import Twin

MAX_MINUTES = 10_080
MIN_MINUTES = 45
PER_MAILBOX = 1_000
CLIENT_STATE_LENGTH = 128
QUOTA_WINDOW = timedelta(seconds=20)
KINDS = ("created", "updated", "deleted")
LOOPBACK = ("localhost", "127.0.0.1")

_RESOURCE = re.compile(
    r"/?(?:me|users(?:/(?P<user>[^/()]+)|\('(?P<quoted>[^']+)'\)))"
    r"(?:/calendars(?:/(?P<calendar>[^/()]+)|\('(?P<quoted_calendar>[^']+)'\)))?/events/?",
    re.IGNORECASE,
)


class Unacceptable(Exception):
    """A request that Graph refuses; `code` is Graph's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def subscription_routes(twin: "Twin") -> list[Route]:
    resource = _Resource(twin)
    return [
        Route("/subscriptions", resource.collection, methods=["GET", "POST"]),
        Route("/subscriptions/{id}", resource.item, methods=["GET", "PATCH", "DELETE"]),
        Route("/subscriptions/{id}/reauthorize", resource.reauthorize, methods=["POST"]),
    ]


class _Resource:
    def __init__(self, twin: "Twin") -> None:
        self._twin = twin
        self._asked: dict[tuple[str, str, str], deque[datetime]] = {}

    async def collection(self, request: Request) -> Response:
        try:
            if request.method == "POST":
                self._throttle_writes(request)
                return await self._create(request)
            return self._list(request)
        except Unacceptable as problem:
            return _refusal(problem, request)

    async def item(self, request: Request) -> Response:
        try:
            if request.method != "GET":
                self._throttle_writes(request)
            found = self._own(request)
            if request.method == "PATCH":
                return await self._update(request, found)
        except Unacceptable as problem:
            return _refusal(problem, request)
        if request.method == "DELETE":
            self._store.remove(found.id)
            return Response(status_code=204)
        return JSONResponse(_entity(found))

    async def reauthorize(self, request: Request) -> Response:
        try:
            found = self._own(request)
        except Unacceptable as problem:
            return _refusal(problem, request)
        self._authorize(found)
        return Response(status_code=204)

    def _authorize(self, found: Subscription, **changes: Any) -> Subscription:
        """Both a PATCH and a reauthorize end a pause and start the authorization anew."""
        renewed = replace(found, authorized=self._twin.clock.now(), paused=False, **changes)
        self._store.put(renewed)
        self._twin.notifier.watch(renewed.id)
        return renewed

    @property
    def _store(self) -> Subscriptions:
        return self._twin.notifier.subscriptions

    def _own(self, request: Request) -> Subscription:
        caller: Caller = request.state.caller
        found = self._store.get(request.path_params["id"], self._twin.clock.now())
        if found is None or not _belongs(found, caller):
            raise Unacceptable(404, "ResourceNotFound", "The object was not found.")
        return found

    async def _create(self, request: Request) -> Response:
        caller: Caller = request.state.caller
        wanted = self._wanted(await _body(request), caller, request)
        self._check_room_for(wanted)
        for url in filter(None, (wanted.notification_url, wanted.lifecycle_url)):
            await self._twin.notifier.validate(url)
        self._check_room_for(wanted)  # another request may have come in between
        self._store.put(wanted)
        self._twin.notifier.watch(wanted.id)
        return JSONResponse(_entity(wanted), 201)

    def _wanted(self, body: dict[str, Any], caller: Caller, request: Request) -> Subscription:
        _check_body(body)
        owner, calendar_id = self._target(str(body["resource"]), caller)
        prefer = request.headers.get("prefer", "")
        return Subscription(
            id=str(uuid4()),
            app_id=caller.app_id,
            tenant_id=caller.tenant_id,
            creator_id=caller.user_id or self._principal_id(caller),
            user_id=owner.id,
            calendar_id=calendar_id,
            resource=body["resource"],
            change_type=body["changeType"],
            notification_url=body["notificationUrl"],
            expires=self._expiry(body["expirationDateTime"]),
            authorized=self._twin.clock.now(),
            lifecycle_url=body.get("lifecycleNotificationUrl"),
            client_state=body.get("clientState"),
            immutable_ids=re.search(r'idtype\s*=\s*"?immutableid', prefer, re.IGNORECASE)
            is not None,
            delegated=caller.user_id is not None,
        )

    def _principal_id(self, caller: Caller) -> str:
        app = self._twin.entra.app(caller.app_id)
        return self._twin.entra.install(app, caller.tenant_id).object_id

    def _target(self, resource: str, caller: Caller) -> tuple[Person, str | None]:
        match = _RESOURCE.fullmatch(unquote(resource))
        if match is None:
            raise Unacceptable(
                400,
                "ExtensionError",
                f"Resource '{resource}' is not one the twin can watch: events of a mailbox or of "
                "one of its calendars, without query options.",
            )
        owner = self._owner(match["user"] or match["quoted"], caller)
        calendar_id = match["calendar"] or match["quoted_calendar"]
        if calendar_id and calendar_id not in self._twin.world.mailboxes[owner.id].calendars:
            raise Unacceptable(404, "ResourceNotFound", "The calendar of the resource is unknown.")
        return owner, calendar_id

    def _owner(self, name: str | None, caller: Caller) -> Person:
        if name is None and caller.user_id is None:
            raise Unacceptable(400, "BadRequest", "/me needs the token of a signed-in person.")
        owner = self._twin.world.person(caller.tenant_id, name or str(caller.user_id))
        if owner is None:
            raise Unacceptable(404, "ResourceNotFound", f"Resource '{name}' does not exist.")
        own = caller.user_id in (None, owner.id)
        limited = caller.user_id is None and self._reached_by_role(caller, owner)
        if not limited and not (own and self._may_read(caller)):
            raise Unacceptable(403, "ErrorAccessDenied", "Access is denied. Check credentials.")
        if owner.apps_blocked and caller.user_id is None and not limited:
            raise Unacceptable(403, "ErrorAccessDenied", "Access to OData is disabled.")
        if owner.mailbox == "moving":
            status = self._twin.switches.mailbox_move_status
            raise Unacceptable(status, "ErrorMailboxMoveInProgress", "The mailbox is being moved.")
        if not owner.reachable:
            text = "Operation: Create; Exception: [Status Code: NotFound; Reason: Not Found]"
            raise Unacceptable(404, "ExtensionError", text)
        return owner

    def _reached_by_role(self, caller: Caller, owner: Person) -> bool:
        """By a role in Exchange, where such roles count for subscriptions."""
        if not self._twin.switches.app_roles_permit_subscriptions:
            return False
        delay = timedelta(seconds=self._twin.switches.app_role_delay_seconds)
        now = self._twin.clock.now() - delay
        return self._twin.world.app_roles.reach(caller.app_id, owner, "Calendars.Read", now)

    def _may_read(self, caller: Caller) -> bool:
        """Only unshared calendar permissions count for subscriptions."""
        held = caller.scopes if caller.user_id else caller.roles
        enough = {"Calendars.Read"}
        if self._twin.switches.writes_alone_permit_subscriptions:
            enough.add("Calendars.ReadWrite")
        return not held.isdisjoint(enough)

    def _expiry(self, text: Any) -> datetime:
        now = self._twin.clock.now()
        moment = _moment(text)
        if moment <= now:
            raise Unacceptable(
                400, "InvalidRequest", "expirationDateTime must be a time in the future."
            )
        if moment > now + timedelta(minutes=MAX_MINUTES):
            raise Unacceptable(
                400,
                "ExtensionError",
                f"Subscription expiration can only be {MAX_MINUTES} minutes in the future.",
            )
        return max(moment, now + timedelta(minutes=MIN_MINUTES))

    def _check_room_for(self, wanted: Subscription) -> None:
        there = self._store.of_mailbox(wanted.user_id, self._twin.clock.now())
        same = next((s for s in there if s.watched == wanted.watched), None)
        if same is not None:
            raise Unacceptable(
                409,
                "Conflict",
                f"Subscription Id {same.id} already exists for the requested combination",
            )
        if len(there) >= PER_MAILBOX:
            raise Unacceptable(
                403,
                "Forbidden",
                f"The mailbox has reached its limit of {PER_MAILBOX} subscriptions.",
            )

    async def _update(self, request: Request, found: Subscription) -> Response:
        body = await _body(request)
        if extra := set(body) - {"expirationDateTime", "notificationUrl"}:
            raise Unacceptable(
                400, "InvalidRequest", f"These cannot be changed: {', '.join(sorted(extra))}."
            )
        changes: dict[str, Any] = {}
        if "expirationDateTime" in body:
            changes["expires"] = self._expiry(body["expirationDateTime"])
        if "notificationUrl" in body:
            changes["notification_url"] = _url(body, "notificationUrl")
        if "notificationUrl" in body or self._twin.switches.subscription_patch_validates:
            url = changes.get("notification_url", found.notification_url)
            await self._twin.notifier.validate(url)
        return JSONResponse(_entity(self._authorize(found, **changes)))

    def _list(self, request: Request) -> Response:
        caller: Caller = request.state.caller
        self._throttle(request, "lists", self._twin.switches.subscription_list_limit)
        now = self._twin.clock.now()
        own = [s.shown() for s in self._store.all(now) if _belongs(s, caller)]
        return JSONResponse({"@odata.context": f"{CONTEXT}", "value": own})

    def _throttle_writes(self, request: Request) -> None:
        self._throttle(request, "writes", self._twin.switches.subscription_write_limit)

    def _throttle(self, request: Request, kind: str, limit: int) -> None:
        """Graph's quota of an app in one tenant; refused requests count too."""
        caller: Caller = request.state.caller
        now = self._twin.clock.now()
        asked = self._asked.setdefault((caller.app_id, caller.tenant_id, kind), deque())
        while asked and now - asked[0] >= QUOTA_WINDOW:
            asked.popleft()
        asked.append(now)
        if len(asked) > limit:
            raise Unacceptable(429, "TooManyRequests", f"Too many {kind} of subscriptions.")


CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#subscriptions"


def _entity(subscription: Subscription) -> dict[str, Any]:
    return {"@odata.context": f"{CONTEXT}/$entity", **subscription.shown()}


def _belongs(subscription: Subscription, caller: Caller) -> bool:
    same_app = (subscription.app_id, subscription.tenant_id) == (caller.app_id, caller.tenant_id)
    return same_app and caller.user_id in (None, subscription.creator_id)


def _refusal(problem: Unacceptable, request: Request) -> Response:
    headers = {"Retry-After": "20"} if problem.status == 429 else None
    return graph_error(problem.status, problem.code, str(problem), request, headers)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise Unacceptable(400, "BadRequest", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Unacceptable(400, "BadRequest", "The body is not a JSON object.")
    return body


def _check_body(body: dict[str, Any]) -> None:
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise Unacceptable(400, "InvalidRequest", f"Subscription field '{name}' is required.")
    kinds = [k.strip().lower() for k in body["changeType"].split(",")]
    if any(kind not in KINDS for kind in kinds):
        raise Unacceptable(400, "InvalidRequest", "changeType is created, updated, deleted.")
    if body.get("includeResourceData"):
        raise Unacceptable(501, "NotImplemented", "The twin sends no resource data.")
    if len(body.get("clientState") or "") > CLIENT_STATE_LENGTH:
        raise Unacceptable(
            400, "InvalidRequest", f"clientState is longer than {CLIENT_STATE_LENGTH} characters."
        )
    _url(body, "notificationUrl")
    if body.get("lifecycleNotificationUrl") is not None:
        _url(body, "lifecycleNotificationUrl")


def _url(body: dict[str, Any], name: str) -> str:
    """Graph takes https only; the twin also takes http to this machine."""
    parts = urlsplit(str(body[name]))
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or local)):
        raise Unacceptable(400, "InvalidRequest", f"{name} must be an absolute https URL.")
    return str(body[name])


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_six_digits(str(text)))
    except ValueError as error:
        raise Unacceptable(
            400, "InvalidRequest", "expirationDateTime is not an ISO 8601 time."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _six_digits(text: str) -> str:
    """Graph's own times have seven digits of a second, Python reads six."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)
