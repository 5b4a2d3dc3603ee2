"""The app may prove itself by a certificate instead of a secret."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO
from shared.custody.grant import secret_name
from shared.settings import Secret
from shared.store.records import Reach
from tests.contract.custody.conftest import connection
from tests.contract.custody.test_tokens import LATER, MEGAN, install


def made():
    """A key and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = datetime.now(UTC)
    return key, (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


@pytest.fixture(params=["pkcs12"])
def certificate(request, tmp_path, control):
    """The settings that hold a key and its certificate, which is registered at Entra."""
    key, cert = made()
    public = cert.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    registered = {"certificates": [public], "secrets": []}
    control.patch(f"/_twin/apps/{CALBRIDGE_CLIENT_ID}", json=registered).raise_for_status()
    plain = serialization.NoEncryption()
    (tmp_path / "app.pem").write_text(private + public)
    packed = pkcs12.serialize_key_and_certificates(None, key, cert, None, plain)
    return {
        "file": {"certificate_path": str(tmp_path / "app.pem")},
        "pem": {"certificate": Secret(private + public)},
        "pkcs12": {"certificate": Secret(base64.b64encode(packed).decode())},
    }[request.param]


@pytest.mark.parametrize("certificate", ["file", "pem", "pkcs12"], indirect=True)
async def test_organisation(new_worker, control, certificate):
    """An organisation's token is given for the certificate, in whichever form it is held."""
    install(control)
    worker = new_worker(secret="", certificate=certificate)

    assert await worker.tokens.app_token(CONTOSO)


async def test_person(new_worker, browser, vault, certificate):
    """A person's grant is taken and refreshed by the certificate."""
    worker = new_worker(secret="", certificate=certificate)
    connected = await worker.connected(browser, MEGAN)
    first = await worker.tokens.user_token(connected)
    later = new_worker(LATER, secret="", certificate=certificate)

    second = await later.tokens.user_token(connected)

    assert first.value != second.value
    assert second.value in await vault.read(secret_name(connected))


async def test_a_registration_for_a_reach(new_worker, control, browser, certificate):
    """An organisation that grants reading is asked by the registration that asks for no more, and
    the connection's token is that one's.
    """
    readers = "0a1b2c3d-0000-4000-8000-000000000009"
    main = control.get("/_twin/apps").json()["value"]
    registered = next(one for one in main if one["client_id"] == CALBRIDGE_CLIENT_ID)
    smaller = {"client_id": readers, "roles": ["Calendars.Read"], "delegated": ["User.Read"]}
    control.post("/_twin/apps", json=registered | smaller).raise_for_status()
    worker = new_worker(secret="", certificate=certificate, client_ids={"read": readers})

    begun = worker.grants.begin_admin("acme", "link-1", worker.now, reach=Reach.READ)
    browser.open(begun.url).choose("ada@contoso.example").press("accept")
    signing_in = await worker.grants.consented(browser.landed, begun.cookie, worker.now)
    browser.open(signing_in.url)
    if browser.has("accounts"):
        browser.choose("ada@contoso.example")
    granted = await worker.grants.finish(browser.landed, signing_in.cookie, worker.now)

    kept = replace(connection(granted.entra_tenant), client=granted.client, reach=granted.reach)
    token = await worker.tokens.token(kept)
    assert (granted.client, granted.reach, granted.scopes) == (
        readers,
        Reach.READ,
        ("Calendars.Read",),
    )
    assert worker.tokens.granted(kept) == token.granted == ("Calendars.Read",)
