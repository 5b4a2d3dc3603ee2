"""A person's way from the consent link to a connection, with a twin of Entra and Graph."""

import re
import ssl
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import azure.functions as func
import httpx
import pytest

import function_app
from shared.api.app import create_app
from shared.custody.entra import Entra
from shared.onboarding.calendars import connect_calendar
from shared.services import assemble, provide
from shared.settings import Secret
from shared.store.memory import MemoryStore
from shared.store.records import Calendar, CalendarKey, State, Tenant
from tests.twin.entra.browser import Browser
from tests.unit.api.stage import Clock, MemoryQueues, MemoryVault

KEY = "the-api-key"
BACK = "https://app.example.org/settings"

TRIGGERS: dict[str, Any] = {
    one.get_function_name(): one.get_user_function() for one in function_app.app.get_functions()
}

FUNCTIONS = {
    "/oauth/start": "oauth_start",
    "/oauth/help": "oauth_help",
    "/oauth/callback": "oauth_callback",
    "/oauth/admin-consent": "oauth_admin_consent",
}


@dataclass
class Visitor:
    """A person's browser: keeps our cookie, and goes where it is sent."""

    twin: Browser
    cookies: dict[str, str] = field(default_factory=dict)
    answer: Any = None

    async def visit(self, url: str) -> "Visitor":
        """Opens `url`; where that is our first page, its first button is pressed."""
        await self.open(url)
        found = re.search(
            r'name="link" value="([^"]+)".*?name="as" value="(\w+)"', self.page, re.DOTALL
        )
        return await self.choose(url, found[1], found[2]) if found else self

    async def choose(self, url: str, link: str, choice: str) -> "Visitor":
        return await self.open(url, urlencode({"link": link, "as": choice}).encode())

    async def open(self, url: str, form: bytes = b"") -> "Visitor":
        """As the host calls the function behind `url`."""
        parts = urlsplit(url)
        held = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.answer = await TRIGGERS[FUNCTIONS[parts.path]](
            func.HttpRequest(
                "POST" if form else "GET", url, headers={"cookie": held}, params=query, body=form
            )
        )
        for morsel in SimpleCookie(self.answer.headers.get("Set-Cookie", "")).values():
            self.cookies[morsel.key] = morsel.value
        return self

    @property
    def sent_to(self) -> str:
        assert self.answer.status_code == 302, self.page
        return self.answer.headers["Location"]

    @property
    def page(self) -> str:
        return self.answer.get_body().decode()

    def sign_in(self, account: str, *, decline: bool = False) -> str:
        """At Entra, from where we sent the browser; gives where Entra sends it back to."""
        self.twin.open(self.sent_to)
        if self.twin.has("accounts"):
            self.twin.choose(account)
        if self.twin.has("accept"):
            self.twin.press("cancel" if decline else "accept")
        return self.twin.page.headers["location"]


@dataclass
class Scene:
    services: Any
    clock: Clock
    twin: httpx.Client

    def visitor(self) -> Visitor:
        return Visitor(Browser(self.twin))

    async def link(self, tenant: str = "acme", **wanted: Any) -> dict[str, Any]:
        transport = httpx.ASGITransport(create_app(lambda: self.services))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as api:
            answer = await api.post(
                f"/v1/tenants/{tenant}/consent-links",
                json={"kind": "user"} | wanted,
                headers={"X-Api-Key": KEY},
            )
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
async def scene(ground, store):
    settings = replace(ground.settings(), api_keys=(Secret(KEY),), return_urls=(BACK,))
    clock = Clock(datetime.now(UTC))
    trust = ssl.create_default_context(cafile=ground.bundle)
    made = assemble(
        settings,
        store,
        MemoryQueues(),
        MemoryVault(),
        clock=clock,
        entra=Entra(settings, connection_verify=ground.bundle),
        graph_transport=httpx.AsyncHTTPTransport(verify=trust),
    )
    await made.store.put_tenant(Tenant("acme", "Acme", State.NOT_CONNECTED, clock()))
    provide(made)
    with ground.twin.client() as twin:
        twin.post("/_twin/reset", json={"seed": "demo"}).raise_for_status()
        yield Scene(made, clock, twin)
    await made.graph.close()
    await made.http.aclose()


async def connected(scene, account="megan@contoso.example", **wanted):
    """A visitor at the end of the way."""
    link = await scene.link(login_hint=account, **wanted)
    visitor = await scene.visitor().visit(link["url"])
    return await visitor.visit(visitor.sign_in(account))


async def connect_organisation(scene, **wanted):
    link = await scene.link(kind="organisation", **wanted)
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in("ada@contoso.example"))
    return await visitor.visit(visitor.sign_in("ada@contoso.example"))


async def test_a_person_connects_their_calendar(scene):
    """Who agrees ends on a page that says so; connection and calendar are there, and a worker
    is woken for the first round.
    """
    visitor = await connected(scene)

    (connection,) = await scene.services.store.connections("acme")
    (calendar,) = await scene.services.store.calendars("acme")
    assert visitor.answer.status_code == 200
    assert "Megan Bowen is connected" in visitor.page
    assert (connection.state, connection.address) == (State.ACTIVE, "megan@contoso.example")
    assert calendar.state is State.PROVISIONING
    assert calendar.key == CalendarKey("acme", connection.user_id)
    assert ("sync-calendar", str(calendar.key), 0) in scene.services.queues.sent


async def test_the_host_app_is_told(scene):
    """The log tells the link's, the tenant's and the connection's state, with no name or address
    in it.
    """
    await connected(scene)

    changes = await scene.services.store.changes("acme")
    told = [(change.type, change.data["state"]) for change in changes]
    assert told == [
        ("calbridge.consent_link.state", "created"),
        ("calbridge.tenant.state", "consent_pending"),
        ("calbridge.consent_link.state", "seen"),
        ("calbridge.consent_link.state", "sent"),
        ("calbridge.tenant.state", "active"),
        ("calbridge.connection.state", "active"),
        ("calbridge.consent_link.state", "granted"),
    ]
    assert "megan" not in str(changes)


async def test_a_return_url_gets_the_person_back(scene):
    """With a return URL the person is sent there, with the outcome in the query."""
    visitor = await connected(scene, return_url=f"{BACK}?tab=2")

    place = urlsplit(visitor.sent_to)
    assert parse_qs(place.query)["tab"] == ["2"]
    assert parse_qs(place.query)["calbridge"] == ["connected"]
    assert visitor.cookies["calbridge_consent"] == ""


async def test_declining_ends_on_a_page_that_helps(scene):
    """Who declines is told what happened, who can fix it and what to do; nothing is stored."""
    link = await scene.link(login_hint="megan@contoso.example")
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in("megan@contoso.example", decline=True))

    assert visitor.answer.status_code == 403
    assert "You can fix this yourself" in visitor.page
    assert "consent-declined" in visitor.page
    kept = await scene.services.store.consent_link("acme", link["id"])
    assert (kept.state, kept.problem) == ("refused", "consent-declined")
    assert await scene.services.store.connections("acme") == []


async def test_who_fails_has_a_way_back(scene):
    """The page leads back to the host app, and says there what went wrong."""
    link = await scene.link(login_hint="megan@contoso.example", return_url=f"{BACK}?tab=2")
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in("megan@contoso.example", decline=True))

    found = re.search(r'id="back" href="([^"]+)"', visitor.page)
    assert found
    query = parse_qs(urlsplit(unescape(found[1])).query)
    assert query["calbridge"] == ["failed"]
    assert query["problem"] == ["consent-declined"]
    assert query["tab"] == ["2"]


async def test_another_browser_cannot_finish(scene):
    """The answer of Entra is good only in the browser that began: no stolen link connects."""
    link = await scene.link(login_hint="megan@contoso.example")
    visitor = await scene.visitor().visit(link["url"])
    back = visitor.sign_in("megan@contoso.example")

    thief = await scene.visitor().visit(back)

    assert (thief.answer.status_code, "consent-state-invalid" in thief.page) == (400, True)
    kept = await scene.services.store.consent_link("acme", link["id"])
    assert (kept.state, kept.problem) == ("sent", "")
    assert await scene.services.store.connections("acme") == []


async def test_declining_for_the_organisation_is_kept(scene):
    """An administrator who declines ends on a page, and the link tells the host app why."""
    link = await scene.link(kind="organisation")
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in("ada@contoso.example", decline=True))

    kept = await scene.services.store.consent_link("acme", link["id"])
    assert visitor.answer.status_code == 403
    assert kept.problem == "consent-declined"


async def test_an_answer_is_good_once(scene):
    """The same answer of Entra, sent a second time, is refused."""
    link = await scene.link(login_hint="megan@contoso.example")
    visitor = await scene.visitor().visit(link["url"])
    cookies, back = dict(visitor.cookies), visitor.sign_in("megan@contoso.example")
    await visitor.visit(back)

    visitor.cookies = cookies
    await visitor.visit(back)

    assert visitor.answer.status_code == 400


@pytest.mark.parametrize("age", [timedelta(days=7), timedelta(days=400)])
async def test_an_old_link_is_refused(scene, age):
    """A link is good for a week."""
    link = await scene.link()
    scene.clock.now += age

    visitor = await scene.visitor().visit(link["url"])

    assert (visitor.answer.status_code, "consent-link-expired" in visitor.page) == (410, True)


async def test_a_used_link_is_refused(scene):
    """A link connects once."""
    link = await scene.link(login_hint="megan@contoso.example")
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in("megan@contoso.example"))

    again = await scene.visitor().visit(link["url"])

    assert again.answer.status_code == 410


@pytest.mark.parametrize("name", ["", "acme", "acme.unknown", "nobody.x", "<script>.x"])
async def test_a_made_up_link_is_a_page(scene, name):
    """What is no link ends on a page, and nothing of it is echoed."""
    visitor = await scene.visitor().visit(f"http://localhost:7071/oauth/start?link={name}")

    assert visitor.answer.status_code == 404
    assert "<script>.x" not in visitor.page


async def test_a_bound_tenant_signs_in_at_its_own_organisation(scene):
    """Once a tenant is bound to an organisation, people are sent to that one's sign-in."""
    await connected(scene)
    (connection,) = await scene.services.store.connections("acme")

    visitor = await scene.visitor().visit((await scene.link())["url"])

    assert urlsplit(visitor.sent_to).path.split("/")[1] == connection.entra_tenant


async def test_a_tenant_stays_one_organisation(scene):
    """Who began before the tenant was bound to another organisation comes too late."""
    link = await scene.link(login_hint="root@fabrikam.example")
    late = await scene.visitor().visit(link["url"])
    await connected(scene)

    await late.visit(late.sign_in("root@fabrikam.example"))

    assert (late.answer.status_code, "wrong-tenant" in late.page) == (403, True)
    assert len(await scene.services.store.connections("acme")) == 1


async def test_consenting_again_mends_the_connection(scene):
    """A second consent of the same person makes no second connection or calendar."""
    await connected(scene)
    (before,) = await scene.services.store.connections("acme")

    await connected(scene)

    (after,) = await scene.services.store.connections("acme")
    assert after.id == before.id
    assert len(await scene.services.store.calendars("acme")) == 1


async def test_an_administrator_connects_the_organisation(scene):
    """After an administrator's consent, proven by sign-in, mailboxes connect by name."""
    visitor = await connect_organisation(scene, return_url=BACK)

    (connection,) = await scene.services.store.connections("acme")
    assert connection.kind == "organisation"
    assert f"connection={connection.id}" in visitor.sent_to
    transport = httpx.ASGITransport(create_app(lambda: scene.services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://x", headers={"X-Api-Key": KEY}
    ) as api:
        path = "/v1/tenants/acme/calendars"
        made = await api.post(path, json={"mailbox": "megan@contoso.example"})
        missing = await api.post(path, json={"mailbox": "nobody@contoso.example"})
        nonsense = await api.post(path, json={"mailbox": "a/b?c"})

    assert (made.status_code, made.json()["state"]) == (202, "provisioning")
    assert (missing.status_code, missing.json()["code"]) == (404, "mailbox-missing")
    assert (nonsense.status_code, nonsense.json()["pointer"]) == (400, "/mailbox")


async def test_a_mailbox_has_one_connection(scene):
    """A person whose mailbox the organisation connected is told so; no second grant is kept."""
    await connect_organisation(scene)
    organisation = await scene.services.store.connections("acme")
    profile = await scene.services.graph.profile(organisation[0], "megan@contoso.example")
    tenant = await scene.services.store.tenant("acme")
    await connect_calendar(scene.services, tenant, organisation[0], profile)

    visitor = await connected(scene)

    assert (visitor.answer.status_code, "mailbox-already-connected" in visitor.page) == (409, True)
    assert await scene.services.store.connections("acme") == organisation
    assert scene.services.vault.secrets == {}


async def test_consenting_again_wakes_what_waited(scene):
    """A calendar that waited for the administrator gets a worker after a new consent."""
    await connect_organisation(scene)
    (organisation,) = await scene.services.store.connections("acme")
    key = CalendarKey("acme", "waiting")
    await scene.services.store.put_calendar(
        Calendar(
            key, organisation.id, "waiting", "w@x.example", State.ACTION_REQUIRED, scene.clock()
        )
    )

    await connect_organisation(scene)

    assert ("sync-calendar", str(key), 0) in scene.services.queues.sent
