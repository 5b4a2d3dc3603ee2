"""What the vault answers to requests that Key Vault's client would not send."""

import stat
import time

import httpx
import pytest

from local.vault.errors import VaultError
from local.vault.secrets import Secrets
from tests.vault.authority import Authority
from tests.vault.conftest import error_of, trusting

KINDS = ("secrets", "deletedsecrets")


def test_a_request_without_a_token_is_told_where_to_get_one(vault):
    """401 with Key Vault's challenge: the authority with the tenant, and the resource."""
    with httpx.Client(verify=trusting(vault.files)) as client:
        answer = client.get(f"{vault.url}/secrets/x?api-version=7.6")

    assert answer.status_code == 401
    assert (
        f'Bearer authorization="{vault.authority.url}/11111111-0000-4000-8000-000000000001", '
        f'resource="{vault.url.replace("127.0.0.1", "0.0.1")}"'
    ) == answer.headers["WWW-Authenticate"]
    assert error_of(answer)["code"] == "Unauthorized"


@pytest.mark.parametrize(
    "audience", ["https://vault.azure.net", "https://vault.azure.net/", "the resource/"]
)
def test_tokens_for_any_vault_are_accepted(vault, audience):
    """The public cloud's vault audience opens it too, with or without the slash."""
    own = vault.url.replace("127.0.0.1", "0.0.1") + "/"
    token = vault.token(own if audience == "the resource/" else audience)

    assert vault.ask("GET", "/secrets", token).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://graph.microsoft.com"},
        {"exp": int(time.time()) - 3600},
        {"tid": "22222222-0000-4000-8000-000000000002"},
    ],
    ids=["another audience", "expired", "another tenant"],
)
def test_tokens_for_something_else_are_refused(vault, claims):
    """401 with the challenge, so that a client fetches a new token."""
    answer = vault.ask("GET", "/secrets", vault.token(**claims))

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_a_token_that_another_key_signed_is_refused(vault):
    """A right claim under a wrong signature opens nothing."""
    stranger = Authority()
    stranger._id = vault.authority._id
    token = stranger.token(vault.url.replace("127.0.0.1", "0.0.1"))

    assert vault.ask("GET", "/secrets", token).status_code == 401
    assert vault.ask("GET", "/secrets", "nonsense").status_code == 401


def test_a_rolled_signing_key_is_picked_up(vault):
    """A token under a new key is accepted as soon as the keys may be fetched again."""
    vault.ask("GET", "/secrets")
    vault.authority.roll()
    deadline = time.monotonic() + 20
    while vault.ask("GET", "/secrets").status_code == 401 and time.monotonic() < deadline:
        pass

    assert vault.ask("GET", "/secrets").status_code == 200


def test_an_unreachable_authority_is_an_outage_not_a_refusal(start):
    """503, which clients repeat, and the reason."""
    authority = Authority()
    authority.url = "https://localhost:9"
    running = start(authority)
    answer = running.ask("GET", "/secrets")

    assert answer.status_code == 503
    assert "authority" in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (("PUT", "/secrets/a_b", {"json": {"value": "x"}}), "name"),
        (("PUT", "/secrets/a", {"json": {}}), "value"),
        (("PUT", "/secrets/a", {"json": {"value": 1}}), "value"),
        (("PUT", "/secrets/a", {"content": b"{"}), "JSON"),
        (("PUT", "/secrets/a", {"json": []}), "object"),
        (("PUT", "/secrets/a", {"json": {"value": "x", "tags": []}}), "tags"),
        (("PUT", "/secrets/a", {"json": {"value": "x", "tags": {"a": 1}}}), "tags"),
        (("PUT", "/secrets/a", {"json": {"value": "x", "contentType": 1}}), "contentType"),
        (("PUT", "/secrets/a", {"json": {"value": "x", "attributes": 1}}), "attributes"),
        (
            ("PUT", "/secrets/a", {"json": {"value": "x", "attributes": {"exp": "soon"}}}),
            "attributes.exp",
        ),
        (
            ("PUT", "/secrets/a", {"json": {"value": "x", "attributes": {"exp": 1, "nbf": 2}}}),
            "attributes.exp",
        ),
        (
            ("PUT", "/secrets/a", {"json": {"value": "x", "attributes": {"enabled": "no"}}}),
            "attributes.enabled",
        ),
        (("POST", "/secrets/restore", {"json": {"value": "Ü"}}), "value"),
        (("GET", "/secrets", {"params": {"maxresults": "26"}}), "maxresults"),
        (("GET", "/secrets", {"params": {"maxresults": "many"}}), "maxresults"),
        (("GET", "/secrets", {"params": {"api-version": "1"}}), "api-version"),
    ],
)
def test_wrong_input_is_named(vault, request_, field):
    """400 BadParameter and a message that names what is wrong."""
    method, path, options = request_
    answer = vault.ask(method, path, **options)

    assert (answer.status_code, error_of(answer)["code"]) == (400, "BadParameter")
    assert field in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/keys", 404),
        ("POST", "/secrets", 405),
        ("DELETE", "/secrets/none", 404),
        ("POST", "/deletedsecrets/none/recover", 404),
        ("DELETE", "/deletedsecrets/none", 404),
        ("POST", "/secrets/none/backup", 404),
        ("GET", "/secrets/none/versions", 404),
    ],
)
def test_what_is_not_there_is_an_error_body(vault, method, path, status):
    """Never an invented success, and always Key Vault's error shape."""
    answer = vault.ask(method, path)

    assert status == answer.status_code
    assert {"code", "message"} <= set(error_of(answer))


def test_secrets_outlive_the_process_in_a_private_file(start, authority):
    """What was answered is on disk, readable by its owner alone, and there after a restart."""
    first = start(authority)
    first.ask("PUT", "/secrets/kept", json={"value": "x"})
    first.ask("PUT", "/secrets/dropped", json={"value": "y"})
    first.ask("DELETE", "/secrets/dropped")
    first.process.kill()
    first.process.communicate()
    second = start(authority)
    kept = second.ask("GET", "/secrets/kept").json()["value"]
    recovered = second.ask("POST", "/deletedsecrets/dropped/recover").status_code

    assert kept == "x"
    assert recovered == 200
    assert stat.S_IMODE(first.state.stat().st_mode) == 0o600
    assert list(first.state.parent.iterdir()) == [first.state]


def test_a_deletion_takes_its_time_where_a_lag_is_set(start, authority):
    """Meanwhile the secret is in neither collection, and its name is in conflict."""
    running = start(authority, "--lag", "600")
    running.ask("PUT", "/secrets/slow", json={"value": "x"})
    deleted = running.ask("DELETE", "/secrets/slow").status_code
    seen = [running.ask("GET", f"/{kind}/slow").status_code for kind in KINDS]
    writes = [
        running.ask("PUT", "/secrets/slow", json={"value": "y"}),
        running.ask("POST", "/deletedsecrets/slow/recover"),
        running.ask("DELETE", "/deletedsecrets/slow"),
    ]

    assert deleted == 200
    assert seen == [404, 404]
    assert [answer.status_code for answer in writes] == [409, 409, 409]
    assert {error_of(answer)["innererror"]["code"] for answer in writes} == {
        "ObjectIsBeingDeleted"
    }


def test_a_secret_under_recovery_cannot_be_set_yet():
    """Conflict until the recovery settles, then the name is free to write."""
    secrets = Secrets(lag=10)
    secrets.advance(1000)
    secrets.set("slow", "x", {})
    secrets.delete("slow")
    secrets.advance(1010)
    secrets.recover("slow")
    with pytest.raises(VaultError) as early:
        secrets.set("slow", "y", {})
    secrets.advance(1020)
    secrets.set("slow", "y", {})

    assert (early.value.status, early.value.inner) == (409, "ObjectIsBeingRecovered")
    assert secrets.readable("slow").value == "y"


def test_a_deleted_secret_is_dropped_after_ninety_days():
    """To the second: it can be recovered until then, and its name is free after."""
    secrets = Secrets()
    secrets.advance(1000)
    secrets.set("old", "x", {})
    secrets.delete("old")
    secrets.advance(1000 + 90 * 86_400 - 1)
    kept = secrets.gone("old")
    secrets.advance(1000 + 90 * 86_400)

    assert kept.name == "old"
    with pytest.raises(VaultError):
        secrets.gone("old")
