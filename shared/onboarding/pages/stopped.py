"""For whom Microsoft stopped on a page of its own: the number shown there, explained."""

import re

from shared.onboarding.pages.page import Page
from shared.onboarding.pages.render import render
from shared.onboarding.pages.visit import Visit

_NUMBER = re.compile(r"\s*(?:AADSTS)?\s*:?\s*(\d{4,8})\b", re.IGNORECASE)


def number_in(text: str) -> int | None:
    """Of what a person typed or pasted, such as `AADSTS50105: Your administrator ...`."""
    found = _NUMBER.match(text)
    return int(found[1]) if found else None


def stopped_page(visit: Visit, typed: str = "") -> Page:
    """Asks for the number; `typed` was none."""
    return render("stopped.html", {"visit": visit, "typed": typed}, forms=("'self'",))
