"""Grants, from the link to the token, through the twin's sign-in pages."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO, FABRIKAM
from shared.custody.grant import secret_name
from shared.errors import Reconnect, Refused, Unavailable
from shared.onboarding.erasing import LATE
from shared.onboarding.strays import end_strays, keep_granted
from shared.store.memory import MemoryStore
from shared.store.records import ConnectionKind
from tests.contract.custody.conftest import connection

ADA, MEGAN = "ada@contoso.example", "megan@contoso.example"
ROSA = "root@fabrikam.example"


def of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


class TestPerson:
    async def test_granted(self, worker, browser):
        """Who signed in, and for which link, is known by Entra's word."""
        granted = await worker.granted(browser, MEGAN)

        assert (granted.kind, granted.tenant, granted.link) == (
            ConnectionKind.USER,
            "acme",
            "link-1",
        )
        assert (granted.entra_tenant, granted.address, granted.display_name) == (
            CONTOSO,
            MEGAN,
            "Megan Bowen",
        )

    async def test_secrets_stay_hidden(self, worker, browser):
        """Neither the cookie nor the grant shows in a repr."""
        begun = await worker.begin()
        granted = await worker.granted(browser, MEGAN)

        assert begun.cookie not in repr(begun)
        assert granted.cache not in repr(granted)

    async def test_asks_for_no_more(self, worker, control):
        """The scopes are the two that sync takes, the flow has PKCE, the cookie fits."""
        begun = await worker.begin()
        asked = of(begun.url)

        assert set(asked["scope"].split()) == {
            "User.Read",
            "Calendars.ReadWrite",
            "offline_access",
            "openid",
            "profile",
        }
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == "http://localhost:7071/oauth/callback"
        assert asked["prompt"] == "select_account"
        assert len(begun.cookie) < 3500

    async def test_declined(self, worker, browser):
        """Cancelling on the consent page is the person's word."""
        begun = await worker.begin(MEGAN)
        browser.open(begun.url).press("cancel")

        with pytest.raises(Reconnect) as refused:
            await worker.grants.finish(browser.landed, begun.cookie, worker.now)

        assert refused.value.cause == "consent-declined"

    async def test_twice(self, worker, browser):
        """An answer brought twice counts once."""
        begun = await worker.begin(MEGAN)
        browser.open(begun.url).press("accept")
        await worker.grants.finish(browser.landed, begun.cookie, worker.now)

        with pytest.raises(Refused):
            await worker.grants.finish(browser.landed, begun.cookie, worker.now)

    async def test_another_browser(self, worker, browser):
        """An answer with another flow's cookie is refused."""
        begun, other = await worker.begin(MEGAN), await worker.begin(MEGAN)
        browser.open(begun.url).press("accept")

        with pytest.raises(Refused) as refused:
            await worker.grants.finish(browser.landed, other.cookie, worker.now)

        assert refused.value.problem.code == "consent-state-invalid"

    async def test_another_organisation(self, worker, browser):
        """A tenant bound to one organisation takes nobody of another."""
        begun = await worker.begin(entra_tenant=FABRIKAM)
        other = await worker.begin(MEGAN)
        browser.open(other.url).press("accept")
        code = browser.landed["code"]

        with pytest.raises(Reconnect):
            await worker.grants.finish(
                {"code": code, "state": of(begun.url)["state"]}, begun.cookie, worker.now
            )

    async def test_made_up_code(self, worker, browser):
        """A code Entra never gave is refused by Entra."""
        begun = await worker.begin(MEGAN)
        answer = {"code": "made-up", "state": of(begun.url)["state"]}

        with pytest.raises(Reconnect) as refused:
            await worker.grants.finish(answer, begun.cookie, worker.now)

        assert refused.value.cause == "sign-in-again"

    async def test_no_code(self, worker, control):
        """An answer without a code is none."""
        begun = await worker.begin(MEGAN)

        with pytest.raises(Refused):
            await worker.grants.finish({"state": of(begun.url)["state"]}, begun.cookie, worker.now)


class Silent(MemoryStore):
    """Storage that takes a reminder and answers nothing of connections."""

    silent = True

    async def connection(self, tenant, connection):
        if self.silent:
            raise Unavailable(1, "storage does not answer")
        return await super().connection(tenant, connection)


class TestStrays:
    async def test_what_no_connection_came_of_is_deleted_and_purged(self, worker, browser, vault):
        """In its time, and not before."""
        granted = await worker.granted(browser, MEGAN)
        made = connection(granted.entra_tenant, granted.user_id)
        name, store = secret_name(made), Silent()
        scene = SimpleNamespace(
            store=store, grants=worker.grants, settings=worker.settings, clock=lambda: worker.now
        )
        with pytest.raises(Unavailable):
            await keep_granted(scene, made, granted)
        store.silent = False
        await end_strays(scene, worker.now + LATE - timedelta(minutes=1))
        kept = await vault.read(name)
        await end_strays(scene, worker.now + LATE + timedelta(minutes=1))

        assert kept == granted.cache
        assert await vault.read(name) is None
        with pytest.raises(ResourceNotFoundError):
            await vault._client.get_deleted_secret(name)


class TestOrganisation:
    async def test_after_a_person_s(self, worker, browser, control):
        """The app's token from before the consent does not stand in its way."""
        some = {"tenant": CONTOSO, "app": CALBRIDGE_CLIENT_ID, "scopes": ["User.Read"]}
        control.post("/_twin/grants", json=some).raise_for_status()
        graph = worker.graph()
        with pytest.raises(Reconnect):
            await graph.profile(connection(), MEGAN)
        await worker.tokens.app_token(CONTOSO)

        begun = worker.grants.begin_admin("acme", "link-1", worker.now)
        browser.open(begun.url).choose(ADA).press("accept")
        then = await worker.grants.consented(browser.landed, begun.cookie, worker.now)
        browser.open(then.url).choose(ADA)
        await worker.grants.finish(browser.landed, then.cookie, worker.now)

        assert (await graph.profile(connection(), MEGAN)).upn == MEGAN
        await graph.close()

    async def test_granted(self, worker, browser):
        """An administrator agrees, signs in, and the app has its token."""
        begun = worker.grants.begin_admin("acme", "link-1", worker.now)
        browser.open(begun.url).choose(ADA).press("accept")
        then = await worker.grants.consented(browser.landed, begun.cookie, worker.now)
        browser.open(then.url).choose(ADA)

        granted = await worker.grants.finish(browser.landed, then.cookie, worker.now)

        assert (granted.kind, granted.entra_tenant) == (ConnectionKind.ORGANISATION, CONTOSO)
        assert granted.cache == ""
        assert await worker.tokens.app_token(CONTOSO)

    async def test_declined(self, worker, browser):
        """An administrator who cancels has declined."""
        begun = worker.grants.begin_admin("acme", "link-1", worker.now)
        browser.open(begun.url).choose(ADA).press("cancel")

        with pytest.raises(Reconnect) as refused:
            await worker.grants.consented(browser.landed, begun.cookie, worker.now)

        assert refused.value.cause == "consent-declined"

    async def test_forged_tenant(self, worker, browser):
        """Who writes another organisation into the answer must sign in there, and cannot."""
        begun = worker.grants.begin_admin("acme", "link-1", worker.now)
        forged = {"admin_consent": "True", "tenant": CONTOSO, "state": of(begun.url)["state"]}
        then = await worker.grants.consented(forged, begun.cookie, worker.now)

        browser.open(then.url).press("next", account=ROSA)

        assert "50020" in browser.page.text

    async def test_signed_in_elsewhere(self, worker, browser):
        """A code of another organisation does not stand for the one that was claimed."""
        begun = worker.grants.begin_admin("acme", "link-1", worker.now)
        forged = {"admin_consent": "True", "tenant": FABRIKAM, "state": of(begun.url)["state"]}
        then = await worker.grants.consented(forged, begun.cookie, worker.now)
        own = await worker.begin(MEGAN)
        browser.open(own.url).press("accept")
        answer = {"code": browser.landed["code"], "state": of(then.url)["state"]}

        with pytest.raises((Reconnect, Refused)):
            await worker.grants.finish(answer, then.cookie, worker.now)

    async def test_other_than_bound(self, worker, control):
        """A tenant bound to one organisation is not bound to a second by an answer."""
        begun = worker.grants.begin_admin("acme", "link-1", worker.now, entra_tenant=CONTOSO)
        answer = {"tenant": FABRIKAM, "state": of(begun.url)["state"]}

        with pytest.raises(Refused) as refused:
            await worker.grants.consented(answer, begun.cookie, worker.now)

        assert refused.value.problem.code == "wrong-tenant"

    async def test_a_person_s_answer(self, worker, control):
        """A person's state does not open the organisation's door."""
        begun = await worker.begin(MEGAN)
        answer = {"tenant": CONTOSO, "state": of(begun.url)["state"]}

        with pytest.raises(Refused):
            await worker.grants.consented(answer, begun.cookie, worker.now)
