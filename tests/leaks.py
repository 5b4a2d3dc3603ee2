"""Looks through a log for what must never be in one."""

import re
from collections.abc import Collection

PATTERNS = {
    "a token": re.compile(r"eyJ[\w-]{8,}\.[\w-]+|[Bb]earer +[\w.~+/-]{16,}"),
    "an address": re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.(?:example|com|org|net)\b"),
    "a signing secret": re.compile(r"whsec_[\w+/=]+"),
    "a delta token": re.compile(r"(?:delta|skip)token=[\w%.-]+", re.IGNORECASE),
}
SHOWN = 120


def leaks(log: str, secrets: Collection[str] = ()) -> list[str]:
    """The lines with one of `secrets`, in whatever case, or with what looks like one."""
    lowered = [secret.lower() for secret in secrets]
    return [
        line[:SHOWN]
        for line in log.splitlines()
        if any(secret in line.lower() for secret in lowered)
        or any(pattern.search(line) for pattern in PATTERNS.values())
    ]
