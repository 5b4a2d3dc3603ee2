"""Access tokens from the twin's Entra by Microsoft's libraries, kept in the vault."""

import asyncio
from datetime import timedelta

import pytest

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO, FABRIKAM
from shared.custody.grant import secret_name
from shared.errors import Contended, Reconnect, Unavailable
from shared.store.records import CalendarKey
from tests.contract.custody.conftest import connection

LATER = timedelta(minutes=56)
MEGAN = "megan@contoso.example"


def install(control, tenant: str = CONTOSO) -> None:
    grant = {"app": CALBRIDGE_CLIENT_ID, "tenant": tenant}
    control.post("/_twin/grants", json=grant).raise_for_status()


def spoil(control, number: int) -> None:
    fault = {"match": {"path": "/oauth2/v2.0/token"}, "action": {"aadsts": number}}
    control.post("/_twin/faults", json=fault).raise_for_status()


class TestOrganisation:
    async def test_opens_graph(self, worker, control):
        """The app's token reaches a mailbox of a tenant that has consented."""
        install(control)
        graph = worker.graph()

        person = await graph.profile(connection(), MEGAN)

        assert person.display_name == "Megan Bowen"
        await graph.close()

    async def test_is_kept(self, worker, control, token_requests):
        """Many askers at once and later cost one request."""
        install(control)

        tokens = await asyncio.gather(*(worker.tokens.app_token(CONTOSO) for _ in range(5)))
        tokens.append(await worker.tokens.app_token(CONTOSO))

        assert len({token.value for token in tokens}) == 1
        assert token_requests() == 1

    async def test_is_renewed_in_time(self, worker, control):
        """Five minutes before its end a token is replaced."""
        install(control)
        first = await worker.tokens.app_token(CONTOSO)
        worker.ahead = LATER

        assert (await worker.tokens.app_token(CONTOSO)).value != first.value

    async def test_dropped(self, worker, control):
        """A token Graph refused is not handed out again."""
        install(control)
        first = await worker.tokens.token(connection())
        worker.tokens.drop(connection())

        assert (await worker.tokens.token(connection())).value != first.value

    async def test_not_installed(self, worker, control):
        """A tenant without the app asks for an administrator."""
        with pytest.raises(Reconnect) as refused:
            await worker.tokens.app_token(FABRIKAM)

        assert refused.value.cause == "app-not-installed"

    async def test_wrong_secret(self, new_worker, control):
        """A wrong secret is the vendor's to mend."""
        install(control)

        with pytest.raises(Reconnect) as refused:
            await new_worker(secret="wrong").tokens.app_token(CONTOSO)

        assert refused.value.cause == "app-credential-refused"

    async def test_entra_is_away(self, new_worker, control):
        """No answer from Entra is tried again later."""
        worker = new_worker(authority="https://localhost:9")

        with pytest.raises(Unavailable):
            await worker.tokens.app_token(CONTOSO)


class TestPerson:
    async def test_opens_graph(self, worker, browser):
        """A granted token reaches the person's own mailbox."""
        connected = await worker.connected(browser, MEGAN)
        graph = worker.graph()

        person = await graph.profile(connected, connected.user_id)

        assert person.address == MEGAN
        await graph.close()

    async def test_next_process(self, new_worker, browser, token_requests):
        """Another process finds the access token in the vault and asks Entra for nothing."""
        connected = await new_worker().connected(browser, MEGAN)
        before = token_requests()

        await new_worker().tokens.user_token(connected)

        assert token_requests() == before

    async def test_is_refreshed(self, new_worker, browser, vault):
        """Near its end the token is refreshed, and what came of it is what the vault has."""
        connected = await new_worker().connected(browser, MEGAN)
        before = await vault.read(secret_name(connected))
        first = await new_worker().tokens.user_token(connected)

        second = await new_worker(LATER).tokens.user_token(connected)

        after = await vault.read(secret_name(connected))
        assert first.value != second.value
        assert second.value in after
        assert first.value not in after
        assert before != after
        assert len(after.encode()) < 25_000

    async def test_refreshed_once(self, new_worker, browser, token_requests):
        """Many askers of one process cause one refresh."""
        worker = new_worker()
        connected = await worker.connected(browser, MEGAN)
        await worker.tokens.user_token(connected)
        worker.tokens.drop(connected)
        before = token_requests()

        tokens = await asyncio.gather(*(worker.tokens.user_token(connected) for _ in range(5)))

        assert len({token.value for token in tokens}) == 1
        assert token_requests() == before + 1

    async def test_by_one_process(self, new_worker, browser, token_requests):
        """While another process refreshes, this one comes back later."""
        connected = await new_worker().connected(browser, MEGAN)
        worker = new_worker(LATER)
        key = CalendarKey(connected.tenant, f"grant-{connected.id}")
        lease = await worker.store.acquire(key, "other", worker.now, 60)
        before = token_requests()

        with pytest.raises(Contended):
            await worker.tokens.user_token(connected)

        assert token_requests() == before
        await worker.store.release(lease)
        assert await worker.tokens.user_token(connected)

    async def test_dropped(self, worker, browser):
        """A token Graph refused is replaced, though it looks good still."""
        connected = await worker.connected(browser, MEGAN)
        first = await worker.tokens.token(connected)
        worker.tokens.drop(connected)

        assert (await worker.tokens.token(connected)).value != first.value

    async def test_revoked(self, new_worker, browser, control):
        """A revoked grant asks the person to sign in again."""
        connected = await new_worker().connected(browser, MEGAN)
        control.post(f"/_twin/people/{MEGAN}/revoke-sessions").raise_for_status()

        with pytest.raises(Reconnect) as refused:
            await new_worker(LATER).tokens.user_token(connected)

        assert refused.value.cause == "sign-in-again"

    @pytest.mark.parametrize(
        ("number", "cause"),
        [
            (50057, "user-disabled"),
            (53003, "conditional-access"),
            (65001, "consent-required"),
            (700082, "sign-in-again"),
            (7000222, "app-credential-refused"),
        ],
    )
    async def test_refused(self, new_worker, browser, control, number, cause):
        """Each of Entra's numbers ends in the cause that says who can mend it."""
        connected = await new_worker().connected(browser, MEGAN)
        spoil(control, number)

        with pytest.raises(Reconnect) as refused:
            await new_worker(LATER).tokens.user_token(connected)

        assert refused.value.cause == cause

    async def test_after_trouble(self, new_worker, browser, control):
        """Entra's passing trouble leaves the grant as it was."""
        connected = await new_worker().connected(browser, MEGAN)
        worker = new_worker(LATER)
        spoil(control, 90033)

        with pytest.raises(Unavailable):
            await worker.tokens.user_token(connected)

        assert await worker.tokens.user_token(connected)

    async def test_forgotten(self, worker, browser, vault):
        """A forgotten grant is gone from the vault and from memory."""
        connected = await worker.connected(browser, MEGAN)
        await worker.tokens.user_token(connected)
        await worker.grants.forget(connected)

        with pytest.raises(Reconnect) as refused:
            await worker.tokens.user_token(connected)

        assert refused.value.cause == "sign-in-again"
        assert await vault.read(secret_name(connected)) is None

    async def test_not_destroyed_under_who_refreshes_it(self, new_worker, browser, vault):
        """They would write it anew, and nothing would name it then. Once they are done it goes;
        no row of it stays.
        """
        worker = new_worker()
        connected = await worker.connected(browser, MEGAN)
        key = CalendarKey(connected.tenant, f"grant-{connected.id}")
        lease = await worker.store.acquire(key, "another", worker.now, 60)

        with pytest.raises(Contended):
            await worker.grants.forget(connected)

        kept = await vault.read(secret_name(connected))
        await worker.store.release(lease)
        await worker.grants.forget(connected)
        assert kept is not None
        assert await vault.read(secret_name(connected)) is None
        assert worker.store._of(key).lease is None


class TestExercise:
    async def test_is_asked_of_entra(self, worker, browser, vault, token_requests):
        """Though the token at hand is good: the refresh token is used, and the one that came
        with the answer is kept.
        """
        connected = await worker.connected(browser, MEGAN)
        first = await worker.tokens.user_token(connected)
        before, kept = token_requests(), await vault.read(secret_name(connected))

        await worker.tokens.exercise(connected)

        assert token_requests() == before + 1
        assert await vault.read(secret_name(connected)) != kept
        assert (await worker.tokens.user_token(connected)).value != first.value
        assert token_requests() == before + 1

    async def test_an_organisations_is_asked_anew(self, worker, control, token_requests):
        """The app's own token is replaced as well."""
        install(control)
        first = await worker.tokens.token(connection())

        await worker.tokens.exercise(connection())

        assert token_requests() == 2
        assert (await worker.tokens.token(connection())).value != first.value

    async def test_keeps_a_grant_alive(self, worker, browser, control):
        """Exercised within ninety days, it is good for ninety more."""
        connected = await worker.connected(browser, MEGAN)
        for _ in range(3):
            control.post("/_twin/clock/advance", json={"seconds": 60 * 86_400}).raise_for_status()
            await worker.tokens.exercise(connected)

        control.post("/_twin/clock/advance", json={"seconds": 91 * 86_400}).raise_for_status()
        with pytest.raises(Reconnect) as refused:
            await worker.tokens.exercise(connected)
        assert refused.value.cause == "sign-in-again"

    async def test_finds_an_end_behind_a_good_token(self, worker, browser, control):
        """What Entra ended shows at once, not when the token at hand has grown old."""
        connected = await worker.connected(browser, MEGAN)
        await worker.tokens.user_token(connected)
        control.patch(f"/_twin/people/{MEGAN}", json={"enabled": False}).raise_for_status()

        with pytest.raises(Reconnect) as refused:
            await worker.tokens.exercise(connected)

        assert refused.value.cause == "user-disabled"

    async def test_leaves_a_grant_that_another_worker_refreshes(
        self, worker, browser, token_requests
    ):
        """One refresh at a time: it comes back later."""
        connected = await worker.connected(browser, MEGAN)
        key = CalendarKey(connected.tenant, f"grant-{connected.id}")
        assert await worker.store.acquire(key, "other", worker.now, 60)
        before = token_requests()

        with pytest.raises(Contended):
            await worker.tokens.exercise(connected)

        assert token_requests() == before
