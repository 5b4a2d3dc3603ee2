from datetime import UTC, datetime, timedelta

import pytest

from shared.changes.signing import new_secret, signature, verified

BODY = '{"gr\u00fcn": 1}'


def test_what_we_sign_verifies():
    """A fresh signature of ours is verified over the same body."""
    secret = new_secret()

    assert verified(secret, signature([secret], "acme-1", datetime.now(UTC), BODY), BODY)


def test_each_of_two_secrets_verifies():
    """What is signed by both is accepted by whoever has either, and by nobody else."""
    old, new = new_secret(), new_secret()
    headers = signature([new, old], "acme-1", datetime.now(UTC), BODY)

    assert verified(old, headers, BODY)
    assert verified(new, headers, BODY)
    assert not verified(new_secret(), headers, BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "acme-2"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,&&&"},
        {"webhook-signature": "v1,a"},
        {"webhook-signature": "v2,AAAA"},
    ],
)
def test_what_was_changed_does_not(change):
    """A changed or malformed header is no signature, and no exception either."""
    secret = new_secret()
    headers = signature([secret], "acme-1", datetime.now(UTC), BODY)

    assert not verified(secret, headers | change, BODY)


def test_another_body_secret_or_age_does_not():
    """Body, secret and age are part of what is verified."""
    secret, now = new_secret(), datetime.now(UTC)
    headers = signature([secret], "acme-1", now, BODY)
    old = signature([secret], "acme-1", now - timedelta(minutes=6), BODY)

    assert not verified(secret, headers, BODY + " ")
    assert not verified(new_secret(), headers, BODY)
    assert not verified(secret, old, BODY)


def test_secrets_hold_32_random_bytes_and_hide():
    """Secrets differ, carry the standard prefix, and do not show in a repr."""
    one, other = new_secret(), new_secret()

    assert one != other
    assert one.reveal().startswith("whsec_")
    assert one.reveal() not in f"{one} {one!r}"
