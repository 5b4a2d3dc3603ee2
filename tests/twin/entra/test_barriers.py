"""What comes between a connection and its tokens, and whether the app hears of it."""

from urllib.parse import urlencode

import jwt
import pytest

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO
from tests.twin.entra.conftest import CALLBACK

MEGAN = "megan@contoso.example"
CLIENT = {"client_id": CALBRIDGE_CLIENT_ID, "client_secret": "local-app-secret"}
SCOPE = "openid profile offline_access Calendars.ReadWrite"


def _authorize(tenant="organizations", **params):
    facts = {
        "client_id": CALBRIDGE_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "login_hint": MEGAN,
    }
    return f"/{tenant}/oauth2/v2.0/authorize?{urlencode({**facts, **params})}"


def _stopped(browser):
    assert browser.page.status_code == 400, browser.page.text
    return int(browser.page.text.split('data-code="AADSTS')[1].split('"')[0])


@pytest.fixture
def sign_in(browser, client):
    """The token answer for who signs in and consents."""

    def sign_in(**params):
        browser.open(_authorize(**params))
        if browser.has("accept"):
            browser.press("accept")
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        code = browser.landed["code"]
        return client.post(
            "/organizations/oauth2/v2.0/token", data={**CLIENT, **form, "code": code}
        )

    return sign_in


@pytest.fixture
def refresh(client, sign_in):
    """The AADSTS numbers a refresh ends with, none when there are tokens."""
    first = sign_in().json()["refresh_token"]

    def refresh(token=first):
        form = {**CLIENT, "grant_type": "refresh_token", "refresh_token": token, "scope": SCOPE}
        answer = client.post("/organizations/oauth2/v2.0/token", data=form).json()
        return answer.get("error_codes", [])

    return refresh


@pytest.fixture
def app_only(client):
    def app_only():
        scope = "https://graph.microsoft.com/.default"
        form = {**CLIENT, "grant_type": "client_credentials", "scope": scope}
        answer = client.post(f"/{CONTOSO}/oauth2/v2.0/token", data=form)
        return answer.json()

    return app_only


def test_a_block_stops_sign_in_and_refresh(client, browser, refresh):
    client.post(f"/_twin/tenants/{CONTOSO}/access", json={"access": "block"})

    assert refresh() == [53003]
    assert _stopped(browser.open(_authorize())) == 53003

    client.post(f"/_twin/people/{MEGAN}/access", json={"access": "allow"})

    assert refresh() == []


def test_a_second_factor_is_asked_of_old_refresh_tokens(client, refresh, sign_in):
    """A new sign-in satisfies it."""
    client.post("/_twin/clock/freeze", json={})
    client.post("/_twin/clock/advance", json={"seconds": 60})
    client.post(f"/_twin/people/{MEGAN}/access", json={"access": "mfa"})
    assert refresh() == [50076]

    client.post("/_twin/clock/advance", json={"seconds": 60})

    assert refresh(sign_in().json()["refresh_token"]) == []


def test_a_sign_in_frequency_counts_from_the_sign_in(client, sign_in):
    """Renewing tokens in between does not help."""
    client.post(f"/_twin/tenants/{CONTOSO}/access", json={"access": "sign_in_frequency"})
    token = sign_in().json()["refresh_token"]
    form = {**CLIENT, "grant_type": "refresh_token", "scope": SCOPE}
    url = "/organizations/oauth2/v2.0/token"
    client.post("/_twin/clock/advance", json={"seconds": 20 * 3600})
    newer = client.post(url, data={**form, "refresh_token": token}).json()["refresh_token"]
    client.post("/_twin/clock/advance", json={"seconds": 5 * 3600})

    answer = client.post(url, data={**form, "refresh_token": newer}).json()

    assert answer["error_codes"] == [70043]


def test_only_assigned_people_use_an_app_that_wants_it(client, browser, refresh):
    change = {"tenant": CONTOSO, "assignment_required": True, "assigned": ["ada@contoso.example"]}
    client.patch("/_twin/grants", json=change)

    assert refresh() == [50105]
    assert _stopped(browser.open(_authorize())) == 50105

    client.patch("/_twin/grants", json={"tenant": CONTOSO, "assigned": [MEGAN]})

    assert refresh() == []


def test_an_app_that_the_tenant_switched_off_gets_no_tokens(client, refresh, app_only):
    client.patch("/_twin/grants", json={"tenant": CONTOSO, "enabled": False})

    assert refresh() == [7000112]
    assert app_only()["error_codes"] == [7000112]


@pytest.mark.parametrize(("by", "codes"), [("admin", [50173]), ("self", [])])
def test_a_password_reset_by_an_administrator_ends_the_sessions(client, refresh, by, codes):
    client.post(f"/_twin/people/{MEGAN}/reset-password", json={"by": by})

    assert refresh() == codes


def test_consent_taken_back_before_the_code_is_redeemed_is_65001(client, browser):
    code = browser.open(_authorize()).press("accept").landed["code"]
    client.post("/_twin/grants/revoke", json={"tenant": CONTOSO, "user": MEGAN})
    form = {**CLIENT, "grant_type": "authorization_code", "redirect_uri": CALLBACK}

    answer = client.post("/organizations/oauth2/v2.0/token", data={**form, "code": code}).json()

    assert (answer["error_codes"], answer["suberror"]) == ([65001], "consent_required")


def test_a_role_taken_away_is_missing_from_the_next_token(client, app_only):
    client.post("/_twin/grants", json={"tenant": CONTOSO})
    client.patch("/_twin/grants", json={"tenant": CONTOSO, "roles": ["User.Read.All"]})

    token = app_only()["access_token"]

    assert jwt.decode(token, options={"verify_signature": False})["roles"] == ["User.Read.All"]


def test_withheld_permissions_make_the_scope_shorter_than_asked(client, sign_in):
    """And nobody is asked to consent to them."""
    permissions = {"permissions": ["Calendars.ReadWrite"]}
    client.post(f"/_twin/tenants/{CONTOSO}/withheld", json=permissions)

    answer = sign_in(scope=f"{SCOPE} User.Read").json()

    assert answer["scope"] == "User.Read email openid profile"


def test_default_is_content_with_less(client, sign_in):
    """Where an administrator consented to a part of the registration."""
    client.post("/_twin/grants", json={"tenant": CONTOSO, "scopes": ["User.Read"]})

    answer = sign_in(scope="openid https://graph.microsoft.com/.default").json()

    assert answer["scope"] == "User.Read email openid profile"


def test_an_approved_request_spares_the_person_the_question(client, browser):
    browser.open(_authorize(login_hint="yuri@adatum.example"))
    browser.press("request-approval", justification="To sync")
    (asked,) = client.get("/_twin/admin-requests").json()["value"]
    assert asked["state"] == "waiting"

    decided = client.post(f"/_twin/admin-requests/{asked['id']}", json={"decision": "approve"})

    assert decided.json()["state"] == "approved"
    assert "code" in browser.open(_authorize(login_hint="yuri@adatum.example")).landed


def test_a_denied_request_changes_nothing(client, browser):
    browser.open(_authorize(login_hint="yuri@adatum.example"))
    browser.press("request-approval", justification="To sync")
    (asked,) = client.get("/_twin/admin-requests").json()["value"]

    client.post(f"/_twin/admin-requests/{asked['id']}", json={"decision": "deny"})

    assert browser.open(_authorize(login_hint="yuri@adatum.example")).has("request-approval")


def test_any_number_can_fail_the_next_sign_in_or_refresh(client, browser, refresh):
    """Also one that Entra does not know; whether the app hears of it can be chosen."""
    match = {"user": MEGAN}
    client.post("/_twin/faults", json={"match": match, "action": {"aadsts": 999999}})
    assert refresh() == [999999]

    action = {"aadsts": 53003, "returns": True}
    client.post("/_twin/faults", json={"match": match, "action": action})
    back = browser.open(_authorize()).landed
    action = {"aadsts": 999999, "returns": False}
    client.post("/_twin/faults", json={"match": match, "action": action})

    assert back["error_description"].startswith("AADSTS53003")
    assert _stopped(browser.open(_authorize())) == 999999


def test_the_switch_brings_home_what_stays_on_the_page(client, browser):
    client.patch("/_twin/switches", json={"sign_in_problems_return": True})
    client.patch(f"/_twin/people/{MEGAN}", json={"enabled": False})

    back = browser.open(_authorize(state="s-9")).landed

    assert (back["error_description"][:11], back["state"]) == ("AADSTS50057", "s-9")


def test_an_unknown_scope_comes_back_to_the_app(browser):
    back = browser.open(_authorize(scope="Calendars.Fly")).landed

    assert (back["error"], back["error_description"][:12]) == ("invalid_client", "AADSTS650053")


def test_a_tenant_that_is_gone_is_90002(client, app_only):
    client.delete(f"/_twin/tenants/{CONTOSO}")

    assert app_only()["error_codes"] == [90002]


def test_barriers_outlive_a_restart(client, refresh, running):
    client.post(f"/_twin/tenants/{CONTOSO}/access", json={"access": "block"})

    running.twin.entra.load(running.twin.entra.to_json())

    assert refresh() == [53003]
