"""What kind of mailbox it is: at consent, by name under an organisation, and by an account."""

import re
from html import unescape

import pytest

from tests.functions.granted import ADA, MEGAN, scene_on
from tests.functions.test_onboarding import scene, store
from tests.functions.test_who_came_back import came_back, control, nothing_is_stored

__all__ = ["scene", "store"]

FRONTDESK = "frontdesk@contoso.example"
WRITE = ("Calendars.ReadWrite", "User.Read.All")
LONG = pytest.mark.long
CLOSED = {
    "other licence": (
        {"licensed": False, "other_licence": True, "mailbox": "none"},
        "mailbox-unlicensed",
    ),
    "own servers": ({"mailbox": "onprem"}, "mailbox-on-premises"),
    "inactive": ({"mailbox": "inactive"}, "mailbox-inactive"),
}


@pytest.fixture
async def granted(ground):
    async for made in scene_on(ground):
        yield made


def person(scene, name, **facts):
    control(scene, "PATCH", f"/people/{name}", **facts)


def the_same_link(page):
    (found,) = re.findall(r'id="again" href="([^"]+)"', page)
    return unescape(found)


async def told(scene, kind):
    changes = await scene.services.store.changes("acme")
    return [change.data for change in changes if change.type == kind]


@pytest.mark.parametrize(
    "name",
    ["other licence", *(pytest.param(one, marks=LONG) for one in ("inactive", "own servers"))],
)
async def test_each_closed_mailbox_has_its_own_answer(scene, name):
    """The page, the link and the log say what it is and that an administrator is needed, with a
    text to send; nothing is stored. Mended, the same link connects.
    """
    facts, code = CLOSED[name]
    person(scene, MEGAN, **facts)
    visitor, link = await came_back(scene, MEGAN)
    empty = await nothing_is_stored(scene)
    person(scene, MEGAN, licensed=True, mailbox="cloud")
    again = await scene.visitor().visit(the_same_link(visitor.page))
    await again.visit(again.sign_in(MEGAN))

    log = await told(scene, "calbridge.consent_link.state")
    assert (visitor.answer.status_code, link.problem, link.state) == (404, code, "refused")
    assert "An administrator of your organisation has to do this." in visitor.page
    assert 'id="letter"' in visitor.page
    assert empty
    assert [one["cause"] for one in log if one["state"] == "refused"] == [code]
    assert log[-1]["state"] == "granted"


@LONG
async def test_licences_that_are_hidden_are_not_made_up(scene):
    """Where Microsoft does not show a profile's licences, no more is said than that no mailbox
    opened; and whose mailbox opens is connected, without a word.
    """
    control(scene, "PATCH", "/switches", own_plans_are_shown=False)
    _, nobody = await came_back(scene, "lynne@contoso.example")
    _, link = await came_back(scene, MEGAN)

    (connection,) = await scene.services.store.connections("acme")
    assert nobody.problem == "mailbox-missing"
    assert (link.state, connection.notice) == ("granted", "")


async def test_what_may_be_shared_is_connected_and_said(scene):
    """The account never had a licence for a mailbox: page, connection and log say what that may
    mean. A person's own says nothing.
    """
    person(scene, FRONTDESK, licensed=False)
    shared, _ = await came_back(scene, FRONTDESK, login_hint=FRONTDESK)
    own, _ = await came_back(scene, MEGAN)

    kept = {one.address: one.notice for one in await scene.services.store.connections("acme")}
    notices = [one.get("notice", "") for one in await told(scene, "calbridge.connection.state")]
    assert kept == {FRONTDESK: "mailbox-perhaps-shared", MEGAN: ""}
    assert notices == ["mailbox-perhaps-shared", ""]
    assert ('id="notice"' in shared.page, 'id="notice"' in own.page) == (True, False)


async def test_who_expects_a_shared_mailbox_gets_it(scene):
    """Asked for by name it is connected without more; else, where Exchange says what it is, it
    is refused.
    """
    person(scene, FRONTDESK, licensed=False)
    control(scene, "POST", "/grants", tenant="contoso.example", scopes=["MailboxSettings.Read"])
    visitor, refused = await came_back(scene, FRONTDESK, login_hint=FRONTDESK)
    empty = await nothing_is_stored(scene)
    _, link = await came_back(scene, FRONTDESK, login_hint=FRONTDESK, expected=FRONTDESK)

    (connection,) = await scene.services.store.connections("acme")
    assert (visitor.answer.status_code, refused.problem, empty) == (403, "shared-mailbox", True)
    assert (link.state, connection.notice) == ("granted", "")


async def test_a_named_mailbox_that_is_closed_is_refused(granted):
    """Under the organisation's grant, at once and with the reason; nothing is stored."""
    facts, code = CLOSED["own servers"]
    await granted.organisation(*WRITE)
    granted.twin.patch(f"/_twin/people/{MEGAN}", json=facts).raise_for_status()
    answer = await granted.ask("POST", "calendars", json={"mailbox": MEGAN})

    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert answer.json()["pointer"] == "/mailbox"
    assert await granted.services.store.calendars("acme") == []


@LONG
async def test_a_named_guest_is_refused(granted):
    """Whose mailbox is another organisation's."""
    await granted.organisation(*WRITE)
    guest = {"tenant": "contoso.example", "upn": "gina@elsewhere.example", "user_type": "Guest"}
    made = granted.control("/people", **guest)
    answer = await granted.ask("POST", "calendars", json={"mailbox": made["id"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "account-is-guest")


async def test_a_mailbox_on_the_move_is_connected(granted):
    """It is trouble that passes: the calendar's worker goes on when it has."""
    await granted.organisation(*WRITE)
    granted.twin.patch(f"/_twin/people/{MEGAN}", json={"mailbox": "moving"}).raise_for_status()
    answer = await granted.ask("POST", "calendars", json={"mailbox": MEGAN})

    assert (answer.status_code, answer.json()["state"]) == (202, "provisioning")


@LONG
async def test_an_account_learns_where_a_closed_mailbox_is(granted):
    """One that acts for others sees no licences of theirs; what Exchange says is passed on."""
    account = await granted.account(ADA)
    granted.twin.patch(f"/_twin/people/{MEGAN}", json={"mailbox": "onprem"}).raise_for_status()
    granted.control(f"/people/{MEGAN}/calendar-permissions", address=ADA, role="write")
    named = {"connection": account.id, "mailbox": MEGAN}
    unsaid = await granted.ask("POST", "mailboxes", json=named)
    said = {"no_mailbox_code": "MailboxNotHostedInExchangeOnline"}
    granted.twin.patch("/_twin/switches", json=said).raise_for_status()
    told = await granted.ask("POST", "mailboxes", json=named)

    assert unsaid.json()["code"] == "mailbox-missing"
    assert told.json()["code"] == "mailbox-on-premises"
