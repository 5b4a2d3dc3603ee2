"""What runs out is known two weeks ahead."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.catalogue import CAUSES
from shared.custody.entra import Entra
from shared.custody.expiry import Credential, credential_of, warning_json, warnings_of
from shared.errors import Unavailable
from shared.settings import Secret, read_settings
from tests.unit.api.stage import VALUES

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "codes"), [(15, []), (14, ["credential-expires"]), (-1, ["credential-expires"])]
)
def test_a_credential_is_warned_of_two_weeks_ahead(days: int, codes: list[str]):
    """And goes on being so once it has ended."""
    found = warnings_of(Credential("certificate", NOW + timedelta(days=days)), NOW)

    assert codes == [one.code for one in found]
    assert all(warning_json(one)["days_left"] == days for one in found)


def test_a_secret_whose_end_nobody_knows_is_said_to_be_one():
    """Entra tells an app nothing of its secrets; a managed identity has none."""
    assert [one.code for one in warnings_of(Credential("client_secret"), NOW)] == [
        "credential-expiry-unknown"
    ]
    assert warnings_of(Credential("managed_identity"), NOW) == []
    assert {"credential-expires", "credential-expiry-unknown"} <= CAUSES.keys()


async def test_the_end_of_a_secret_is_what_the_settings_say():
    """A day, as the portal shows it."""
    settings = read_settings({**VALUES, "CALBRIDGE_CLIENT_SECRET_EXPIRES": "2027-05-31"})

    assert await credential_of(settings) == Credential(
        "client_secret", datetime(2027, 5, 31, tzinfo=UTC)
    )


@pytest.fixture
def ending():
    """A key and its certificate as PEM, and when it ends."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calbridge")])
    end = NOW + timedelta(days=10)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, end).sign(
        key, hashes.SHA256()
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + made.public_bytes(serialization.Encoding.PEM)
    return pem.decode(), end


async def test_the_end_of_a_certificate_is_read_from_where_it_is(tmp_path, ending):
    """A file or a setting; either holds the key as well."""
    pem, end = ending
    (tmp_path / "app.pem").write_text(pem)
    by_file = replace(read_settings(VALUES), certificate_path=str(tmp_path / "app.pem"))
    by_value = replace(read_settings(VALUES), certificate=Secret(pem))

    assert await credential_of(by_file) == Credential("certificate", end)
    assert await credential_of(by_value) == Credential("certificate", end)


@pytest.mark.parametrize(
    "held",
    [
        {"certificate_path": "/nowhere/app.pem"},
        {"certificate": Secret(base64.b64encode(b"no PKCS #12").decode())},
    ],
)
async def test_a_certificate_that_cannot_be_read_is_told_and_waited_for(held, caplog):
    """No customer is asked to act: it is ours to mend. The status warns, and the log says so in
    the word that an alert waits for.
    """
    settings = replace(read_settings(VALUES), client_secret=Secret(""), **held)

    with pytest.raises(Unavailable):
        await Entra(settings).app_credential("contoso")
    with caplog.at_level("WARNING"):
        found = await credential_of(settings)

    assert [one.code for one in warnings_of(found, NOW)] == ["credential-unreadable"]
    assert '"event": "credential.unreadable"' in caplog.text
