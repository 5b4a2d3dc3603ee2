"""What the person at the browser can do about a cause, beyond what the catalogue says."""

from dataclasses import dataclass, replace

from shared.catalogue import Cause, FixedBy
from shared.store.records import ConnectionKind

ORGANISATION = ConnectionKind.ORGANISATION


@dataclass(frozen=True, slots=True)
class Advice:
    """`again` names the button that opens the link anew, "" where that leads nowhere; `kind` is
    the choice it opens with. `waits`: the page may be left open until somebody has acted.
    `remedy` replaces the catalogue's, which speaks to the host app's makers as well. `to` is who
    is written to, where that is not who can fix it.
    """

    again: str = ""
    kind: ConnectionKind | None = None
    asks_for_consent: bool = False
    waits: bool = False
    remedy: str = ""
    to: FixedBy | None = None


_AGAIN = Advice(again="Try again")
_OTHER = Advice(again="Sign in with another account")
_SOON = Advice(again="Go on", waits=True)
_ADMIN = Advice(
    "I am an administrator",
    ORGANISATION,
    asks_for_consent=True,
    waits=True,
    remedy="Send your administrator the text below; it holds this same link. If you are one "
    "yourself, go on for the whole organisation.",
)
_ASKED = Advice(
    "It was approved: go on",
    asks_for_consent=True,
    waits=True,
    remedy="Wait until your administrators have approved the request, then go on with this same "
    "link. If nobody does, send them the text below.",
)
_ADMINISTRATOR = replace(
    _ADMIN,
    again="Sign in as an administrator",
    remedy="Sign in with an administrator's account, or send your administrator the text below. "
    "Microsoft asks for a Global Administrator or a Privileged Role Administrator.",
)
_DONE = Advice(again="It is done: try again")
_OVER = Advice()

_ADVICE = {
    "admin-consent-required": _ADMIN,
    "admin-approval-pending": _ASKED,
    "administrator-needed": _ADMINISTRATOR,
    "app-not-installed": _ADMIN,
    "consent-required": _AGAIN,
    "consent-pending": _SOON,
    "consent-declined": Advice(again="Open the link again"),
    "wrong-tenant": _OTHER,
    "wrong-account": _OTHER,
    "personal-account": _OTHER,
    "guest-account": _OTHER,
    "account-unknown": _OTHER,
    "sign-in-unexplained": replace(_AGAIN, to=FixedBy.TENANT_ADMIN),
    "interaction-required": replace(_AGAIN, to=FixedBy.TENANT_ADMIN),
    "consent-link-expired": _OVER,
    "consent-link-revoked": _OVER,
    "consent-link-used": _OVER,
    "consent-link-unknown": Advice(
        remedy="Open the link whole, as it was sent to you. If that does not help, ask the "
        "application for a new one."
    ),
    "mailbox-already-connected": Advice(
        remedy="Nothing: your calendar is connected already, by your organisation or another "
        "agreement. To change that, disconnect it in the application first."
    ),
    "mailbox-unlicensed": replace(
        _DONE,
        remedy="Send your administrator the text below: your account needs a licence with "
        "Exchange Online. Its mailbox is there within a day of that, and then this same link "
        "works.",
    ),
    "mailbox-on-premises": replace(
        _DONE,
        remedy="Send your administrator the text below: your mailbox has to be moved to Exchange "
        "Online first. After that this same link works.",
    ),
    "mailbox-missing": replace(
        _DONE,
        remedy="Send your administrator the text below: your account needs a mailbox in Exchange "
        "Online. After that this same link works.",
    ),
    "mailbox-inactive": replace(
        _DONE,
        remedy="If your account is new, or got its licence today, wait a day and try again with "
        "this same link. Else send your administrator the text below.",
    ),
    "shared-mailbox": replace(
        _OTHER,
        remedy="To connect your own calendar, sign in with your own account. To connect this "
        "mailbox, send your administrator the text below.",
    ),
    "unavailable": replace(
        _AGAIN, remedy="Wait a minute and try again with the same link; nothing is lost."
    ),
    "sign-in-unfinished": Advice(
        again="Go on with the same link",
        remedy="Wait a minute, then go on with the same link. You need no new one.",
    ),
}
_BY_WHO = {
    FixedBy.USER: _AGAIN,
    FixedBy.TENANT_ADMIN: _DONE,
    FixedBy.VENDOR: Advice(again="Try again later"),
    FixedBy.MICROSOFT: _AGAIN,
}


def advice_for(cause: Cause) -> Advice:
    return _ADVICE.get(cause.code) or _BY_WHO[cause.fixed_by]
