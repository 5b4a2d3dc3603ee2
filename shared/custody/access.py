"""An access token as the rest of the product sees it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

MARGIN = timedelta(minutes=5)
"""How long a token must still be good for: clocks differ, and a request takes its time."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`granted` are the scopes or roles it is good for; empty where they are not known."""

    value: str = field(repr=False)
    expires: datetime
    granted: tuple[str, ...] = ()

    def good(self, now: datetime) -> bool:
        return now + MARGIN < self.expires
