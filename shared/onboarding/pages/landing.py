"""Where a consent link leads: who asks, for what, who has to do it, and what happens next."""

from dataclasses import dataclass

from shared.onboarding.pages.letters import hand_over, justification
from shared.onboarding.pages.page import Page
from shared.onboarding.pages.reach import NEVER, meaning_of, private_items
from shared.onboarding.pages.render import render
from shared.onboarding.pages.visit import Visit
from shared.store.records import ConnectionKind, LinkState

LEFT = frozenset({LinkState.SENT, LinkState.WAITING, LinkState.REFUSED})
"""Somebody has been to Microsoft with this link."""


@dataclass(frozen=True, slots=True)
class Choice:
    kind: ConnectionKind
    title: str
    who: str
    effect: str
    button: str


_CHOICES = {
    ConnectionKind.ORGANISATION: Choice(
        ConnectionKind.ORGANISATION,
        "The whole organisation",
        "For an administrator",
        "One agreement for everybody: the calendars of all colleagues can then be connected, "
        "and nobody else is asked. Which ones really are is chosen in {product}.",
        "Continue for everybody",
    ),
    ConnectionKind.USER: Choice(
        ConnectionKind.USER,
        "Just me",
        "For anybody with a work account",
        "You agree for your own calendar only; nobody else's is touched. Where the organisation "
        "leaves this to administrators, you are told what to do.",
        "Continue for myself",
    ),
    ConnectionKind.SERVICE_ACCOUNT: Choice(
        ConnectionKind.SERVICE_ACCOUNT,
        "A shared account",
        "For whoever knows its sign-in",
        "Sign in with the account to which colleagues have opened their calendars. Only "
        "calendars that are shared with it can be reached, and only as far as they are.",
        "Continue with the shared account",
    ),
}


def landing_page(visit: Visit, chosen: ConnectionKind | None = None) -> Page:
    """`chosen` is the choice the link was handed over with; the other is offered still."""
    kinds = visit.choices
    waiting = visit.link.state is LinkState.WAITING
    wanted = chosen or (ConnectionKind.ORGANISATION if waiting else None)
    first = wanted if wanted in kinds else kinds[0]
    facts = {
        "visit": visit,
        "meaning": meaning_of(visit.link.reach, kinds),
        "private": private_items(visit.link.reach, visit.tenant),
        "never": NEVER,
        "choices": [_CHOICES[kind] for kind in sorted(kinds, key=lambda kind: kind is not first)],
        "administrator": ConnectionKind.ORGANISATION in kinds,
        "letter": hand_over(visit),
        "justification": justification(visit),
        "left": visit.link.state in LEFT,
        "waiting": waiting,
    }
    return render("landing.html", facts, forms=visit.form_targets())
