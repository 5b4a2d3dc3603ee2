import pytest

from shared.settings import Secret, SettingsError, is_web_url, read_settings
from tests.unit.api.stage import VALUES


def test_all_that_is_missing_is_told_at_once():
    """One error names every missing setting and what would be right."""
    with pytest.raises(SettingsError) as error:
        read_settings({})

    assert set(error.value.problems) == {
        "AzureWebJobsStorage",
        "CALBRIDGE_API_KEYS",
        "CALBRIDGE_CLIENT_ID",
        "CALBRIDGE_CLIENT_SECRET",
        "CALBRIDGE_PUBLIC_URL",
        "CALBRIDGE_SIGNING_KEY",
        "CALBRIDGE_VAULT_URL",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALBRIDGE_PUBLIC_URL", "http://sync.example.org"),
        ("CALBRIDGE_PUBLIC_URL", "sync.example.org"),
        ("CALBRIDGE_VAULT_URL", "ftp://x"),
        ("CALBRIDGE_API_KEYS", " , "),
        ("CALBRIDGE_SIGNING_KEY", "too-short"),
        ("CALBRIDGE_RETURN_URLS", "https://x,javascript:alert(1)"),
        ("CALBRIDGE_CLIENT_IDS", "everything=0a1b"),
        ("CALBRIDGE_CLIENT_IDS", "0a1b"),
        ("CALBRIDGE_CLIENT_IDS", "read=0a1b"),
        ("CALBRIDGE_LEASE_SECONDS", "soon"),
        ("CALBRIDGE_LEASE_SECONDS", "4"),
        ("CALBRIDGE_POLL_SECONDS", "-1"),
        ("CALBRIDGE_POLL_SECONDS", "\u0663\u0660\u0660"),
        ("AzureWebJobsStorage", ""),
    ],
)
def test_a_wrong_setting_is_named(name, value):
    """What is wrong is named, alone, and its value is not repeated."""
    with pytest.raises(SettingsError) as error:
        read_settings(VALUES | {name: value})

    assert set(error.value.problems) == {name}
    assert not value.strip(" ,") or value not in str(error.value)


@pytest.mark.parametrize(
    "second", ["CERTIFICATE=AAAA", "CERTIFICATE_PATH=x", "MANAGED_IDENTITY=x"]
)
def test_there_is_exactly_one_credential(second):
    """Two credentials are as wrong as none."""
    with pytest.raises(SettingsError, match="exactly one of"):
        read_settings(VALUES | dict([f"CALBRIDGE_{second}".split("=")]))


@pytest.mark.parametrize(
    "name", ["CALBRIDGE_API_KEYS", "CALBRIDGE_SIGNING_KEY", "CALBRIDGE_CLIENT_SECRET"]
)
def test_a_reference_that_azure_could_not_follow_is_no_key(name):
    """It stands there as it was written, and whoever knows the vault's name could use it."""
    reference = "@Microsoft.KeyVault(VaultName=kv-cal-abcdefgh;SecretName=calbridge-key)"
    with pytest.raises(SettingsError, match="could not follow") as error:
        read_settings(VALUES | {name: reference})

    assert error.value.problems.keys() == {name}
    assert "abcdefgh" not in str(error.value)


@pytest.mark.parametrize("value", ["secret", "A", "-----END X-----"])
def test_a_certificate_that_is_none_is_told(value):
    """A private key and its certificate, in one of two forms."""
    values = VALUES | {"CALBRIDGE_CLIENT_SECRET": "", "CALBRIDGE_CERTIFICATE": value}
    with pytest.raises(SettingsError) as error:
        read_settings(values)

    assert error.value.problems.keys() == {"CALBRIDGE_CERTIFICATE"}


def test_storage_may_be_named_by_identity():
    """Instead of a connection string both service URIs do, but not one of them."""
    tables = {"AzureWebJobsStorage__tableServiceUri": "https://x.table.core.windows.net/"}
    queues = {"AzureWebJobsStorage__queueServiceUri": "https://x.queue.core.windows.net"}
    without = VALUES | {"AzureWebJobsStorage": ""}

    settings = read_settings(without | tables | queues)

    assert settings.table_uri == "https://x.table.core.windows.net"
    with pytest.raises(SettingsError):
        read_settings(without | tables)


def test_secrets_do_not_show():
    """Printing settings shows no secret, however it is done."""
    settings = read_settings(VALUES)
    shown = f"{settings} {settings!r} {settings.api_keys}"

    for name in ("CALBRIDGE_API_KEYS", "CALBRIDGE_SIGNING_KEY", "CALBRIDGE_CLIENT_SECRET"):
        for part in VALUES[name].split(","):
            assert part not in shown


def test_a_secret_equals_its_like_only():
    """Secrets compare by value, and never with a plain text."""
    assert Secret("x") == Secret("x")
    assert Secret("x") != Secret("y")
    assert Secret("x") != "x"
    assert not Secret("")


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://example.org", True),
        ("http://localhost:7071", True),
        ("http://[::1]:1", True),
        ("http://localhost.example.org", False),
        ("https://", False),
        ("https://[", False),
    ],
)
def test_http_is_for_this_machine_only(url, good):
    """Plain http leads nowhere but here."""
    assert is_web_url(url) is good


def test_a_reach_may_have_its_own_registration():
    """With a credential that several registrations can trust; another reach is the main one's."""
    settings = read_settings(
        VALUES
        | {
            "CALBRIDGE_CLIENT_IDS": "read=0a1b, free_busy=0c2d",
            "CALBRIDGE_CLIENT_SECRET": "",
            "CALBRIDGE_MANAGED_IDENTITY": "0e3f",
        }
    )

    assert settings.client_for("read") == "0a1b"
    assert settings.client_for("free_busy") == "0c2d"
    assert settings.client_for("read_write") == settings.client_id
