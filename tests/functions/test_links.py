"""What a consent link lives through, as the host app and the log see it."""

from datetime import timedelta

import httpx
import pytest

from shared.api.app import create_app
from shared.observe import Unexpected
from shared.onboarding.watching import watch_links
from shared.store.memory import MemoryStore
from shared.store.records import DueKind
from tests.functions.test_onboarding import KEY, scene

__all__ = ["scene"]

LINKS = "/v1/tenants/acme/consent-links"


@pytest.fixture
async def api(scene):
    transport = httpx.ASGITransport(create_app(lambda: scene.services))
    headers = {"X-Api-Key": KEY}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://x", headers=headers
    ) as client:
        yield client


async def told(scene):
    """The states of links that the log tells of, with their causes."""
    changes = await scene.services.store.changes("acme")
    return [
        (change.data["state"], change.data["cause"])
        for change in changes
        if change.type == "calbridge.consent_link.state"
    ]


async def test_who_declined_may_come_again(scene):
    """The same link leads on, in another browser; the log tells each step once."""
    link = await scene.link(login_hint="megan@contoso.example")
    first = await scene.visitor().visit(link["url"])
    await first.visit(first.sign_in("megan@contoso.example", decline=True))
    second = await scene.visitor().visit(link["url"])
    await second.visit(second.sign_in("megan@contoso.example"))

    assert second.answer.status_code == 200
    assert await told(scene) == [
        ("created", ""),
        ("seen", ""),
        ("sent", ""),
        ("refused", "consent-declined"),
        ("sent", ""),
        ("granted", ""),
    ]


async def test_a_revoked_link_leads_nowhere(scene, api):
    """Neither who opens it nor who is on the way with it gets on; revoking again is quiet."""
    link = await scene.link(login_hint="megan@contoso.example")
    on_the_way = await scene.visitor().visit(link["url"])
    answer = await api.delete(f"{LINKS}/{link['id']}")
    again = await api.delete(f"{LINKS}/{link['id']}")
    late = await scene.visitor().visit(link["url"])
    await on_the_way.visit(on_the_way.sign_in("megan@contoso.example"))

    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    assert again.json() == answer.json()
    for visitor in (late, on_the_way):
        assert visitor.answer.status_code == 410
        assert "consent-link-revoked" in visitor.page
    assert await scene.services.store.connections("acme") == []
    assert (await told(scene))[-1] == ("revoked", "")


@pytest.mark.parametrize("kind", ["user", "organisation"])
async def test_a_link_leads_nowhere_while_another_provider_is_active(scene, api, kind):
    """Neither who opens it nor who is on the way; once that provider is gone it leads on."""
    link = await scene.link(kind=kind, login_hint="ada@contoso.example")
    on_the_way = await scene.visitor().visit(link["url"])
    back = on_the_way.sign_in("ada@contoso.example")
    await api.put("/v1/tenants/acme/provider", json={"active": "google"})
    opened = await scene.visitor().open(link["url"])
    if kind == "user":
        await on_the_way.visit(back)
        assert "other-provider-active" in on_the_way.page
    stored = await scene.services.store.connections("acme")
    await api.put("/v1/tenants/acme/provider", json={"active": None})
    later = await scene.visitor().open(link["url"])

    assert opened.answer.status_code == 409
    assert "other-provider-active" in opened.page
    assert stored == []
    assert "What it may do" in later.page


async def test_that_time_is_up_is_told_once(scene, api):
    """By the timer; asked before it runs, the API says the same."""
    link = await scene.link()
    scene.clock.now += timedelta(hours=168)
    asked = (await api.get(f"{LINKS}/{link['id']}")).json()
    for _ in range(3):
        await watch_links(scene.services, scene.clock())
        scene.clock.now += timedelta(minutes=2)

    assert asked["state"] == "expired"
    assert await told(scene) == [("created", ""), ("expired", "")]
    assert await scene.services.store.due(DueKind.LINK, scene.clock()) == []


async def test_a_link_lives_as_long_as_was_asked(scene):
    link = await scene.link(valid_hours=1)
    scene.clock.now += timedelta(minutes=59)
    in_time = await scene.visitor().visit(link["url"])
    scene.clock.now += timedelta(minutes=1)
    late = await scene.visitor().visit(link["url"])

    assert in_time.answer.status_code == 302
    assert (late.answer.status_code, "consent-link-expired" in late.page) == (410, True)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "user", "choices": ["organisation"]}, "/choices"),
        ({"kind": "user", "choices": ["user", "service_account"]}, "/choices"),
        ({"kind": "service_account", "choices": ["user", "service_account"]}, "/choices"),
        ({"kind": "user", "valid_hours": 0}, "/valid_hours"),
        ({"kind": "user", "valid_hours": 721}, "/valid_hours"),
        ({"kind": "user", "reach": "everything"}, "/reach"),
    ],
)
async def test_a_link_that_makes_no_sense_is_refused(api, body, pointer):
    answer = await api.post(LINKS, json=body)

    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer)


@pytest.mark.parametrize(
    ("body", "choices"),
    [
        ({"kind": "user"}, ["user", "organisation"]),
        ({"kind": "organisation"}, ["user", "organisation"]),
        ({"kind": "organisation", "choices": ["organisation"]}, ["organisation"]),
        ({"kind": "service_account"}, ["service_account"]),
    ],
)
async def test_a_link_offers_what_fits(api, body, choices):
    assert (await api.post(LINKS, json=body)).json()["choices"] == choices


class ForgetfulStore(MemoryStore):
    """The process dies before it tells the log something new, as long as `dies` holds."""

    dies = False

    async def log(self, tenant, changes):
        if self.dies and not {c.id for c in changes} <= self._logs[tenant].keys():
            raise ConnectionError
        return await super().log(tenant, changes)


@pytest.fixture
def store():
    return ForgetfulStore()


async def test_no_state_goes_untold(scene, store):
    """A process that dies between keeping a state and telling it leaves it to the next who moves
    the link, or to the timer.
    """
    link = await scene.link(login_hint="megan@contoso.example")
    store.dies = True
    with pytest.raises(Unexpected, match="ConnectionError"):
        await scene.visitor().visit(link["url"])
    store.dies = False
    visitor = await scene.visitor().visit(link["url"])
    store.dies = True
    with pytest.raises(Unexpected, match="ConnectionError"):
        await visitor.visit(visitor.sign_in("megan@contoso.example", decline=True))
    store.dies = False
    scene.clock.now += timedelta(minutes=3)
    await watch_links(scene.services, scene.clock())

    states = [state for state, _ in await told(scene)]
    assert states == ["created", "seen", "sent", "refused"]
