# pyright: reportMissingTypeStubs=false
"""A tenant's directory: whose mailboxes there are, a page at a time, and twenty looks at once.

Requests are made by hand: the SDK has no builder for a batch, and those for users and groups take
longer to import than all that is asked here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from shared.errors import CalbridgeError, Reconnect, Resync, Unavailable
from shared.graph.errors import (
    PATIENCE,
    UnexpectedAnswer,
    code_of,
    is_nothing,
    translate,
)
from shared.graph.route import ACCOUNT
from shared.graph.wire import Wire
from shared.settings import Settings
from shared.store.records import Connection

MOST_IN_BATCH = 20
PROFILE = ",".join(ACCOUNT)
# What makes delta tell of a person again: whether they are there, and what they are called.
WATCHED = "id,userPrincipalName,mail,displayName,accountEnabled,userType,assignedLicenses"
PAGE = 200
DENIED = "directory-denied"
# A search in addresses is one of Entra's advanced queries; whether members by kind are is told in
# two ways.
ADVANCED = "$count=true"
EVENTUAL = ("ConsistencyLevel", "eventual")


@dataclass(frozen=True, slots=True)
class People:
    """One page of Entra object ids: `gone` were deleted, `off` may not sign in. At most one of the
    links is set; a listing ends without any.
    """

    ids: tuple[str, ...]
    gone: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    next_link: str = ""
    delta_link: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One part of a batch: `body` is None where `error` says what came instead."""

    body: dict[str, Any] | None
    code: str = ""
    error: CalbridgeError | None = None


class Directory:
    """Everything here raises TryAgain, or Reconnect where a person must act."""

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self._base = settings.graph_url
        self._wire = wire

    async def everybody(self, connection: Connection, link: str = "") -> People:
        """By delta. Raises Resync when the link is dead."""
        path = f"{self._base}/users/delta?$select={WATCHED}"
        found = await self._page(connection, link or path, PAGE)
        if found is None:
            raise Resync("the directory's delta link is not known any more")
        return _people(found)

    async def members(self, connection: Connection, group: str, link: str = "") -> People | None:
        """Of a group, and of the groups in it. None: there is no such group."""
        kind = "microsoft.graph.user"
        path = f"{self._base}/groups/{quote(group, safe='')}/transitiveMembers/{kind}"
        query = f"$select=id,accountEnabled&{ADVANCED}&$top={PAGE}"
        found = await self._page(connection, link or f"{path}?{query}")
        return None if found is None else _people(found)

    async def _page(
        self, connection: Connection, url: str, size: int = 0
    ) -> dict[str, Any] | None:
        request = RequestInformation(Method.GET)
        request.url = self._wire.check_link(url)
        request.headers.add("Accept", "application/json")
        if ADVANCED in url:
            request.headers.add(*EVENTUAL)
        prefer = (f"odata.maxpagesize={size}",) if size else ()
        try:
            return await self._wire.ask(request, connection, prefer, missing=is_nothing)
        except Reconnect as error:
            raise Reconnect(
                DENIED if error.cause == "access-denied" else error.cause, error.trace
            ) from error

    async def profiles(self, connection: Connection, names: Sequence[str]) -> dict[str, Answer]:
        """By name: an Entra object id or a user principal name."""
        urls = {one: f"/users/{quote(one, safe='@')}?$select={PROFILE}" for one in names}
        return await self._batch(connection, urls)

    async def named(self, connection: Connection, addresses: Sequence[str]) -> dict[str, Answer]:
        """People by any of their addresses, as lists of at most two."""
        return await self._batch(connection, {one: _search(one) for one in addresses})

    async def calendars(self, connection: Connection, users: Sequence[str]) -> dict[str, Answer]:
        urls = {user: f"/users/{user}/calendar?$select=id" for user in users}
        return await self._batch(connection, urls)

    async def purposes(self, connection: Connection, users: Sequence[str]) -> dict[str, Answer]:
        """What each mailbox is for, in `value`."""
        urls = {user: f"/users/{user}/mailboxSettings/userPurpose" for user in users}
        return await self._batch(connection, urls)

    async def _batch(self, connection: Connection, urls: Mapping[str, str]) -> dict[str, Answer]:
        """Graph runs four parts of a batch at a time (Graph: "Combine multiple requests")."""
        if not urls:
            return {}
        names = list(urls)
        parts = [
            {"id": str(n), "method": "GET", "url": urls[one], "headers": _headers_of(urls[one])}
            for n, one in enumerate(names)
        ]
        request = RequestInformation(Method.POST)
        request.url = f"{self._base}/$batch"
        request.headers.add("Content-Type", "application/json")
        request.headers.add("Accept", "application/json")
        request.content = json.dumps({"requests": parts}).encode()
        found = await self._wire.ask(request, connection) or {}
        answers = {str(part.get("id")): _answer(part) for part in found.get("responses", ())}
        lost = Answer(None, error=Unavailable(PATIENCE, "a part of a batch has no answer"))
        return {one: answers.get(str(n), lost) for n, one in enumerate(names)}


def _search(address: str) -> str:
    told = address.replace("'", "''")
    test = f"proxyAddresses/any(p:p eq 'smtp:{told}') or mail eq '{told}'"
    return f"/users?$filter={quote(test)}&$count=true&$top=2&$select={PROFILE}"


def _headers_of(url: str) -> dict[str, str]:
    return dict([EVENTUAL]) if ADVANCED in url else {}


def _people(found: Mapping[str, Any]) -> People:
    items = cast("list[dict[str, Any]]", found.get("value", []))
    return People(
        ids=tuple(item["id"] for item in items if "@removed" not in item),
        gone=tuple(item["id"] for item in items if "@removed" in item),
        off=tuple(item["id"] for item in items if item.get("accountEnabled") is False),
        next_link=found.get("@odata.nextLink", ""),
        delta_link=found.get("@odata.deltaLink", ""),
    )


def _answer(part: Mapping[str, Any]) -> Answer:
    """Read as if it had come by itself."""
    headers = cast("dict[str, str]", part.get("headers") or {})
    response = httpx.Response(int(part["status"]), headers=headers, json=part.get("body"))
    if response.is_success:
        return Answer(part.get("body") or {})
    error = translate(response, write=False)
    if isinstance(error, UnexpectedAnswer):
        error = Unavailable(PATIENCE, "a part of a batch was answered oddly")
    return Answer(None, code_of(response), error)
