"""How a calendar comes under sync, leaves it, and comes back."""

from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import pytest

from tests.journeys.scene import eventually, graph_at
from tests.stack import RETURN_URL
from tests.twin.entra.browser import Browser


async def connections(customer):
    return (await customer.api("GET", "/connections")).json()["connections"]


async def link_state(customer, link):
    return (await customer.api("GET", f"/consent-links/{link['id']}")).json()["state"]


async def consented(scene, who="pete", **more):
    """A person connected their own calendar."""
    customer = await scene.customer(who)
    link = await scene.consent_link(customer, "user", login_hint=customer.address(who), **more)
    page = await scene.consent(link["url"], customer.address(who))
    await customer.in_state(who, "active")
    return customer, link, page


async def test_a_person_connects_their_own_calendar(scene):
    """A user's consent: their mailbox alone is connected, and synced both ways."""
    customer, link, page = await consented(scene)
    await customer.settled("visit", "pete")
    await customer.edits("pete", "visit", subject="Visit (moved)")
    await customer.change("visit", "appointment.updated")
    (connection,) = await connections(customer)

    assert page.status_code == 200
    assert "is connected" in page.text
    assert (connection["kind"], connection["state"]) == ("user", "active")
    assert connection["address"] == customer.address("pete")
    assert await link_state(customer, link) == "granted"


async def test_the_host_app_hears_of_connecting(scene):
    """From nothing to active, in order, with no name or address in it."""
    customer = await scene.connect("megan")
    told = [(c["type"].split(".")[1], c["data"]["state"]) for c in await customer.changes()]
    texts = str(await customer.changes())

    assert [state for noun, state in told if noun == "consent_link"] == [
        "created",
        "seen",
        "sent",
        "granted",
    ]
    assert [one for one in told if one[0] != "consent_link"] == [
        ("tenant", "consent_pending"),
        ("tenant", "active"),
        ("connection", "active"),
        ("calendar", "active"),
    ]
    assert customer.address("root") not in texts


async def test_a_person_is_sent_back_to_where_they_came_from(scene):
    """After consent the browser goes to the listed return URL, which says how it went."""
    customer = await scene.customer("pete")
    link = await scene.consent_link(customer, "user", return_url=RETURN_URL)
    landed = await scene.consent(link["url"], customer.address("pete"), leave=RETURN_URL)

    query = parse_qs(urlsplit(landed.headers["location"]).query)
    assert query["calbridge"] == ["connected"]


async def test_who_declines_connects_nothing(scene):
    """The page says what happened and who can mend it; nothing is stored."""
    customer = await scene.customer("pete")
    link = await scene.consent_link(customer, "user", login_hint=customer.address("pete"))
    page = await scene.consent(link["url"], customer.address("pete"), accept=False)

    assert page.status_code in {400, 403}
    assert "What to do" in page.text
    assert await connections(customer) == []
    assert await link_state(customer, link) != "granted"


async def test_disconnecting_leaves_events_and_stops_sync(scene):
    """The subscription is ended, the tokens are destroyed; Outlook keeps its events."""
    customer, _, _ = await consented(scene)
    await customer.settled("visit", "pete")
    (connection,) = await connections(customer)
    answer = await customer.api("DELETE", f"/connections/{connection['id']}")
    await customer.in_state("pete", "disconnected")
    live = await scene.control("GET", f"/subscriptions?user={customer.address('pete')}")
    refused = await customer.put("other", "pete")

    async def ended():
        return (await connections(customer))[0]["state"] == "disconnected"

    await eventually(ended, "the connection ended")
    assert answer.status_code == 202
    assert live["value"] == []
    assert len(await customer.events("pete", "visit")) == 1
    assert (refused.status_code, refused.json()["code"]) == (409, "mailbox-not-connected")
    assert connection["id"] not in secrets_of(scene)


def secrets_of(scene):
    """What the vault still holds and has not deleted."""
    return (scene.stack.folder / "vault.json").read_text()


async def test_reconnecting_picks_up_what_happened_meanwhile(scene):
    """Consent is withdrawn, people and the app go on editing, then it is given again: the
    calendar says what it needs, and afterwards both sides agree.
    """
    customer, _, _ = await consented(scene)
    await customer.settled("visit", "pete")
    await customer.settled("plan", "pete")
    await scene.control("POST", f"/people/{customer.address('pete')}/revoke-sessions")
    await scene.control(
        "POST", "/grants/revoke", {"tenant": customer.entra, "user": customer.address("pete")}
    )
    await customer.fault({"status": 401}, "/users/", "GET", times=None)
    await customer.edits("pete", "visit", start=graph_at(8))
    await customer.in_state("pete", "action_required")
    await customer.patch("plan", subject="Plan B")
    await scene.control("DELETE", "/faults")
    link = await scene.consent_link(customer, "user", login_hint=customer.address("pete"))
    await scene.consent(link["url"], customer.address("pete"))
    await customer.shows("pete", "Plan B")
    change = await customer.change("visit", "appointment.updated")

    assert change["data"]["fields"] == ["when"]
    assert (await customer.calendar("pete"))["state"] == "active"


async def test_a_dead_delta_link_tells_nothing_twice(scene):
    """After 410 the round starts from scratch: what both sides know is not told again, what
    they do not is.
    """
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    await customer.books("megan", "Dentist")
    await customer.idle()
    await customer.settled("gone", "megan")
    await customer.lose_notifications("megan")
    await customer.deletes("megan", "gone")
    before = len(await customer.changes())
    person = customer.address("megan")
    await scene.control("POST", f"/people/{person}/expire-delta-tokens")
    await scene.let_time_pass(customer)
    await scene.run("catch_up")
    await customer.change("gone", "appointment.deleted")
    await customer.idle()
    told = (await customer.changes())[before:]

    assert [(c["subject"], c["type"]) for c in told] == [("gone", "calbridge.appointment.deleted")]
    assert len(await customer.appointments()) == 2


async def test_a_lost_subscription_is_made_anew(scene):
    """Graph says that it removed the subscription: there is a new one, and edits arrive."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    person = customer.address("megan")
    (old,) = (await scene.control("GET", f"/subscriptions?user={person}"))["value"]
    event = {"event": "subscriptionRemoved", "user": person}
    await scene.control("POST", "/subscriptions/lifecycle", event)

    async def renewed():
        live = (await scene.control("GET", f"/subscriptions?user={person}"))["value"]
        return live and live[0]["id"] != old["id"]

    await eventually(renewed, "another subscription")
    await customer.edits("megan", "visit", subject="Visit (moved)")
    change = await customer.change("visit", "appointment.updated")

    assert change["data"]["appointment"]["subject"] == "Visit (moved)"


class AtCallback:
    """A browser that is about to come back to us; `url` is where Entra sends it."""

    def __init__(self, scene, link, account):
        self.client = scene.browser()
        self.browser = Browser(self.client).open(link["url"])
        while not self._coming_back():
            if self.browser.page.is_redirect:
                self.browser.open(self.browser.page.headers["location"])
            elif self.browser.has("choices"):
                self.browser.begin()
            elif self.browser.has("accounts"):
                self.browser.press("next", account=account)
            else:
                self.browser.press("accept")

    def _coming_back(self):
        return "/oauth/callback" in self.browser.page.headers.get("location", "")

    @property
    def url(self):
        return self.browser.page.headers["location"]

    def with_query(self, **changed):
        parts = urlsplit(self.url)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()} | changed
        return urlunsplit(parts._replace(query=urlencode(query)))


@pytest.fixture
async def returning(scene):
    """A person with Entra's answer in hand, who has not come back with it yet."""
    customer = await scene.customer("pete")
    link = await scene.consent_link(customer, "user", login_hint=customer.address("pete"))
    back = AtCallback(scene, link, customer.address("pete"))
    yield back, customer
    back.client.close()


async def test_a_forged_state_connects_nothing(returning):
    """A state we did not sign ends on a page; no connection, no error of the host."""
    back, customer = returning
    page = back.client.get(back.with_query(state="eyJhbGciOiJIUzI1NiJ9.e30.x"))

    assert page.status_code == 400
    assert "consent-state-invalid" in page.text
    assert await connections(customer) == []


async def test_a_state_is_good_once(returning):
    """The same answer a second time is refused, and harms nothing."""
    back, customer = returning
    cookies = dict(back.client.cookies)
    first = back.client.get(back.url)
    back.client.cookies.update(cookies)
    second = back.client.get(back.url)

    assert (first.status_code, second.status_code) == (200, 400)
    assert "consent-state-invalid" in second.text
    assert len(await connections(customer)) == 1


async def test_another_browser_cannot_bring_the_answer(returning, scene):
    """Without the cookie of the browser that began, the answer is refused."""
    back, customer = returning
    async with httpx.AsyncClient(verify=scene.stack.trust) as other:
        page = await other.get(back.url)

    assert page.status_code == 400
    assert "consent-state-invalid" in page.text
    assert await connections(customer) == []


@pytest.mark.parametrize(
    "error", ["access_denied", "server_error", "<script>alert(1)</script>", "no_such_error"]
)
async def test_entras_refusal_is_a_page_for_the_person(returning, error):
    """What Entra sends instead of a code is explained, and never shown as markup."""
    back, customer = returning
    told = {"error": error, "error_description": "AADSTS65004: <img src=x onerror=alert(1)>"}
    page = back.client.get(back.with_query(code="", **told))

    assert page.status_code in {400, 403, 502, 503}
    assert "What to do" in page.text
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert await connections(customer) == []


async def test_a_callback_out_of_the_blue_is_a_page(scene):
    """No query, no cookie: a page that says where to begin."""
    async with httpx.AsyncClient() as browser:
        pages = [
            await browser.get(f"{scene.stack.url}/oauth/{path}")
            for path in ("callback", "callback?state=&code=x", "admin-consent", "start")
        ]

    assert [page.status_code for page in pages] == [400, 400, 400, 404]
    assert all("What to do" in page.text for page in pages)
