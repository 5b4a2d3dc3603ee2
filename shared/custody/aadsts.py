"""Entra's error numbers, each with what it asks for (Microsoft's list of AADSTS error codes)."""

import re
from collections.abc import Iterable

from shared.errors import CalbridgeError, Reconnect, Unavailable

_NUMBERS: dict[str, tuple[int, ...]] = {
    "account-unknown": (50034, 50056, 51004, 500341),
    "user-disabled": (50057,),
    "sign-in-failed": (50053, 50055, 50126, 50144),
    "sign-in-interrupted": (16001, 16002, 50058, 50089, 50140, 50199, 160021, 165900),
    "wrong-tenant": (16000, 16003, 50020, 90072),
    "personal-account": (500200, 500208),
    "cross-tenant-blocked": (500212, 500213),
    "user-not-assigned": (50105,),
    "interaction-required": (50072, 50074, 50076, 50078, 50079, 50158, 70043, 500121),
    "conditional-access": (
        *(50097, 50131, 53000, 53001, 53002, 53003, 53004, 53011),
        *(530003, 530021, 530031, 530032, 530034, 530035),
    ),
    "sign-in-again": (50132, 50133, 50173, 54005, 70000, 70008, 700081, 700082, 700084),
    "consent-required": (65001, 90008),
    "consent-declined": (65004,),
    "admin-consent-required": (90093, 90094, 900941),
    "admin-approval-pending": (90095, 900981),
    "app-not-installed": (700016, 7000229),
    "app-disabled": (7000112, 70001),
    "service-missing": (650052, 650054),
    "tenant-not-found": (50059, 50128, 90002),
    "app-credential-refused": (
        *(50013, 70002, 700024, 700027, 700211, 700212, 700213),
        *(7000215, 7000222),
    ),
    "app-misconfigured": (
        *(50011, 50194, 65005, 70003, 70011, 90014, 500011, 500112, 500113, 650053, 650056),
        *(650057, 700005, 700054, 700229, 7000216, 7000218, 9002313),
    ),
}

CAUSES = {number: cause for cause, numbers in _NUMBERS.items() for number in numbers}

PASSING = {50033, 90006, 90024, 90033, 90055}
"""Entra's own trouble: the same request later may work."""

LOOP = 50196
"""Entra saw the same request too often; it wants minutes, not seconds."""

NOT_YET = {65001, 700016, 7000229}
"""Right after an administrator's consent: it has not reached every part of Entra."""

UNEXPLAINED = "sign-in-unexplained"

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

SAYING = {word: WORDS[word] for word in ("access_denied", "consent_required")}
"""Words that say enough beside a number nobody knows."""

PASSING_WORDS = {"temporarily_unavailable", "server_error"}


def numbers(description: str) -> list[int]:
    """The numbers in an `error_description`, in the order in which they stand there."""
    return [int(found) for found in re.findall(r"AADSTS(\d+)", description)]


def explain(
    error: str, description: str = "", codes: Iterable[int] = (), trace: str = ""
) -> CalbridgeError:
    """What Entra's refusal asks for; a number says more than the word, so it goes first."""
    given = [*codes, *numbers(description)]
    for number in given:
        if number == LOOP:
            return Unavailable(300, f"AADSTS{number}")
        if number in PASSING:
            return Unavailable(10, f"AADSTS{number}")
        if number in CAUSES:
            return Reconnect(CAUSES[number], trace, number)
    if error in PASSING_WORDS:
        return Unavailable(10, error)
    if given:
        return Reconnect(SAYING.get(error, UNEXPLAINED), trace, given[0])
    return Reconnect(WORDS.get(error, "app-misconfigured"), trace)


def explain_code(number: int) -> CalbridgeError:
    """Of a number that Entra showed on a page of its own."""
    return explain("", codes=[number])
