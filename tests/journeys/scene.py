"""What a story needs: the clients, and customers of the host app with people in Outlook."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pytest

from shared.changes.signing import verified
from shared.errors import Contended
from shared.settings import Secret
from shared.store.records import Calendar, CalendarKey, Due, DueKind
from shared.store.tables import TableStore
from tests.stack import KEY, Stack
from tests.twin.entra.browser import Browser
from tests.unit.changes.receiver import Receiver, always, receiving

T = TypeVar("T")

PATIENCE = 30.0
# Seconds. A look costs the app more CPU time than most of what is waited for.
LOOK_EVERY = 0.15
ASK_EVERY = 1.0
ASKED_FOR = 5
LONG_AGO = timedelta(minutes=5)
# Far enough from now that no test runs into it, near enough for every window.
DAY = (datetime.now(UTC) + timedelta(days=7)).date()

_numbers = itertools.count(1)


async def eventually(look: Callable[[], Awaitable[T]], what: str, seconds: float = PATIENCE) -> T:
    """What `look` gives as soon as it is true; fails when it never is."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not (seen := await look()):
        if loop.time() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(LOOK_EVERY)
    return seen


def at(hour: int, minute: int = 0, zone: str = "UTC") -> dict[str, str]:
    """A time of the story's day, as our API has it."""
    return {"date_time": f"{DAY}T{hour:02}:{minute:02}:00", "time_zone": zone}


def graph_at(hour: int, minute: int = 0) -> dict[str, str]:
    """The same as Graph has it."""
    return {"dateTime": f"{DAY}T{hour:02}:{minute:02}:00", "timeZone": "UTC"}


@dataclass
class HostApp:
    """The product that uses Calbridge: receives signed deliveries and keeps them in order."""

    receiver: Receiver
    secret: str = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything received; fails if any signature is wrong."""
        for got in self.receiver.got:
            assert verified(Secret(self.secret), got.headers, got.body)
        return [got.event for got in self.receiver.got]

    def about(self, appointment: str, kind: str = "") -> list[dict[str, Any]]:
        return [
            event
            for event in self.events
            if event["subject"] == appointment and event["type"].endswith(kind)
        ]

    async def hears(self, appointment: str, kind: str) -> dict[str, Any]:
        """The first change of that kind about the appointment."""

        async def look() -> list[dict[str, Any]]:
            return self.about(appointment, kind)

        return (await eventually(look, f"{kind} of {appointment} delivered"))[0]

    async def hears_of(self, subject: str) -> dict[str, Any]:
        """The newest change that shows an appointment with this subject."""

        async def look() -> list[dict[str, Any]]:
            return [
                event
                for event in self.events
                if event["data"].get("appointment", {}).get("subject") == subject
            ]

        return (await eventually(look, f"{subject!r} delivered"))[-1]


@dataclass
class Customer:
    """One organisation on both sides; people are named by the part before the @."""

    scene: "Scene"
    name: str
    entra: str
    people: dict[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return f"{self.name}.example"

    def address(self, who: str) -> str:
        return f"{who}@{self.domain}"

    # The host app's side.

    async def api(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        return await self.scene.api.request(method, f"/tenants/{self.name}{path}", **options)

    async def put(self, appointment: str, who: str, /, *, wait: float = 0, **fields: Any) -> Any:
        """An hour at nine, unless other fields are given."""
        body = {"subject": appointment, "start": at(9), "end": at(10)} | fields
        return await self.api(
            "PUT",
            f"/appointments/{appointment}",
            params={"wait": wait},
            json={"mailbox": self.address(who)} | body,
        )

    async def settled(self, appointment: str, who: str, /, **fields: Any) -> dict[str, Any]:
        """Put, and in Outlook."""
        answer = await self.put(appointment, who, wait=20, **fields)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()["appointment"]

    async def patch(self, appointment: str, **fields: Any) -> Any:
        return await self.api("PATCH", f"/appointments/{appointment}", json=fields)

    async def get(self, appointment: str) -> Any:
        answer = await self.api("GET", f"/appointments/{appointment}")
        return answer.json() if answer.is_success else None

    async def appointments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            params = {"after": after, "limit": 1000}
            page = (await self.api("GET", "/appointments", params=params)).json()
            found += page["appointments"]
            after = page["next"]
            if not after:
                return found

    async def changes(self) -> list[dict[str, Any]]:
        """The whole log; fails if its numbers have a gap."""
        found: list[dict[str, Any]] = []
        while True:
            page = (await self.api("GET", "/changes", params={"after": len(found)})).json()
            found += page["changes"]
            if not page["changes"]:
                break
        numbers = [int(change["sequence"]) for change in found]
        assert numbers == list(range(1, len(found) + 1))
        return found

    async def change(self, subject: str, kind: str) -> dict[str, Any]:
        """The first of that kind about the appointment in the log, of which each look reads on."""
        read: list[dict[str, Any]] = []

        async def look() -> list[dict[str, Any]]:
            params = {"after": len(read), "wait": ASKED_FOR}
            read.extend((await self.api("GET", "/changes", params=params)).json()["changes"])
            assert [int(one["sequence"]) for one in read] == list(range(1, len(read) + 1))
            return [c for c in read if c["subject"] == subject and c["type"].endswith(kind)]

        return (await eventually(look, f"{kind} of {subject} in the log"))[0]

    async def calendar(self, who: str) -> Any:
        return (await self.api("GET", f"/calendars/{self.people[who]}")).json()

    async def in_state(self, who: str, state: str) -> Any:
        async def look() -> Any:
            found = await self.calendar(who)
            return found if found.get("state") == state else None

        look = self._when_it_moved(who, lambda calendar: calendar.state, look)
        return await eventually(look, f"{who}'s calendar is {state}")

    async def in_round_after(self, who: str, last_round: str) -> None:
        async def look() -> bool:
            return (await self.calendar(who))["last_round"] > last_round

        look = self._when_it_moved(who, lambda calendar: calendar.last_round, look)
        await eventually(look, f"another round of {who}'s calendar")

    def _when_it_moved(
        self, who: str, of: Callable[[Calendar], Any], look: Callable[[], Awaitable[T]]
    ) -> Callable[[], Awaitable[T | None]]:
        """Looks where the calendar's row shows another state than before, and once a second: to
        ask the API costs seven reads of the store, and the row is one of them.
        """
        time, key = asyncio.get_running_loop().time, CalendarKey(self.name, self.people[who])
        before, next_look = None, 0.0

        async def looked() -> T | None:
            nonlocal before, next_look
            row = await self.scene.store.calendar(key)
            now = of(row) if row else None
            if now == before and time() < next_look:
                return None
            before, next_look = now, time() + ASK_EVERY
            return await look()

        return looked

    @asynccontextmanager
    async def host_app(self) -> AsyncIterator[HostApp]:
        async with receiving(always(204)) as receiver:
            answer = await self.api("POST", "/webhook-endpoints", json={"url": receiver.url})
            assert answer.status_code == 201, answer.text
            yield HostApp(receiver, answer.json()["secret"])
            await self.api("DELETE", f"/webhook-endpoints/{answer.json()['id']}")

    # Outlook's side.

    async def outlook(self, method: str, who: str, path: str = "", **options: Any) -> Any:
        place = f"/people/{self.address(who)}/events{path}"
        answer = await self.scene.twin.request(method, place, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def events(self, who: str, subject: str = "") -> list[dict[str, Any]]:
        found = (await self.outlook("GET", who))["value"]
        return [event for event in found if subject in {"", event["subject"]}]

    async def books(self, who: str, subject: str, /, **fields: Any) -> dict[str, Any]:
        """A person makes an event in Outlook, an hour at nine unless told otherwise."""
        event = {"subject": subject, "start": graph_at(9), "end": graph_at(10)} | fields
        return await self.outlook("POST", who, json=event)

    async def edits(self, who: str, shown: str, /, **fields: Any) -> dict[str, Any]:
        return await self.outlook("PATCH", who, await self._path(who, shown), json=fields)

    async def deletes(self, who: str, subject: str) -> None:
        await self.outlook("DELETE", who, await self._path(who, subject))

    async def responds(self, who: str, subject: str, kind: str) -> None:
        path = await self._path(who, subject)
        await self.outlook("POST", who, f"{path}/respond", json={"kind": kind})

    async def _path(self, who: str, subject: str) -> str:
        (event,) = await self.shows(who, subject)
        return f"/{quote(event['id'], safe='')}"

    async def shows(self, who: str, subject: str) -> list[dict[str, Any]]:
        """Waits for events of this subject in the person's calendar."""
        return await eventually(
            lambda: self.events(who, subject), f"{subject!r} in {who}'s Outlook"
        )

    async def shows_no(self, who: str, subject: str) -> None:
        async def look() -> bool:
            return not await self.events(who, subject)

        await eventually(look, f"{subject!r} gone from {who}'s Outlook")

    async def mails(self) -> list[dict[str, Any]]:
        sent = (await self.scene.twin.get("/outbox")).json()["value"]
        return [mail for mail in sent if mail["from"].endswith(f"@{self.domain}")]

    async def fault(self, action: dict[str, Any], path: str, method: str, **more: Any) -> None:
        match = {"tenant": self.entra, "path": path, "method": method}
        await self.scene.control("POST", "/faults", {"match": match, "action": action, **more})

    async def lose_notifications(self, who: str) -> None:
        rule = {"kind": "lose", "times": None, "user": self.address(who)}
        await self.scene.control("POST", "/notification-faults", rule)

    async def idle(self) -> None:
        """Nothing is left to be told, done or written for any of the calendars."""

        async def look() -> bool:
            if not (await self.scene.twin.get("/idle", params={"timeout": 5})).json()["idle"]:
                return False
            return not await self.scene.has_work(self)

        await eventually(look, "everything came to rest")


@dataclass
class Scene:
    stack: Stack
    api: httpx.AsyncClient
    twin: httpx.AsyncClient
    admin: httpx.AsyncClient
    store: TableStore

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.twin.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def run(self, function: str, message: str = "") -> None:
        """Runs a timer or queue function by hand, and waits for its end."""
        answer = await self.admin.post(
            f"/admin/functions/{function}", params={"wait": "1"}, json={"input": message}
        )
        assert answer.is_success, answer.text

    async def customer(self, *people: str, policy: Any = None, **tenant: Any) -> Customer:
        """A tenant on both sides, and nothing connected yet. `root` is its administrator."""
        name = f"customer{next(_numbers)}"
        made = await self.control("POST", "/tenants", {"domain": f"{name}.example", **tenant})
        customer = Customer(self, name, made["id"])
        for who in ("root", *people):
            person = {
                "upn": customer.address(who),
                "tenant": made["id"],
                "is_admin": who == "root",
            }
            customer.people[who] = (await self.control("POST", "/people", person))["id"]
        answer = await self.api.put(
            f"/tenants/{name}", json={"name": name, "policy": policy or {}}
        )
        assert answer.status_code == 201, answer.text
        return customer

    async def connect(self, *people: str, policy: Any = None) -> Customer:
        """A customer whose administrator consented, and these people's mailboxes connected."""
        return await self.join(await self.customer(*people, policy=policy), *people)

    async def join(self, customer: Customer, *people: str) -> Customer:
        link = await self.consent_link(customer, "organisation")
        page = await self.consent(link["url"], customer.address("root"))
        assert page.status_code == 200, page.text
        for who in people:
            body = {"mailbox": customer.address(who)}
            answer = await customer.api("POST", "/calendars", json=body)
            assert answer.status_code == 202, answer.text
        for who in people:
            await customer.in_state(who, "active")
        return customer

    async def consent_link(self, customer: Customer, kind: str, **more: Any) -> Any:
        answer = await customer.api("POST", "/consent-links", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def consent(
        self, url: str, account: str, *, accept: bool = True, leave: str = "nowhere"
    ) -> httpx.Response:
        """A person follows the link to its end: Entra's pages in between, ours at last, or the
        redirect to a URL that begins with `leave`.
        """
        return await asyncio.to_thread(self._walk, url, account, accept, leave)

    def _walk(self, url: str, account: str, accept: bool, leave: str) -> httpx.Response:
        with self.browser() as client:
            browser = Browser(client).open(url)
            while True:
                if browser.page.headers.get("location", "").startswith(leave):
                    return browser.page
                if browser.page.is_redirect:
                    browser.open(browser.page.headers["location"])
                elif browser.has("choices"):
                    browser.begin()
                elif browser.has("accounts"):
                    browser.press("next", account=account)
                elif browser.has("accept"):
                    browser.press("accept" if accept else "cancel")
                else:
                    return browser.page

    def browser(self) -> httpx.Client:
        """Keeps cookies and follows nothing by itself."""
        return httpx.Client(verify=self.stack.trust, timeout=PATIENCE)

    async def has_work(self, customer: Customer) -> bool:
        """By the store itself: marks, pending changes or a log not yet relayed."""
        for calendar in await self.store.calendars(customer.name):
            key = calendar.key
            if (
                await self.store.marked(key)
                or await self.store.pendings(key, limit=1)
                or await self.store.outbox(key, limit=1)
            ):
                return True
        return False

    async def let_time_pass(self, customer: Customer) -> None:
        """What the due index holds of the customer for later is due now: minutes cost none."""
        now = datetime.now(UTC)
        for calendar in await self.store.calendars(customer.name):
            if calendar.poll_due:
                await self._poll_is_due(calendar.key, now)
        for kind in (DueKind.POLL, DueKind.WORK, DueKind.DELIVER, DueKind.REFILL):
            for due in await self.store.due(kind, now + timedelta(hours=2)):
                if due.name.startswith(f"{customer.name}~"):
                    await self.store.remind(Due(kind, now - LONG_AGO, due.name))
                    await self.store.forget(due)
        for endpoint in await self.store.endpoints(customer.name):
            with suppress(Contended):
                await self.store.put_endpoint(replace(endpoint, busy_until=None, next_try=None))

    async def _poll_is_due(self, key: CalendarKey, now: datetime) -> None:
        async def moved() -> bool:
            calendar = await self.store.calendar(key)
            assert calendar
            try:
                await self.store.put_calendar(replace(calendar, poll_due=now - LONG_AGO))
            except Contended:
                return False
            return True

        await eventually(moved, "the calendar's row could be written")


@asynccontextmanager
async def opened(stack: Stack) -> AsyncIterator[Scene]:
    key, master = {"X-Api-Key": KEY}, {"x-functions-key": stack.master_key}
    # One for all, though two of them speak no TLS: left alone each reads the system's CA files.
    trust = stack.trust
    async with (
        httpx.AsyncClient(
            base_url=f"{stack.url}/v1", headers=key, verify=trust, timeout=PATIENCE
        ) as api,
        httpx.AsyncClient(
            base_url=f"{stack.twin_url}/_twin", verify=trust, timeout=PATIENCE
        ) as twin,
        httpx.AsyncClient(base_url=stack.url, headers=master, verify=trust, timeout=120) as admin,
        TableStore(stack.storage) as store,
    ):
        yield Scene(stack, api, twin, admin, store)


@pytest.fixture
async def scene(stack: Stack) -> AsyncIterator[Scene]:
    async with opened(stack) as made:
        yield made
