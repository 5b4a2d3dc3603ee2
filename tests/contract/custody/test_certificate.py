"""The app may prove itself by a certificate instead of a secret."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.seed import CONTOSO
from shared.custody.grant import secret_name
from tests.contract.custody.test_tokens import LATER, MEGAN, install


@pytest.fixture
def certificate(tmp_path, control):
    """A key and its certificate in one PEM file; the certificate is registered at Entra."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    registered = {"certificates": [public], "secrets": []}
    control.patch(f"/_twin/apps/{CALBRIDGE_CLIENT_ID}", json=registered).raise_for_status()
    file = tmp_path / "app.pem"
    file.write_text(private + public)
    return str(file)


async def test_organisation(new_worker, control, certificate):
    """An organisation's token is given for the certificate."""
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
