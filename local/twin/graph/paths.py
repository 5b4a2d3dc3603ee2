"""Which request is answered by what: a table of paths, and who it is about."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from local.twin.caller import Caller
from local.twin.faults import Switches
from local.twin.graph.errors import common_headers
from local.twin.graph.preferences import View
from local.twin.graph.sharing import share_of
from local.twin.problem import GraphProblem, bad_request
from local.twin.world import Calendar, Mailbox, Person

if TYPE_CHECKING:
    from local.twin.app import Twin


@dataclass(slots=True)
class Call:
    """One request, with what its path named."""

    twin: "Twin"
    request: Request
    caller: Caller
    names: dict[str, str]

    @property
    def cause(self) -> str:
        return f"app {self.caller.app_id}"

    @property
    def base(self) -> str:
        """Where links point to: this server, up to the version."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}/v1.0"

    def person(self) -> Person:
        """The user whom the path names. Raises GraphProblem."""
        key = self.names.get("user")
        if key is None:
            return self._signed_in()
        found = self.twin.world.person(self.caller.tenant_id, key)
        by_mail = found is not None and key.lower() not in (found.id, found.upn.lower())
        if found is None or (by_mail and not self.twin.switches.mail_names_users):
            raise unknown_user(key)
        return found

    def owner(self, permission: str) -> tuple[Person, Mailbox]:
        """The user's mailbox. Raises GraphProblem when it may not or cannot be opened."""
        person = self.person()
        mailbox = self.twin.world.mailboxes[person.id]
        if self.caller.user_id is None:
            self._check_app(person, permission)
        else:
            self._check_delegate(person, mailbox, permission)
        if not person.reachable:
            raise no_mailbox(person, self.twin.switches)
        return person, mailbox

    def _check_app(self, person: Person, permission: str) -> None:
        """Entra's grants and Exchange's roles add up; a policy limits only the former."""
        now = self.twin.clock.now() - timedelta(seconds=self.twin.switches.app_role_delay_seconds)
        if self.twin.world.app_roles.reach(self.caller.app_id, person, permission, now):
            return
        if not self.caller.has(permission):
            raise denied()
        if person.apps_blocked and person.reachable:
            raise GraphProblem(403, "ErrorAccessDenied", "Access to OData is disabled.")

    def _check_delegate(self, person: Person, mailbox: Mailbox, permission: str) -> None:
        """In a mailbox of somebody else the owner's word counts, where a calendar is opened."""
        if not self.caller.may(person.id, permission):
            raise denied()
        if self.caller.user_id == person.id or not permission.startswith("Calendars."):
            return
        if not self.twin.switches.sharing_is_checked or "calendars" in self.names:
            return
        rights = share_of(self.twin.world, str(self.caller.user_id), self._opened(mailbox))
        if rights is None:
            status = self.twin.switches.unshared_calendar_status
            code = "ErrorItemNotFound" if status == 404 else "ErrorAccessDenied"
            raise GraphProblem(status, code, "The calendar is not shared with the user.")
        if permission.startswith("Calendars.ReadWrite") and rights == "read":
            raise denied()

    def _opened(self, mailbox: Mailbox) -> Calendar:
        event = mailbox.find(self.names["event"]) if "event" in self.names else None
        home = mailbox.calendars.get(event.calendar_id) if event else None
        return home or self.calendar(mailbox)

    def calendar(self, mailbox: Mailbox) -> Calendar:
        """The calendar that the path names, else the default one."""
        wanted = self.names.get("calendar")
        if wanted is None:
            return mailbox.default_calendar
        found = mailbox.calendars.get(wanted)
        if found is None:
            raise GraphProblem(
                404,
                "ErrorItemNotFound",
                "The specified object was not found in the store., The process failed to get "
                "the correct properties.",
            )
        return found

    async def json(self) -> Any:
        try:
            return await self.request.json()
        except ValueError:
            raise bad_request("Unable to read JSON request payload.", "BadRequest") from None

    async def optional_json(self) -> dict[str, Any]:
        if not await self.request.body():
            return {}
        data = await self.json()
        if not isinstance(data, dict):
            raise bad_request("Unable to read JSON request payload.", "BadRequest")
        return {name.lower(): value for name, value in data.items()}

    def headers(self, view: View | None = None, *more: str) -> dict[str, str]:
        headers = common_headers(self.request)
        applied = (*(view.applied if view else ()), *more)
        return {**headers, "Preference-Applied": ", ".join(applied)} if applied else headers

    def _signed_in(self) -> Person:
        if self.caller.user_id is None:
            raise bad_request(
                "/me request is only valid with delegated authentication flow.", "BadRequest"
            )
        found = self.twin.world.people.get(self.caller.user_id)
        if found is None:
            raise unknown_user(self.caller.user_id)
        return found


Answer = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Entry:
    method: str
    pattern: re.Pattern[str]
    answer: Answer


def entry(method: str, path: str, answer: Answer) -> Entry:
    """In a path {name} is one segment; `~` is /me or /users/{user}; literals in any case."""
    whole = path.replace("~", "(?:me|users/{user})", 1)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", whole.replace("$", r"\$"))
    return Entry(method, re.compile(f"^/{pattern}/?$", re.IGNORECASE), answer)


def find(table: list[Entry], method: str, path: str) -> tuple[Answer, dict[str, str]]:
    """Raises GraphProblem: 405 when only the method is wrong, 404 else."""
    other_method = False
    for one in table:
        if found := one.pattern.match(path):
            if one.method == method:
                return one.answer, {k: v for k, v in found.groupdict().items() if v}
            other_method = True
    if other_method:
        raise GraphProblem(
            405, "BadRequest", "Specified HTTP method is not allowed for the request target."
        )
    segment = path.strip("/").rpartition("/")[2]
    raise bad_request(f"Resource not found for the segment '{segment}'.", "BadRequest")


def plain_path(path: str) -> str:
    """One spelling: users('id') is users/id, graph.room is microsoft.graph.room."""
    path = re.sub(r"/(\w+)\('([^'/]*)'\)", r"/\1/\2", path.removesuffix("()"))
    return re.sub(r"/(?:microsoft\.)?graph\.(?=\w)", "/microsoft.graph.", path)


def denied() -> GraphProblem:
    return GraphProblem(
        403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
    )


def unknown_user(key: str) -> GraphProblem:
    return GraphProblem(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are "
        "not present.",
    )


def no_mailbox(person: Person, switches: Switches) -> GraphProblem:
    if person.mailbox == "moving" and person.licensed:
        return GraphProblem(
            switches.mailbox_move_status,
            "ErrorMailboxMoveInProgress",
            "The mailbox is being moved. Try again later.",
            {"Retry-After": "300"},
        )
    return GraphProblem(
        404,
        switches.no_mailbox_code,
        "REST API is not yet supported for this mailbox."
        if person.mailbox == "none"
        else "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )
