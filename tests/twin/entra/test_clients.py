"""Microsoft's own client libraries, unmodified, against the twin over TLS."""

import datetime as dt
import os
import subprocess
import sys

import jwt
import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID, VAULT_CLIENT_ID, VENDOR_TENANT
from local.twin.seed import CONTOSO
from tests.twin.entra.conftest import CALLBACK

GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
SCOPES = ["Calendars.ReadWrite", "User.Read"]
ALONE = """
import asyncio, sys
from azure.identity.aio import ClientSecretCredential

async def main(tenant, client, secret, authority, scope):
    async with ClientSecretCredential(tenant, client, secret, authority=authority) as credential:
        print((await credential.get_token(scope)).token)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def session(running):
    with requests.Session() as session:
        session.verify = str(running.ca)
        session.trust_env = False
        yield session


@pytest.fixture
def confidential(running, session, client):
    return msal.ConfidentialClientApplication(
        CALBRIDGE_CLIENT_ID,
        client_credential="local-app-secret",
        authority=f"{running.url}/organizations",
        instance_discovery=False,
        http_client=session,
    )


def _credential(running, kind, tenant, *args, **kwargs):
    return kind(
        tenant,
        *args,
        authority=running.url,
        disable_instance_discovery=True,
        connection_verify=str(running.ca),
        retry_total=0,
        **kwargs,
    )


def test_msal_signs_a_person_in_with_pkce(confidential, browser, client):
    """The code flow ends with tokens that open the person's mailbox, and only that one."""
    flow = confidential.initiate_auth_code_flow(
        SCOPES, redirect_uri=CALLBACK, response_mode="form_post"
    )
    back = browser.open(flow["auth_uri"]).choose("megan@contoso.example").press("accept").landed

    result = confidential.acquire_token_by_auth_code_flow(flow, back)

    assert "error" not in result, result
    claims = result["id_token_claims"]
    assert claims["tid"] == CONTOSO
    assert claims["preferred_username"] == "megan@contoso.example"
    auth = {"Authorization": f"Bearer {result['access_token']}"}
    assert claims["oid"] == client.get("/v1.0/me", headers=auth).json()["id"]
    other = client.get("/v1.0/users/diego@contoso.example/events", headers=auth)
    assert (other.status_code, other.json()["error"]["code"]) == (403, "ErrorAccessDenied")


def test_msal_refreshes_silently_until_sessions_are_revoked(confidential, browser, client):
    """A refresh token works until an administrator revokes sessions: then AADSTS50173."""
    flow = confidential.initiate_auth_code_flow(
        SCOPES, redirect_uri=CALLBACK, response_mode="form_post"
    )
    back = browser.open(flow["auth_uri"]).choose("megan@contoso.example").press("accept").landed
    confidential.acquire_token_by_auth_code_flow(flow, back)
    account = confidential.get_accounts()[0]

    renewed = confidential.acquire_token_silent(SCOPES, account, force_refresh=True)
    client.post("/_twin/people/megan@contoso.example/revoke-sessions").raise_for_status()
    refused = confidential.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)

    assert renewed["access_token"]
    assert refused["error"] == "invalid_grant"
    assert refused["error_codes"] == [50173]


def test_azure_identity_gets_an_app_token_after_admin_consent(running, client):
    """A secret opens every mailbox of the tenant that consented."""
    client.post("/_twin/grants", json={"tenant": CONTOSO}).raise_for_status()
    credential = _credential(
        running, ClientSecretCredential, CONTOSO, CALBRIDGE_CLIENT_ID, "local-app-secret"
    )

    with credential:
        token = credential.get_token(GRAPH_DEFAULT).token

    auth = {"Authorization": f"Bearer {token}"}
    users = client.get("/v1.0/users/megan@contoso.example/events", headers=auth)
    assert users.status_code == 200


def test_the_async_credential_works_with_nothing_but_the_authority(running, client):
    """As deployed code uses it: trust comes from SSL_CERT_FILE, no discovery is switched off."""
    client.post("/_twin/grants", json={"tenant": CONTOSO}).raise_for_status()
    arguments = (CONTOSO, CALBRIDGE_CLIENT_ID, "local-app-secret", running.url, GRAPH_DEFAULT)

    # A process of its own: aiohttp reads SSL_CERT_FILE once, when it is imported.
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, *arguments],
        env=os.environ | {"SSL_CERT_FILE": str(running.ca)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    auth = {"Authorization": f"Bearer {ran.stdout.strip()}"}
    assert client.get("/v1.0/users", headers=auth).status_code == 200


def test_azure_identity_is_refused_where_the_app_is_not_installed(running, client):
    """Without consent the tenant does not know the app: AADSTS700016."""
    credential = _credential(
        running, ClientSecretCredential, CONTOSO, CALBRIDGE_CLIENT_ID, "local-app-secret"
    )

    with credential, pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        credential.get_token(GRAPH_DEFAULT)


def test_a_certificate_proves_the_app(running, client, tmp_path):
    """A registered certificate works instead of a secret; another one is AADSTS700027."""
    known, other = _certificate(tmp_path / "known.pem"), _certificate(tmp_path / "other.pem")
    client.patch(f"/_twin/apps/{CALBRIDGE_CLIENT_ID}", json={"certificates": [known]})
    client.post("/_twin/grants", json={"tenant": CONTOSO}).raise_for_status()

    def credential(file):
        return _credential(
            running, CertificateCredential, CONTOSO, CALBRIDGE_CLIENT_ID, str(tmp_path / file)
        )

    with credential("known.pem") as good, credential("other.pem") as bad:
        assert good.get_token(GRAPH_DEFAULT).token
        with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
            bad.get_token(GRAPH_DEFAULT)
    assert other not in known


def test_a_federated_identity_stands_in_for_a_secret(running, client):
    """A managed identity's token is the app's assertion once its subject is registered."""
    vendor = _credential(
        running, ClientSecretCredential, VENDOR_TENANT, VAULT_CLIENT_ID, "local-vault-secret"
    )
    client.post("/_twin/grants", json={"tenant": CONTOSO}).raise_for_status()

    with vendor:
        app = _credential(
            running,
            ClientAssertionCredential,
            CONTOSO,
            CALBRIDGE_CLIENT_ID,
            lambda: vendor.get_token("api://AzureADTokenExchange/.default").token,
        )
        trust = {
            "issuer": f"{running.url}/{VENDOR_TENANT}/v2.0",
            "subject": _principal_of(running, client, vendor),
        }
        with app:
            with pytest.raises(ClientAuthenticationError, match="AADSTS700211"):
                app.get_token(GRAPH_DEFAULT)
            client.patch(f"/_twin/apps/{CALBRIDGE_CLIENT_ID}", json={"federated": [trust]})

            assert app.get_token(GRAPH_DEFAULT).token


def test_the_vault_identity_gets_tokens_for_any_resource(running, client):
    """The audience of the token is the resource that was asked for."""
    credential = _credential(
        running, ClientSecretCredential, VENDOR_TENANT, VAULT_CLIENT_ID, "local-vault-secret"
    )
    keys = client.get(f"/{VENDOR_TENANT}/discovery/v2.0/keys").json()

    with credential:
        token = credential.get_token("https://0.0.1:8444/.default").token

    key = jwt.PyJWKSet.from_dict(keys).keys[0]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="https://0.0.1:8444")
    assert f"{running.url}/{VENDOR_TENANT}/v2.0" == claims["iss"]


def _principal_of(running, client, credential):
    """The object id under which the vendor's tenant knows the identity."""
    credential.get_token("https://vault.azure.net/.default")
    found = client.get("/_twin/grants").json()["value"]
    return next(p["object_id"] for p in found if p["app_id"] == VAULT_CLIENT_ID)


def _certificate(file):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + public)
    return public.decode()
