"""Something does not answer while a person is on the way through a consent link."""

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.store.memory import MemoryStore
from shared.store.records import State
from tests.functions.test_onboarding import BACK, TRIGGERS, scene

__all__ = ["scene"]

MEGAN = "megan@contoso.example"
ALL = "all of it"


class Away(MemoryStore):
    """Storage that does not answer: to one verb, or to ALL."""

    silent = ""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        silent = super().__getattribute__("silent")
        is_verb = not name.startswith("_") and callable(found)
        if not is_verb or silent not in {name, ALL}:
            return found

        async def unanswered(*_args: Any, **_named: Any) -> Any:
            raise Unavailable(1, "storage does not answer")

        return unanswered


@pytest.fixture
def store():
    return Away()


async def begun(scene):
    link = await scene.link(login_hint=MEGAN, return_url=BACK)
    visitor = await scene.visitor().visit(link["url"])
    return link, visitor, visitor.sign_in(MEGAN)


def shown_to(visitor) -> tuple[int, str]:
    """The status, and where the button leads."""
    assert 'id="code">sign-in-unfinished<' in visitor.page
    assert "Nothing was lost" in unescape(visitor.page)
    found = re.search(r'id="again" href="([^"]+)"', visitor.page)
    assert found
    return visitor.answer.status_code, unescape(found[1])


async def finishes(scene, visitor, link) -> None:
    """By the button, as if nothing had been."""
    await visitor.visit(shown_to(visitor)[1])
    await visitor.visit(visitor.sign_in(MEGAN))

    (connection,) = await scene.services.store.connections("acme")
    kept = await scene.services.store.consent_link("acme", link["id"])
    assert (connection.state, kept.state) == (State.ACTIVE, "granted")
    assert visitor.sent_to.startswith(BACK)


@pytest.mark.parametrize("silent", [ALL, "burn", "put_connection", "put_calendar", "consent_link"])
async def test_an_outage_of_storage_leads_back_to_the_same_link(scene, store, silent):
    """Whenever it begins; the page needs nothing that is stored."""
    link, visitor, back = await begun(scene)
    store.silent = silent

    await visitor.visit(back)

    store.silent = ""
    assert shown_to(visitor) == (503, link["url"])
    await finishes(scene, visitor, link)


async def test_the_secret_of_who_gives_up_does_not_stay(scene, store):
    """The sweep destroys what no connection came to refer to."""
    _, visitor, back = await begun(scene)
    store.silent = "put_connection"
    await visitor.visit(back)
    store.silent = ""
    written = len(scene.services.vault.secrets)
    scene.clock.now += timedelta(minutes=13)
    await TRIGGERS["sweep"](SimpleNamespace(past_due=False))

    assert (written, scene.services.vault.secrets) == (1, {})


async def test_who_declines_during_an_outage_is_not_lost_either(scene, store):
    """That they did cannot be kept: the link leads on."""
    link = await scene.link(login_hint=MEGAN)
    visitor = await scene.visitor().visit(link["url"])
    back = visitor.sign_in(MEGAN, decline=True)
    store.silent = "put_consent_link"

    await visitor.visit(back)

    assert shown_to(visitor) == (503, link["url"])


async def test_an_outage_of_entra_names_whose_link_it_is(scene):
    """And has the way back to the host app, which can be read meanwhile."""
    link, visitor, back = await begun(scene)
    fault = {"match": {"path": "/token"}, "action": {"aadsts": 90033}, "times": 1}
    scene.twin.post("/_twin/faults", json=fault).raise_for_status()

    await visitor.visit(back)

    assert shown_to(visitor) == (503, link["url"])
    assert "problem=sign-in-unfinished" in visitor.page
    await finishes(scene, visitor, link)


@pytest.mark.parametrize("leaving", [False, True])
async def test_an_outage_at_the_beginning_leads_to_the_same_link(scene, store, leaving):
    """As the link is opened, or left for Microsoft."""
    link = await scene.link(login_hint=MEGAN)
    store.silent = ALL
    name = link["url"].partition("link=")[2]
    visitor = scene.visitor()

    await (visitor.choose(link["url"], name, "user") if leaving else visitor.open(link["url"]))

    assert shown_to(visitor) == (503, link["url"])


async def test_nobody_gets_a_link_for_a_state_of_their_own(scene, store):
    """A forged answer is refused before anything is read or shown."""
    link, visitor, back = await begun(scene)
    store.silent = ALL

    await visitor.visit(re.sub(r"([?&]state=)", r"\1x", back))

    assert "consent-state-invalid" in visitor.page
    assert link["url"] not in unescape(visitor.page)
