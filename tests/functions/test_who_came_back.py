"""Who came back from Microsoft, and what is made of those who were not meant."""

import re
from datetime import timedelta

import pytest

from shared.observe import Unexpected
from shared.onboarding.watching import watch_links
from shared.store.records import State, Tenant
from tests.functions.test_onboarding import connect_organisation, scene, store

__all__ = ["scene", "store"]

MEGAN, NESTOR = "megan@contoso.example", "nestor@contoso.example"


async def came_back(scene, account, tenant="acme", **wanted):
    """At the end of the way of whoever signs in as `account`."""
    link = await scene.link(tenant, **wanted)
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in(account))
    if wanted.get("kind") == "organisation":
        await visitor.visit(visitor.sign_in(account))
    return visitor, await scene.services.store.consent_link(tenant, link["id"])


async def nothing_is_stored(scene, tenant="acme"):
    kept = await scene.services.store.tenant(tenant)
    return (
        kept.entra_tenant == ""
        and await scene.services.store.connections(tenant) == []
        and await scene.services.store.calendars(tenant) == []
        and scene.services.vault.secrets == {}
    )


def control(scene, method, path, **body):
    scene.twin.request(method, f"/_twin{path}", json=body).raise_for_status()


def object_id(scene, upn):
    people = scene.twin.get("/_twin/people").json()["value"]
    return next(one["id"] for one in people if one["upn"] == upn)


@pytest.mark.parametrize("name", [NESTOR, "Nestor@Contoso.example", "reception@contoso.example"])
async def test_who_is_expected_may_connect(scene, name):
    """By user principal name, whatever its case, or by a proxy address."""
    visitor, link = await came_back(scene, NESTOR, expected=name)

    assert visitor.answer.status_code == 200, visitor.page
    assert link.state == "granted"


async def test_who_is_expected_may_be_named_by_object_id(scene):
    visitor, _ = await came_back(scene, NESTOR, expected=object_id(scene, NESTOR))

    assert visitor.answer.status_code == 200, visitor.page


async def agreed_for_all(scene, account, expected):
    """By the other choice on the page of a link that was made for one person."""
    link = await scene.link(expected=expected)
    visitor = await scene.visitor().open(link["url"])
    (token,) = set(re.findall(r'name="link" value="([^"]+)"', visitor.page))
    await visitor.choose(link["url"], token, "organisation")
    for _ in ("consent", "sign-in"):
        await visitor.visit(visitor.sign_in(account))
    return visitor, await scene.services.store.consent_link("acme", link["id"])


async def test_an_administrator_agrees_for_all_by_a_persons_link(scene):
    """Whose link it is could not: the text they were given leads their administrator here."""
    visitor, link = await agreed_for_all(scene, "ada@contoso.example", MEGAN)

    (connection,) = await scene.services.store.connections("acme")
    assert visitor.answer.status_code == 200, visitor.page
    assert (link.state, connection.kind) == ("granted", "organisation")


async def test_an_administrator_of_another_organisation_does_not(scene):
    """Nothing was connected before, so whose customer it is follows from whom the link is for."""
    visitor, link = await agreed_for_all(scene, "root@fabrikam.example", MEGAN)

    assert (visitor.answer.status_code, "wrong-account" in visitor.page) == (403, True)
    assert (link.state, await nothing_is_stored(scene)) == ("refused", True)


async def test_another_account_is_told_so_kindly(scene):
    """Both are named on the page only, and masked; nothing is stored, and the link still leads
    the right one on.
    """
    visitor, link = await came_back(scene, MEGAN, expected=NESTOR)

    changes = str(await scene.services.store.changes("acme"))
    assert (visitor.answer.status_code, "wrong-account" in visitor.page) == (403, True)
    assert "m…@contoso.example" in visitor.page
    assert "n…@contoso.example" in visitor.page
    assert MEGAN not in visitor.page
    assert (link.state, link.problem) == ("refused", "wrong-account")
    assert "contoso" not in changes
    assert await nothing_is_stored(scene)


async def test_another_administrator_is_told_so(scene):
    """Whom an organisation's link is for is looked up under the organisation's own grant."""
    control(scene, "POST", "/people", tenant="contoso.example", upn="al@contoso.example",
            is_admin=True, aliases=["boss@contoso.example"])  # fmt: skip
    wrong, link = await came_back(
        scene, "ada@contoso.example", kind="organisation", expected="boss@contoso.example"
    )
    empty = await nothing_is_stored(scene)
    right, _ = await came_back(
        scene, "al@contoso.example", kind="organisation", expected="boss@contoso.example"
    )

    assert "wrong-account" in wrong.page
    assert (link.problem, empty) == ("wrong-account", True)
    assert right.answer.status_code == 200, right.page


async def test_one_organisation_is_one_customers(scene):
    """Another tenant of the host app cannot be bound to an Entra tenant that has one."""
    await connect_organisation(scene)
    await scene.services.store.put_tenant(
        Tenant("rival", "Rival", State.NOT_CONNECTED, scene.clock())
    )
    visitor, link = await came_back(scene, MEGAN, "rival")

    assert (visitor.answer.status_code, "organisation-taken" in visitor.page) == (409, True)
    assert link.problem == "organisation-taken"
    assert (await scene.services.store.tenant("rival")).entra_tenant == ""
    assert await scene.services.store.connections("rival") == []
    assert scene.services.vault.secrets == {}


async def test_who_has_no_mailbox_is_told_so(scene):
    """A directory entry is not enough."""
    visitor, link = await came_back(scene, "lynne@contoso.example")

    assert (visitor.answer.status_code, link.problem) == (404, "mailbox-unlicensed")
    assert await nothing_is_stored(scene)


async def test_less_than_was_needed_is_told(scene):
    """What Microsoft did not allow is named, and nothing is connected with the rest."""
    control(
        scene, "POST", "/tenants/contoso.example/withheld", permissions=["Calendars.ReadWrite"]
    )
    visitor, link = await came_back(scene, MEGAN)

    assert (visitor.answer.status_code, "Calendars.ReadWrite" in visitor.page) == (403, True)
    assert link.problem == "scopes-missing"
    assert await nothing_is_stored(scene)


async def test_a_guest_is_told_where_the_mailbox_is(scene):
    """Signing in as a guest of the organisation leads to no mailbox of it."""
    await connect_organisation(scene)
    guest = "gina@elsewhere.example"
    control(scene, "POST", "/people", tenant="contoso.example", upn=guest, user_type="Guest",
            display_name="Gina Guest")  # fmt: skip
    visitor, link = await came_back(scene, guest)

    assert (visitor.answer.status_code, link.problem) == (403, "guest-account"), visitor.page
    assert len(await scene.services.store.connections("acme")) == 1


async def consenting(scene):
    """An administrator's browser that has agreed for the organisation."""
    link = await scene.link(kind="organisation")
    visitor = await scene.visitor().visit(link["url"])
    await visitor.visit(visitor.sign_in("ada@contoso.example"))
    return link, visitor


async def test_only_an_administrator_finishes_for_the_organisation(scene):
    """Who agreed and who signs in may be two: the second must hold a role that may agree, where
    Entra tells roles.
    """
    link, visitor = await consenting(scene)
    await visitor.visit(visitor.sign_in(MEGAN))

    kept = await scene.services.store.consent_link("acme", link["id"])
    assert (visitor.answer.status_code, kept.problem) == (403, "administrator-needed")
    assert kept.state == "waiting"
    assert await nothing_is_stored(scene)


async def test_a_consent_on_its_way_finishes_by_itself(scene):
    """Right after the consent Entra may not know the app in the tenant. The link stays sent and
    says why; minutes later it is granted, without anybody.
    """
    link, visitor = await consenting(scene)
    back = visitor.sign_in("ada@contoso.example")
    fault = {"match": {"path": "/token"}, "action": {"aadsts": 700016}, "skip": 1, "times": 2}
    control(scene, "POST", "/faults", **fault)
    await visitor.visit(back)
    pending = await scene.services.store.consent_link("acme", link["id"])
    empty = await nothing_is_stored(scene)
    for _ in range(6):
        scene.clock.now += timedelta(minutes=2)
        await watch_links(scene.services, scene.clock())

    kept = await scene.services.store.consent_link("acme", link["id"])
    (connection,) = await scene.services.store.connections("acme")
    assert "consent-pending" in visitor.page
    assert (pending.state, pending.problem, empty) == ("sent", "consent-pending", True)
    assert (kept.state, kept.connection) == ("granted", connection.id)
    assert connection.granted


async def test_a_process_that_dies_before_the_end_leaves_a_link_that_works(scene, store):
    """The grant is kept and the connection is not: the same person, by the same link, ends with
    one connection.
    """
    link = await scene.link(login_hint=MEGAN)
    visitor = await scene.visitor().visit(link["url"])
    back = visitor.sign_in(MEGAN)
    put, store.put_connection = store.put_connection, died
    with pytest.raises(Unexpected, match="ConnectionError"):
        await visitor.visit(back)
    store.put_connection = put
    between = await store.consent_link("acme", link["id"])
    again = await scene.visitor().visit(link["url"])
    await again.visit(again.sign_in(MEGAN))

    assert between.state == "sent"
    assert again.answer.status_code == 200
    assert len(await store.connections("acme")) == 1
    assert len(scene.services.vault.secrets) == 1


async def died(_):
    raise ConnectionError


async def test_an_unknown_number_is_shown_and_kept(scene):
    """The page shows the number, the log keeps it; no text of Microsoft's goes any further."""
    link = await scene.link(login_hint=MEGAN)
    visitor = await scene.visitor().visit(link["url"])
    fault = {"match": {"path": "/token"}, "action": {"aadsts": 999999}}
    back = visitor.sign_in(MEGAN)
    control(scene, "POST", "/faults", **fault)
    await visitor.visit(back)

    kept = await scene.services.store.consent_link("acme", link["id"])
    changes = await scene.services.store.changes("acme")
    assert "AADSTS999999" in visitor.page
    assert (kept.problem, kept.number) == ("sign-in-unexplained", 999999)
    assert changes[-1].data["aadsts"] == 999999
