"""Guests, personal accounts and administrators, as their id tokens tell them apart."""

from urllib.parse import urlencode

import jwt
import pytest

from local.twin.directory import PERSONAL_TENANT
from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO, FABRIKAM
from tests.twin.entra.conftest import CALLBACK

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def _authorize(tenant="organizations", **params):
    facts = {
        "client_id": CALBRIDGE_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email User.Read",
    }
    return f"/{tenant}/oauth2/v2.0/authorize?{urlencode({**facts, **params})}"


@pytest.fixture
def sign_in(browser, client):
    """The claims of the id token of who signs in below an authority."""

    def sign_in(address, tenant="organizations"):
        url = _authorize(tenant, login_hint=address, prompt="consent")
        code = browser.open(url).press("accept").landed["code"]
        form = {
            "grant_type": "authorization_code",
            "client_id": CALBRIDGE_CLIENT_ID,
            "client_secret": "local-app-secret",
            "code": code,
            "redirect_uri": CALLBACK,
        }
        answer = client.post(f"/{tenant}/oauth2/v2.0/token", data=form)
        return jwt.decode(answer.json()["id_token"], options={"verify_signature": False})

    return sign_in


@pytest.fixture
def guest(client):
    facts = {"tenant": CONTOSO, "upn": "pete@fabrikam.example"}
    more = {"user_type": "Guest", "home_tenant": "fabrikam.example"}
    return client.post("/_twin/people", json={**facts, **more}).json()


@pytest.fixture
def personal(client):
    return client.post(
        "/_twin/people", json={"tenant": "consumers", "upn": "kim@outlook.example"}
    ).json()


def _stopped(browser):
    return browser.page.status_code == 400 and browser.page.text.split("data-code=")[1][1:13]


def test_a_guest_signs_in_as_a_guest_only_below_that_tenant(sign_in, guest, client):
    """Below `organizations` the same address is the member of the home tenant."""
    client.post("/_twin/grants", json={"tenant": FABRIKAM})
    there = sign_in("pete@fabrikam.example", CONTOSO)
    home = sign_in("pete@fabrikam.example")

    assert (there["tid"], there["oid"]) == (CONTOSO, guest["id"])
    assert there["idp"] == f"https://sts.windows.net/{FABRIKAM}/"
    assert (home["tid"], "idp" in home) == (FABRIKAM, False)


def test_mail_finds_a_guest_at_home(client, guest):
    found = client.get("/_twin/people/pete@fabrikam.example").json()

    assert (found["tenant_id"], guest["upn"]) == (
        FABRIKAM,
        "pete_fabrikam.example#EXT#@contoso.example",
    )


def test_a_personal_account_signs_in_below_common_alone(sign_in, personal, browser):
    """Below organizations it is stopped on Entra's page."""
    browser.open(_authorize(login_hint="kim@outlook.example"))
    assert _stopped(browser) == "AADSTS500200"
    browser.open(_authorize(CONTOSO, login_hint="kim@outlook.example"))
    assert _stopped(browser).startswith("AADSTS50020")

    assert sign_in("kim@outlook.example", "common")["tid"] == PERSONAL_TENANT


def test_an_app_for_organisations_takes_no_personal_account(browser, personal, client):
    client.patch(f"/_twin/apps/{CALBRIDGE_CLIENT_ID}", json={"personal_accounts": False})

    browser.open(_authorize("common", login_hint="kim@outlook.example"))

    assert _stopped(browser) == "AADSTS700016"


def test_the_id_token_tells_an_administrator_where_the_app_asked_for_it(sign_in, client):
    assert GLOBAL_ADMINISTRATOR in sign_in("ada@contoso.example")["wids"]
    assert GLOBAL_ADMINISTRATOR not in sign_in("megan@contoso.example")["wids"]

    client.patch("/_twin/switches", json={"wids_in_id_tokens": False})

    assert "wids" not in sign_in("ada@contoso.example")


def test_a_person_stays_the_same_under_another_name(sign_in, client):
    """UPN and mail change, oid does not."""
    before = sign_in("megan@contoso.example")

    change = {"upn": "megan.young@contoso.example", "mail": "megan.young@contoso.example"}
    client.patch("/_twin/people/megan@contoso.example", json=change)
    after = sign_in("megan.young@contoso.example")

    assert after["oid"] == before["oid"]
    assert after["preferred_username"] == "megan.young@contoso.example"
