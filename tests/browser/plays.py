"""How each situation of local/situations.py comes about, and what the person does in it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect

from tests.browser.walk import Walk

Play = Callable[[Walk], Awaitable[Walk | None]]
"""Gives the walk at whose end the page is, where that is another than the one it began with."""

PLAYS: dict[str, Play] = {}


def plays(name: str) -> Callable[[Play], Play]:
    def known(play: Play) -> Play:
        PLAYS[name] = play
        return play

    return known


@plays("person-agrees")
async def person_agrees(walk: Walk) -> None:
    await walk.prepare()
    await walk.link()
    await walk.agree()


@plays("organisation-agrees")
async def organisation_agrees(walk: Walk) -> None:
    await walk.prepare()
    await walk.link("organisation")
    await walk.agree(for_all=True)


@plays("shared-account-agrees")
async def shared_account_agrees(walk: Walk) -> None:
    await walk.prepare()
    await walk.link("service_account", login_hint=walk.who("kim"))
    await walk.open()
    await walk.accept()


async def refused_to_kim(walk: Walk) -> None:
    await walk.prepare("admins_only")
    await walk.link()
    await walk.open(choice="user")
    await walk.page.locator("#return").click()


PLAYS["administrators-only"] = refused_to_kim


@plays("handed-over")
async def handed_over(walk: Walk) -> Walk:
    """By the text that the page gave."""
    await refused_to_kim(walk)
    text = await walk.page.locator("#letter").input_value()
    url = next(line for line in text.splitlines() if line.startswith("http"))
    admin = await walk.elsewhere()
    await admin.page.goto(url)
    await expect(admin.page.locator("#waiting")).to_be_visible()
    await expect(admin.first).to_have_id("as-organisation")
    await admin.first.click()
    await admin.choose(walk.who("root"))
    await admin.accept()
    await admin.choose(walk.who("root"))
    return admin


@plays("approval-asked")
async def approval_asked(walk: Walk) -> None:
    """With the reason that the first page holds ready."""
    await walk.prepare("admin_workflow")
    link = await walk.link()
    await walk.page.goto(link["url"])
    reason = await walk.page.locator("#justification").input_value()
    await walk.open(choice="user")
    await walk.page.locator("#justification").fill(reason)
    await walk.page.locator("#request-approval").click()
    await expect(walk.page.locator("#sent")).to_be_visible()
    await walk.page.locator("#return").click()


@plays("approval-given")
async def approval_given(walk: Walk) -> None:
    await approval_asked(walk)
    asked = (await walk.play("/admin-requests", "GET"))["value"]
    kim = await walk.play(f"/people/{walk.who('kim')}", "GET")
    (request,) = [one for one in asked if one["user_id"] == kim["id"]]
    await walk.play(f"/admin-requests/{request['id']}", decision="approve")
    await walk.page.locator("#again").click()
    await walk.page.locator("#as-user").click()


@plays("no-administrator")
async def no_administrator(walk: Walk) -> None:
    await walk.prepare()
    await walk.link("organisation")
    await walk.open(choice="organisation")
    await walk.choose(walk.who("root"))
    await walk.accept()
    await walk.choose(walk.who("kim"))


@plays("declined")
async def declined(walk: Walk) -> None:
    await walk.prepare()
    await walk.link()
    await walk.open(choice="user")
    await walk.decline()


@plays("administrator-declines")
async def administrator_declines(walk: Walk) -> None:
    await walk.prepare()
    await walk.link("organisation")
    await walk.open()
    await walk.choose(walk.who("root"))
    await walk.decline()


@plays("agrees-after-all")
async def agrees_after_all(walk: Walk) -> None:
    await declined(walk)
    await walk.page.locator("#again").click()
    await walk.page.locator("#as-user").click()
    await walk.accept()


@plays("wrong-account")
async def wrong_account(walk: Walk) -> None:
    await walk.prepare()
    await walk.link(login_hint="", expected=walk.who("kim"))
    await walk.open(choice="user")
    await walk.choose(walk.who("root"))
    await walk.accept()


@plays("wrong-organisation")
async def wrong_organisation(walk: Walk) -> None:
    """Who was under way already when a colleague connected another one."""
    await walk.prepare()
    await walk.organisation(f"{walk.name}two")
    late = await walk.elsewhere()
    await late.link(login_hint=f"kim@{walk.name}two.example")
    await late.open(choice="user")
    await walk.link()
    await walk.agree()
    await expect(walk.page.locator("h1")).to_contain_text("is connected")
    await late.accept()
    return late


@plays("guest")
async def guest(walk: Walk) -> None:
    await walk.prepare()
    await walk.organisation(f"{walk.name}home")
    visitor = f"kim@{walk.name}home.example"
    await walk.play(
        "/people",
        tenant=walk.domain,
        upn=visitor,
        user_type="Guest",
        home_tenant=f"{walk.name}home.example",
    )
    await walk.link()
    await walk.agree()
    await expect(walk.page.locator("h1")).to_contain_text("is connected")
    await walk.link(login_hint="")
    await walk.open(choice="user")
    await walk.choose(visitor)
    await walk.accept()


@plays("organisation-taken")
async def organisation_taken(walk: Walk) -> None:
    await walk.prepare()
    other = f"{walk.name}other"
    await walk.customer(other)
    first = await walk.elsewhere()
    await first.link(tenant=other)
    await first.agree()
    await expect(first.page.locator("h1")).to_contain_text("is connected")
    await walk.link(login_hint=walk.who("root"))
    await walk.agree()


async def with_mailbox(walk: Walk, *, expected: str = "", **facts: Any) -> None:
    await walk.prepare()
    await walk.play(f"/people/{walk.who('kim')}", "PATCH", **facts)
    await walk.link(**({"expected": expected} if expected else {}))
    await walk.agree()


@plays("no-mailbox")
async def no_mailbox(walk: Walk) -> None:
    await with_mailbox(walk, licensed=False, mailbox="none")


@plays("on-premises")
async def on_premises(walk: Walk) -> None:
    await with_mailbox(walk, mailbox="onprem")


@plays("other-licence")
async def other_licence(walk: Walk) -> None:
    await with_mailbox(walk, licensed=False, other_licence=True, mailbox="none")


@plays("inactive-mailbox")
async def inactive_mailbox(walk: Walk) -> None:
    await with_mailbox(walk, mailbox="inactive")


@plays("licences-hidden")
async def licences_hidden(walk: Walk) -> None:
    await walk.play("/switches", "PATCH", own_plans_are_shown=False)
    try:
        await with_mailbox(walk, licensed=False, mailbox="none")
        await expect(walk.page.locator("#code")).to_be_visible()
    finally:
        await walk.play("/switches", "PATCH", own_plans_are_shown=True)


@plays("shared-mailbox")
async def shared_mailbox(walk: Walk) -> None:
    """An administrator has let the app know what mailboxes are for."""
    await walk.prepare()
    await walk.play("/grants", tenant=walk.domain, scopes=["MailboxSettings.Read"])
    await walk.play(f"/people/{walk.who('kim')}", "PATCH", kind="shared", licensed=False)
    await walk.link()
    await walk.agree()


@plays("perhaps-shared")
async def perhaps_shared(walk: Walk) -> None:
    await with_mailbox(walk, kind="shared", licensed=False)


@plays("shared-expected")
async def shared_expected(walk: Walk) -> None:
    await with_mailbox(walk, expected=walk.who("kim"), kind="shared", licensed=False)


@plays("connected-already")
async def connected_already(walk: Walk) -> None:
    await organisation_agrees(walk)
    await expect(walk.page.locator("h1")).to_contain_text("is connected")
    path = f"/v1/tenants/{walk.name}/calendars"
    answer = await walk.api.post(path, json={"mailbox": walk.who("kim")})
    assert answer.status_code == 202, answer.text
    await walk.link()
    await walk.open(choice="user")


@plays("less-allowed")
async def less_allowed(walk: Walk) -> None:
    await walk.prepare()
    await walk.play(f"/tenants/{walk.domain}/withheld", permissions=["Calendars.ReadWrite"])
    await walk.link()
    await walk.agree()


@plays("not-yet-effective")
async def not_yet_effective(walk: Walk) -> None:
    """The sign-in's own token is the first, the app's the second."""
    await walk.prepare()
    await walk.link("organisation")
    await walk.play(
        "/faults",
        match={"path": "/token", "tenant": walk.domain},
        action={"aadsts": 65001},
        skip=1,
    )
    await walk.agree(for_all=True)


@plays("secret-expired")
async def secret_expired(walk: Walk) -> None:
    await walk.prepare()
    await walk.fault(7000222, "/token")
    await walk.link()
    await walk.agree()


@plays("microsoft-away")
async def microsoft_away(walk: Walk) -> None:
    await walk.prepare()
    await walk.fault(90033, "/token")
    await walk.link()
    await walk.agree()


@plays("unknown-number-back")
async def unknown_number_back(walk: Walk) -> None:
    await walk.prepare()
    await walk.fault(999999, "/authorize", returns=True)
    await walk.link()
    await walk.open(choice="user")


@plays("other-browser")
async def other_browser(walk: Walk) -> None:
    """What ties the answer to a browser is the cookie with which it left."""
    await walk.prepare()
    await walk.link()
    await walk.open(choice="user")
    await expect(walk.page.locator("#accept")).to_be_visible()
    await walk.page.context.clear_cookies(name="calbridge_consent")
    await walk.accept()


@plays("link-expired")
async def link_expired(walk: Walk) -> None:
    await walk.prepare()
    link = await walk.link()
    async with walk.store() as store:
        kept = await store.consent_link(walk.name, link["id"])
        assert kept
        over = datetime.now(UTC) - timedelta(seconds=1)
        await store.put_consent_link(replace(kept, expires=over))
    await walk.page.goto(link["url"])


@plays("link-revoked")
async def link_revoked(walk: Walk) -> None:
    await walk.prepare()
    link = await walk.link()
    path = f"/v1/tenants/{walk.name}/consent-links/{link['id']}"
    (await walk.api.delete(path)).raise_for_status()
    await walk.page.goto(link["url"])


@plays("link-used")
async def link_used(walk: Walk) -> None:
    await person_agrees(walk)
    await expect(walk.page.locator("h1")).to_contain_text("is connected")
    await walk.page.goto(walk.links[-1]["url"])


@plays("link-changed")
async def link_changed(walk: Walk) -> None:
    await walk.prepare()
    link = await walk.link()
    await walk.page.goto(link["url"][:-3])


async def stopped(walk: Walk) -> None:
    """Kim meets a page of Microsoft's own."""
    await walk.link()
    await walk.open(choice="user")


async def installed(walk: Walk, **facts: Any) -> None:
    """A colleague has used the app before."""
    await walk.play("/grants", tenant=walk.domain, scopes=["User.Read"])
    await walk.play("/grants", "PATCH", tenant=walk.domain, **facts)


@plays("not-assigned")
async def not_assigned(walk: Walk) -> None:
    await walk.prepare()
    await installed(walk, assignment_required=True)
    await stopped(walk)


@plays("blocked")
async def blocked(walk: Walk) -> None:
    await walk.prepare()
    await walk.play(f"/tenants/{walk.domain}/access", access="block")
    await stopped(walk)


@plays("disabled")
async def disabled(walk: Walk) -> None:
    await walk.prepare()
    await walk.play(f"/people/{walk.who('kim')}", "PATCH", enabled=False)
    await stopped(walk)


@plays("app-disabled")
async def app_disabled(walk: Walk) -> None:
    await walk.prepare()
    await installed(walk, enabled=False)
    await stopped(walk)


@plays("personal")
async def personal(walk: Walk) -> None:
    await walk.prepare()
    account = f"{walk.name}@outlook.example"
    await walk.play("/people", tenant="consumers", upn=account)
    await walk.link(login_hint="")
    await walk.open(choice="user")
    await walk.choose(account)


@plays("stranger")
async def stranger(walk: Walk) -> None:
    await person_agrees(walk)
    await expect(walk.page.locator("h1")).to_contain_text("is connected")
    await walk.organisation(f"{walk.name}two")
    await walk.link(login_hint=f"kim@{walk.name}two.example")
    await walk.open(choice="user")


async def shown(walk: Walk, number: int) -> None:
    """What the twin has no situation for: Microsoft's page with that number all the same."""
    await walk.prepare()
    await walk.fault(number, "/authorize", returns=False)
    await stopped(walk)
