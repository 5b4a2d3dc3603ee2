"""What is kept of a person's grant."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.custody.access import AccessToken
from shared.custody.grant import access_in, reduced, secret_name
from shared.store.records import Connection, ConnectionKind, State

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
CACHE = json.dumps(
    {
        "AccessToken": {
            "old": {"secret": "at-old", "expires_on": "1763720000"},
            "new": {"secret": "at-new", "expires_on": "1763720000"},
        },
        "RefreshToken": {"r": {"secret": "rt"}},
        "IdToken": {"i": {"secret": "x" * 3000}},
        "Account": {"a": {"home_account_id": "h"}},
        "AppMetadata": {},
    }
)


def connection(**changes) -> Connection:
    plain = Connection("c:1", "acme", ConnectionKind.USER, State.ACTIVE, NOW, "t-1")
    return replace(plain, **changes)


def test_reduced():
    """The refresh token, the account and the one access token are all there is."""
    kept = json.loads(reduced(CACHE, "at-new"))

    assert {"AccessToken", "RefreshToken", "Account"} == kept.keys()
    assert list(kept["AccessToken"]) == ["new"]


def test_access_in():
    """The kept access token is found with its end."""
    found = access_in(reduced(CACHE, "at-new"))

    assert AccessToken("at-new", datetime.fromtimestamp(1763720000, UTC)) == found


def test_no_access_token():
    """A grant whose access token is gone is still a grant."""
    assert access_in('{"RefreshToken": {}}') is None


def test_secret_names():
    """Any id yields a name Key Vault takes, and no two connections share one."""
    names = {
        secret_name(one)
        for one in (
            connection(),
            connection(id="c:2"),
            connection(tenant="acme/c", id="1"),
            connection(tenant="acme", id="c/1"),
        )
    }

    assert len(names) == 4
    assert all(re.fullmatch(r"[0-9a-zA-Z-]{1,127}", name) for name in names)


def test_token_is_hidden():
    """A token does not show in logs by way of repr."""
    assert "at-new" not in repr(AccessToken("at-new", NOW))


def test_good_with_a_margin():
    """A token that ends within five minutes is not used any more."""
    token = AccessToken("t", NOW + timedelta(minutes=5))

    assert not token.good(NOW)
    assert token.good(NOW - timedelta(seconds=1))
