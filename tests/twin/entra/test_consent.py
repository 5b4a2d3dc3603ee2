"""The pages: who may consent to what, and how the app hears of it."""

from urllib.parse import urlencode

import pytest

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO, FABRIKAM
from tests.twin.entra.conftest import CALLBACK

ADMIN_CALLBACK = "http://localhost:7071/oauth/admin-consent"


def _authorize(tenant="organizations", **params):
    facts = {
        "client_id": CALBRIDGE_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile offline_access Calendars.ReadWrite",
        "state": "s-1",
    }
    return f"/{tenant}/oauth2/v2.0/authorize?{urlencode({**facts, **params})}"


def _admin_consent(tenant, version="", **params):
    facts = {"client_id": CALBRIDGE_CLIENT_ID, "redirect_uri": ADMIN_CALLBACK, "state": "s-2"}
    return f"/{tenant}{version}/adminconsent?{urlencode({**facts, **params})}"


def _problem(browser):
    return browser.page.text.split("AADSTS")[1].split(":")[0].split('"')[0]


def test_a_person_consents_once(browser):
    """The second sign-in goes straight back with a code."""
    first = browser.open(_authorize()).choose("megan@contoso.example")
    assert "Have full access to your calendars" in first.page.text
    assert first.press("accept").landed["state"] == "s-1"

    again = browser.open(_authorize()).choose("megan@contoso.example").landed

    assert {"code", "state", "session_state"} == set(again)


def test_declining_is_access_denied(browser):
    """Cancel returns AADSTS65004 to the app."""
    back = browser.open(_authorize()).choose("megan@contoso.example").press("cancel").landed

    assert back["error"] == "access_denied"
    assert back["error_description"].startswith("AADSTS65004")


def test_a_login_hint_skips_the_picker(browser):
    """The hinted person is asked for consent at once."""
    browser.open(_authorize(login_hint="megan@contoso.example"))

    assert browser.has("accept")


def test_select_account_shows_the_picker_in_spite_of_a_hint(browser):
    browser.open(_authorize(login_hint="megan@contoso.example", prompt="select_account"))

    assert browser.has("other-account")


def test_another_account_can_be_typed(browser):
    """An address nobody has leads back to the picker, an alias signs its person in."""
    browser.open(_authorize()).press("next", account="nobody@contoso.example")
    assert browser.has("problem")

    browser.press("next", account="reception@contoso.example")

    assert "nestor@contoso.example" in browser.page.text


def test_only_an_admin_may_consent_for_the_organization(browser):
    """With the box ticked nobody else in the tenant is asked again."""
    browser.open(_authorize()).choose("megan@contoso.example")
    assert not browser.has("consent-org")

    browser.open(_authorize()).choose("ada@contoso.example").press(
        "accept", ticked=("consent-org",)
    )

    assert "code" in browser.open(_authorize()).choose("diego@contoso.example").landed


def test_where_only_admins_consent_a_user_meets_90094(browser):
    """The page says so, and returns access_denied to the app."""
    browser.open(_authorize()).choose("pete@fabrikam.example")
    assert _problem(browser) == "90094"

    back = browser.press("return").landed

    assert back["error"] == "access_denied"
    assert back["error_description"].startswith("AADSTS90094")


def test_where_requests_are_possible_a_user_asks_the_admin(browser, client):
    """The justification reaches the administrators of the tenant."""
    browser.open(_authorize()).choose("yuri@adatum.example")
    browser.press("request-approval", justification="To sync my calendar")

    assert browser.has("sent")
    asked = client.get("/_twin/admin-requests").json()["value"]
    assert [r["justification"] for r in asked] == ["To sync my calendar"]


def test_a_scope_for_administrators_stops_a_user_under_any_policy(browser):
    browser.open(_authorize(scope="openid User.Read.All")).choose("megan@contoso.example")

    assert _problem(browser) == "90094"


def test_prompt_none_needs_a_session_and_consent(browser):
    """Nobody signed in: login_required; not consented: consent_required; else a code."""
    silent = _authorize(prompt="none")
    assert browser.open(silent).landed["error"] == "login_required"

    browser.open(_authorize()).choose("megan@contoso.example").press("accept")
    wider = _authorize(prompt="none", scope="openid Calendars.ReadWrite MailboxSettings.Read")

    assert browser.open(wider).landed["error"] == "consent_required"
    assert "code" in browser.open(silent).landed


def test_prompt_consent_asks_again(browser):
    browser.open(_authorize()).choose("megan@contoso.example").press("accept")

    browser.open(_authorize(prompt="consent")).choose("megan@contoso.example")

    assert browser.has("accept")


def test_the_answer_may_come_in_the_fragment(browser):
    url = _authorize(response_mode="fragment", login_hint="megan@contoso.example")

    location = browser.open(url).press("accept").page.headers["location"]

    assert location.startswith(f"{CALLBACK}#code=")


def test_a_domain_hint_narrows_the_picker(browser):
    browser.open(_authorize(domain_hint="fabrikam.example"))

    assert "pete@fabrikam.example" in browser.page.text
    assert "megan@contoso.example" not in browser.page.text


def test_signing_out_ends_the_session_and_returns_to_known_addresses(browser):
    """An address of no app is not followed."""
    browser.open(_authorize()).choose("megan@contoso.example").press("accept")
    known = urlencode({"post_logout_redirect_uri": CALLBACK})
    stranger = urlencode({"post_logout_redirect_uri": "https://evil.example/"})
    stays = browser.open(f"/common/oauth2/v2.0/logout?{stranger}").page

    leaves = browser.open(f"/common/oauth2/v2.0/logout?{known}").page

    assert (stays.status_code, leaves.headers["location"]) == (200, CALLBACK)
    assert browser.open(_authorize(prompt="none")).landed["error"] == "login_required"


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"redirect_uri": "https://evil.example/oauth/callback"}, "50011"),
        ({"redirect_uri": "http://localhost:7071/elsewhere"}, "50011"),
        ({"client_id": "99999999-0000-4000-8000-000000000009"}, "700016"),
        ({"client_id": ""}, "90014"),
    ],
)
def test_a_bad_request_stops_on_a_page(browser, change, number):
    """Nothing is redirected to an address that the app does not own."""
    browser.open(_authorize(**change))

    assert browser.page.status_code == 400
    assert number == _problem(browser)


def test_a_loopback_redirect_may_use_any_port(browser):
    url = _authorize(redirect_uri="http://127.0.0.1:7999/oauth/callback")

    back = browser.open(url).choose("megan@contoso.example").press("accept")

    assert back.page.headers["location"].startswith("http://127.0.0.1:7999/oauth/callback?code=")


def test_an_account_of_another_tenant_is_50020(browser):
    browser.open(_authorize(FABRIKAM)).press("next", account="megan@contoso.example")

    assert _problem(browser) == "50020"


def test_a_disabled_person_cannot_sign_in(browser, client):
    client.patch("/_twin/people/megan@contoso.example", json={"enabled": False})

    browser.open(_authorize()).choose("megan@contoso.example")

    assert _problem(browser) == "50057"


def test_admin_consent_v1_installs_everything(browser, client):
    """The redirect names the tenant; roles and scopes of the registration are granted."""
    browser.open(_admin_consent("common")).choose("ada@contoso.example")
    back = browser.press("accept").landed

    assert back == {"admin_consent": "True", "tenant": CONTOSO, "state": "s-2"}
    grant = client.get("/_twin/grants").json()["value"][0]
    assert "Calendars.ReadWrite" in grant["roles"]
    assert "Calendars.ReadWrite" in grant["org_scopes"]


def test_admin_consent_v2_returns_the_scopes(browser):
    url = _admin_consent(CONTOSO, "/v2.0", scope="https://graph.microsoft.com/.default")

    back = browser.open(url).choose("ada@contoso.example").press("accept").landed

    assert "https://graph.microsoft.com/Place.Read.All" in back["scope"].split()


def test_only_an_admin_may_give_admin_consent(browser, client):
    browser.open(_admin_consent(CONTOSO)).choose("megan@contoso.example")

    assert not browser.has("accept")
    assert _problem(browser) == "90094"
    assert client.get("/_twin/grants").json()["value"] == []


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("e8611ab8-c189-46e8-94e1-60213ab1f814", True),  # Privileged Role Administrator
        ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", False),  # Application Administrator
    ],
)
def test_one_lesser_role_may_give_admin_consent(browser, client, role, may):
    """To application permissions of Microsoft Graph; the other roles for applications may not."""
    changed = {"directory_roles": [role]}
    client.patch("/_twin/people/megan@contoso.example", json=changed).raise_for_status()
    browser.open(_admin_consent(CONTOSO)).choose("megan@contoso.example")

    assert browser.has("accept") is may


@pytest.mark.parametrize(
    ("version", "params", "error"),
    [
        ("", {}, "permission_denied"),
        ("/v2.0", {"scope": "https://graph.microsoft.com/.default"}, "consent_required"),
    ],
)
def test_a_declined_admin_consent_says_so(browser, version, params, error):
    url = _admin_consent(CONTOSO, version, **params)

    back = browser.open(url).choose("ada@contoso.example").press("cancel").landed

    assert (error, "s-2") == (back["error"], back["state"])
