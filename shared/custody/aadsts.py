"""Entra's error numbers, each with what it asks for (Microsoft's list of AADSTS error codes)."""

import re
from collections.abc import Iterable

from shared.errors import CalbridgeError, Reconnect, Unavailable

CAUSES = {
    50020: "wrong-tenant",
    50034: "user-disabled",
    50057: "user-disabled",
    50076: "interaction-required",
    50078: "interaction-required",
    50079: "interaction-required",
    50105: "user-not-assigned",
    50173: "sign-in-again",
    53000: "interaction-required",
    53003: "interaction-required",
    65001: "consent-required",
    65004: "consent-declined",
    70000: "sign-in-again",
    70001: "app-not-installed",
    70008: "sign-in-again",
    70043: "interaction-required",
    90002: "tenant-not-found",
    90094: "admin-consent-required",
    90095: "admin-approval-pending",
    500011: "app-misconfigured",
    700016: "app-not-installed",
    700027: "app-credential-refused",
    700082: "sign-in-again",
    700229: "app-misconfigured",
    7000112: "app-disabled",
    7000215: "app-credential-refused",
    7000218: "app-misconfigured",
    7000222: "app-credential-refused",
}

PASSING = {50033, 90006, 90024, 90033}
"""Entra's own trouble: the same request later may work."""

LOOP = 50196
"""Entra saw the same request too often; it wants minutes, not seconds."""

WORDS = {
    "access_denied": "consent-declined",
    "permission_denied": "consent-declined",
    "consent_required": "consent-required",
    "interaction_required": "interaction-required",
    "login_required": "interaction-required",
    "invalid_grant": "sign-in-again",
    "unauthorized_client": "app-not-installed",
    "invalid_client": "app-credential-refused",
}
"""OAuth's `error`, where no number is known."""

PASSING_WORDS = {"temporarily_unavailable", "server_error"}


def numbers(description: str) -> list[int]:
    """The numbers in an `error_description`, in the order in which they stand there."""
    return [int(found) for found in re.findall(r"AADSTS(\d+)", description)]


def explain(
    error: str, description: str = "", codes: Iterable[int] = (), trace: str = ""
) -> CalbridgeError:
    """What Entra's refusal asks for; a number says more than the word, so it goes first."""
    for code in (*codes, *numbers(description)):
        if code == LOOP:
            return Unavailable(300, f"AADSTS{code}")
        if code in PASSING:
            return Unavailable(10, f"AADSTS{code}")
        if code in CAUSES:
            return Reconnect(CAUSES[code], trace)
    if error in PASSING_WORDS:
        return Unavailable(10, error)
    return Reconnect(WORDS.get(error, "app-misconfigured"), trace)
