"""However a grant ends, the tenant's log says so within a minute of the first sign of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from shared.custody.reach import delegated_scopes
from shared.store.records import ConnectionKind
from tests.journeys.scene import Customer, Scene, eventually

SOON = timedelta(minutes=1)
GRAPH = "^/v1.0/(users|me)"
TOKENS = "/oauth2/v2.0/token"
APP = f"/apps/{CALBRIDGE_CLIENT_ID}"
SECRET = "local-app-secret"
LONG_AGO = "2020-01-01T00:00:00+00:00"

Act = Callable[[Customer, str], Awaitable[Any]]


def control(method: str, path: str, **body: Any) -> Act:
    """A call of the twin's; {person} and {tenant} are filled in wherever they stand."""

    async def act(customer: Customer, who: str) -> None:
        names = {"person": customer.address(who), "tenant": customer.entra}
        filled = {
            name: value.format(**names) if isinstance(value, str) else value
            for name, value in body.items()
        }
        await customer.scene.control(method, path.format(**names), filled or None)

    return act


async def age_refresh_tokens(customer: Customer, who: str) -> None:
    del who
    await customer.fault({"aadsts": 700082}, TOKENS, "POST", times=None)


def has_secret(**secret: str) -> Act:
    return control("PATCH", APP, secrets=[{"value": SECRET, **secret}])


@dataclass(frozen=True)
class Ending:
    """`mended` is None where only signing in again mends it. `subject` is what the log speaks of,
    `is_refused` whether Graph refuses the access token that is held.
    """

    ended: Act
    mended: Act | None
    cause: str
    fixed_by: str
    kind: str = "user"
    subject: str = "connection"
    is_refused: bool = True


SCOPES = delegated_scopes(ConnectionKind.USER)
ENDINGS = {
    "a person takes consent back": Ending(
        control("POST", "/grants/revoke", tenant="{tenant}", user="{person}"),
        control("POST", "/grants", tenant="{tenant}", scopes=SCOPES),
        "consent-required",
        "user",
    ),
    "an administrator removes the app": Ending(
        control("POST", "/grants/revoke", tenant="{tenant}"),
        control("POST", "/grants", tenant="{tenant}"),
        "app-not-installed",
        "tenant_admin",
        kind="organisation",
    ),
    "an administrator disables the app": Ending(
        control("PATCH", "/grants", tenant="{tenant}", enabled=False),
        control("PATCH", "/grants", tenant="{tenant}", enabled=True),
        "app-disabled",
        "tenant_admin",
        kind="organisation",
    ),
    "an administrator resets the password": Ending(
        control("POST", "/people/{person}/reset-password"), None, "sign-in-again", "user"
    ),
    "conditional access blocks the person": Ending(
        control("POST", "/people/{person}/access", access="block"),
        control("POST", "/people/{person}/access", access="allow"),
        "conditional-access",
        "tenant_admin",
    ),
    "the account is disabled": Ending(
        control("PATCH", "/people/{person}", enabled=False),
        control("PATCH", "/people/{person}", enabled=True),
        "user-disabled",
        "tenant_admin",
    ),
    "the refresh token is too old": Ending(
        age_refresh_tokens, control("DELETE", "/faults"), "sign-in-again", "user"
    ),
    "the mailbox loses its licence": Ending(
        control("PATCH", "/people/{person}", licensed=False),
        control("PATCH", "/people/{person}", licensed=True),
        "mailbox-unlicensed",
        "tenant_admin",
        kind="organisation",
        subject="calendar",
        is_refused=False,
    ),
    "the app's own secret expires": Ending(
        has_secret(expires=LONG_AGO),
        has_secret(),
        "app-credential-refused",
        "vendor",
    ),
}


@pytest.fixture(scope="module")
def spare() -> dict[str, Customer]:
    """By kind of grant, a customer whose grant works: who was mended serves again."""
    return {}


@pytest.fixture
async def pristine(scene: Scene):
    yield
    await scene.control("DELETE", "/faults")
    await scene.control("PATCH", APP, {"secrets": [SECRET]})


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.usefixtures("pristine")
async def test_an_ending_is_told_within_a_minute(scene: Scene, spare: dict[str, Customer], name):
    """With what it is and who can mend it, counted from the first request that failed; that it
    is mended is seen by trying it.
    """
    ending, visit = ENDINGS[name], "-".join(name.replace("'", "").split())
    customer = await connected(scene, ending.kind, spare.pop(ending.kind, None))
    before, since = len(await customer.changes()), await twin_now(scene)
    await ending.ended(customer, "pete")
    if ending.is_refused:
        await refuse_token(customer)
    await customer.put(visit, "pete")
    told = await trouble(customer, ending.subject, before)
    took = await twin_now(scene) - await first_failure(customer, since)

    assert told["data"]["cause"] == ending.cause
    assert told["data"]["explanation"]["fixed_by"] == ending.fixed_by
    assert took < SOON
    if ending.mended is None:
        assert (await tried(customer))["cause"] == ending.cause
    else:
        await ending.mended(customer, "pete")
        assert (await tried(customer))["state"] == "active"
        await customer.shows("pete", visit)
        await customer.in_state("pete", "active")
        spare[ending.kind] = customer


async def connected(scene: Scene, kind: str, spare: Customer | None) -> Customer:
    if spare is not None:
        return replace(spare, scene=scene)
    if kind == "organisation":
        return await scene.connect("pete")
    customer = await scene.customer("pete")
    link = await scene.consent_link(customer, kind, login_hint=customer.address("pete"))
    await scene.consent(link["url"], customer.address("pete"))
    await customer.in_state("pete", "active")
    return customer


async def refuse_token(customer: Customer) -> None:
    """As if it had grown old: its hour would hide what has happened behind it."""
    match = {"tenant": customer.entra, "path": GRAPH}
    await customer.scene.control("POST", "/faults", {"match": match, "action": {"status": 401}})


async def trouble(customer: Customer, subject: str, after: int) -> dict[str, Any]:
    async def look() -> list[dict[str, Any]]:
        return [
            one
            for one in (await customer.changes())[after:]
            if one["type"] == f"calbridge.{subject}.state"
            and one["data"]["state"] == "action_required"
        ]

    return (await eventually(look, f"the {subject}'s trouble in the log"))[0]


async def first_failure(customer: Customer, since: datetime) -> datetime:
    """By the twin's clock, which other stories may have put on."""
    query = {"tenant": customer.entra}
    asked = (await customer.scene.twin.get("/requests", params=query)).json()["value"]
    times = [datetime.fromisoformat(one["at"]) for one in asked if one["status"] >= 400]
    return min(one for one in times if one >= since)


async def twin_now(scene: Scene) -> datetime:
    return datetime.fromisoformat((await scene.control("GET", "/clock"))["now"])


async def tried(customer: Customer) -> dict[str, Any]:
    (one,) = (await customer.api("GET", "/connections")).json()["connections"]
    answer = await customer.api("POST", f"/connections/{one['id']}/check")
    assert answer.is_success, answer.text
    return answer.json()
