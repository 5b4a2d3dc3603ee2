"""The token endpoint's refusals, as OAuth errors with their AADSTS numbers."""

import base64
from hashlib import sha256
from urllib.parse import urlencode

import pytest

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID, VENDOR_TENANT
from local.twin.seed import CONTOSO
from tests.twin.entra.conftest import CALLBACK

SECRET = {"client_id": CALBRIDGE_CLIENT_ID, "client_secret": "local-app-secret"}
APP_ONLY = {
    **SECRET,
    "grant_type": "client_credentials",
    "scope": "https://graph.microsoft.com/.default",
}
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def _token(client, tenant=CONTOSO, **form):
    return client.post(f"/{tenant}/oauth2/v2.0/token", data=form)


@pytest.fixture
def code(browser):
    params = {
        "client_id": CALBRIDGE_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid offline_access Calendars.ReadWrite",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "login_hint": "megan@contoso.example",
    }
    url = f"/organizations/oauth2/v2.0/authorize?{urlencode(params)}"
    return browser.open(url).press("accept").landed["code"]


@pytest.fixture
def redeem(client, code):
    def redeem(tenant="organizations", **changes):
        form = {
            **SECRET,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return _token(client, tenant, **{**form, **changes})

    return redeem


@pytest.fixture
def refresh(client, redeem):
    first = redeem().json()["refresh_token"]

    def refresh(token=first, **changes):
        form = {**SECRET, "grant_type": "refresh_token", "refresh_token": token}
        return _token(client, "organizations", **{**form, **changes})

    return refresh


def _refusal(answer):
    body = answer.json()
    assert {"trace_id", "correlation_id", "timestamp"} <= set(body)
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return answer.status_code, body["error"], body["error_codes"]


def test_a_code_is_redeemed_once(redeem):
    """Tokens the first time, AADSTS54005 the second."""
    answer = redeem().json()

    assert answer["expires_in"] == 3599
    assert answer["scope"] == "Calendars.ReadWrite email openid profile"
    assert _refusal(redeem()) == (400, "invalid_grant", [54005])


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"code_verifier": "wrong" * 10}, 50148),
        ({"code_verifier": ""}, 50148),
        ({"redirect_uri": "http://localhost:7071/oauth/admin-consent"}, 500112),
        ({"code": "invented"}, 70000),
        ({"tenant": VENDOR_TENANT}, 700005),
    ],
)
def test_a_code_needs_its_verifier_redirect_and_tenant(redeem, changes, number):
    assert (400, "invalid_grant", [number]) == _refusal(redeem(**changes))


def test_a_code_lives_ten_minutes(client, redeem):
    client.post("/_twin/clock/advance", json={"seconds": 601})

    assert _refusal(redeem()) == (400, "invalid_grant", [70008])


def test_a_refresh_token_rotates_and_the_old_one_still_works(refresh):
    """Entra replaces refresh tokens at each use without revoking the used one."""
    renewed = refresh().json()["refresh_token"]

    assert refresh(renewed).status_code == 200
    assert refresh().status_code == 200


def test_a_refresh_token_dies_of_ninety_idle_days(client, refresh):
    client.post("/_twin/clock/advance", json={"seconds": 91 * 86_400})

    assert _refusal(refresh()) == (400, "invalid_grant", [700082])


def test_a_disabled_person_gets_no_token(client, refresh):
    client.patch("/_twin/people/megan@contoso.example", json={"enabled": False})

    assert _refusal(refresh()) == (400, "invalid_grant", [50057])


def test_withdrawn_consent_is_65001(client, refresh):
    """Of the person, or of the whole tenant."""
    revoke = {"tenant": CONTOSO, "user": "megan@contoso.example"}
    client.post("/_twin/grants/revoke", json=revoke)
    assert _refusal(refresh()) == (400, "invalid_grant", [65001])

    client.post("/_twin/grants/revoke", json={"tenant": CONTOSO})
    assert _refusal(refresh()) == (400, "invalid_grant", [65001])


def test_a_scope_never_consented_is_65001(refresh):
    assert _refusal(refresh(scope="MailboxSettings.Read")) == (400, "invalid_grant", [65001])


@pytest.mark.parametrize(
    ("number", "status", "error"),
    [
        (50076, 400, "interaction_required"),
        (50105, 400, "invalid_grant"),
        (53003, 400, "interaction_required"),
        (70043, 400, "invalid_grant"),
        (50196, 400, "invalid_grant"),
        (90033, 503, "temporarily_unavailable"),
    ],
)
def test_a_sign_in_fails_on_demand(client, refresh, number, status, error):
    """Once, for the person that the rule names; then all is well again."""
    rule = {
        "match": {"path": "/token", "user": "megan@contoso.example"},
        "action": {"aadsts": number},
    }
    client.post("/_twin/faults", json=rule).raise_for_status()

    assert (status, error, [number]) == _refusal(refresh())
    assert refresh().status_code == 200


@pytest.mark.parametrize(
    ("tenant", "changes", "refusal"),
    [
        (CONTOSO, {"client_secret": "wrong"}, (401, "invalid_client", [7000215])),
        (CONTOSO, {"client_secret": ""}, (401, "invalid_client", [7000218])),
        (CONTOSO, {"client_id": "unknown"}, (400, "unauthorized_client", [700016])),
        (CONTOSO, {}, (400, "unauthorized_client", [700016])),
        (CONTOSO, {"scope": "Calendars.Read"}, (400, "invalid_scope", [70011])),
        (CONTOSO, {"grant_type": "password"}, (400, "unsupported_grant_type", [70003])),
        (CONTOSO, {"grant_type": ""}, (400, "invalid_request", [90014])),
        ("common", {}, (400, "invalid_request", [50059])),
        ("nowhere.example", {}, (400, "invalid_request", [90002])),
        (VENDOR_TENANT, {"scope": "https://other/.default"}, (400, "invalid_resource", [500011])),
    ],
)
def test_an_app_token_is_refused_by_what_is_wrong(client, tenant, changes, refusal):
    assert refusal == _refusal(_token(client, tenant, **{**APP_ONLY, **changes}))


def test_an_expired_secret_is_7000222(client):
    secrets = [{"value": "old", "expires": "2020-01-01T00:00:00+00:00"}]
    client.patch(f"/_twin/apps/{CALBRIDGE_CLIENT_ID}", json={"secrets": secrets})

    answer = _token(client, **{**APP_ONLY, "client_secret": "old"})

    assert _refusal(answer) == (401, "invalid_client", [7000222])


def test_a_tenant_is_also_known_by_its_domain(client):
    client.post("/_twin/grants", json={"tenant": "contoso.example"}).raise_for_status()

    assert "access_token" in _token(client, "contoso.example", **APP_ONLY).json()


def test_an_expired_token_is_refused_by_graph(client):
    """Graph reads the twin's clock."""
    client.post("/_twin/grants", json={"tenant": CONTOSO})
    token = _token(client, **APP_ONLY).json()["access_token"]
    auth = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1.0/users", headers=auth).status_code == 200

    client.post("/_twin/clock/advance", json={"seconds": 3601})
    refused = client.get("/v1.0/users", headers=auth)

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert "Bearer" in refused.headers["www-authenticate"]


def test_by_switch_a_token_outlives_jumps_of_the_clock(client):
    """Then clients that cache tokens in real time go on working."""
    client.patch("/_twin/switches", json={"tokens_age_with_clock": False})
    client.post("/_twin/grants", json={"tenant": CONTOSO})
    token = _token(client, **APP_ONLY).json()["access_token"]

    client.post("/_twin/clock/advance", json={"seconds": 86_400})
    answer = client.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x.y", "Basic abc"])
def test_a_broken_token_is_refused_by_graph(client, value):
    answer = client.get("/v1.0/me", headers={"Authorization": value})

    assert (
        answer.status_code,
        answer.json()["error"]["code"],
    ) == (401, "InvalidAuthenticationToken")


def test_discovery_names_endpoints_under_the_same_host(client, running):
    found = client.get("/common/v2.0/.well-known/openid-configuration").json()

    assert f"{running.url}/common/oauth2/v2.0/token" == found["token_endpoint"]
    assert f"{running.url}/{{tenantid}}/v2.0" == found["issuer"]
    assert client.get(found["jwks_uri"]).status_code == 200
