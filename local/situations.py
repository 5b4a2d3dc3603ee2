"""What may happen to a person on the way through a consent link, as docs/onboarding.md lists it.

The browser tests play each of them through the real pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.catalogue import cause_of
from shared.custody.reach import application_roles, delegated_scopes
from shared.onboarding.pages.advice import advice_for
from shared.store.records import ConnectionKind, LinkState, Reach


class Reached(StrEnum):
    """How a person gets to the page."""

    BACK = "comes back from Microsoft"
    HELP = "stays on Microsoft's page and asks here about its number"
    START = "opens the link"


@dataclass(frozen=True, slots=True)
class Situation:
    """`code` is the problem on the page, "" where there is none; `number` is Microsoft's.
    `notice` is what the page says besides where all went well.
    """

    name: str
    told: str
    code: str
    state: LinkState
    reached: Reached = Reached.BACK
    number: int = 0
    notice: str = ""

    @property
    def title(self) -> str:
        return cause_of(self.code).title if self.code else "Connected"

    @property
    def help(self) -> str:
        """What the page advises."""
        if self.notice:
            return cause_of(self.notice).remedy
        if not self.code:
            return "Nothing: the first reading begins, silently."
        cause = cause_of(self.code)
        return advice_for(cause).remedy or cause.remedy

    @property
    def who(self) -> str:
        return cause_of(self.code).fixed_by.value if self.code else ""


def _by_number(name: str, told: str, code: str, number: int) -> Situation:
    waits = code in {"admin-consent-required", "admin-approval-pending"}
    state = LinkState.WAITING if waits else LinkState.REFUSED
    return Situation(name, told, code, state, Reached.HELP, number)


_GRANTED, _REFUSED, _WAITING = LinkState.GRANTED, LinkState.REFUSED, LinkState.WAITING
_SENT = LinkState.SENT

SITUATIONS = (
    Situation("person-agrees", "People may agree for themselves, and one does", "", _GRANTED),
    Situation("organisation-agrees", "An administrator agrees for everybody", "", _GRANTED),
    Situation(
        "shared-account-agrees", "An account that acts for others is connected", "", _GRANTED
    ),
    Situation(
        "administrators-only",
        "Only administrators may agree, and somebody else tries",
        "admin-consent-required",
        _WAITING,
        number=90094,
    ),
    Situation(
        "handed-over",
        "An administrator opens the same link on another computer and agrees",
        "",
        _GRANTED,
    ),
    Situation(
        "approval-asked",
        "The organisation takes requests, and one was sent",
        "admin-approval-pending",
        _WAITING,
        number=90095,
    ),
    Situation("approval-given", "The request was approved, the link opened again", "", _GRANTED),
    Situation(
        "no-administrator",
        "Somebody else than an administrator signs in after the organisation's agreement",
        "administrator-needed",
        _WAITING,
    ),
    Situation("declined", "A person declines", "consent-declined", _REFUSED, number=65004),
    Situation(
        "administrator-declines",
        "An administrator declines for the organisation",
        "consent-declined",
        _REFUSED,
        number=65004,
    ),
    Situation("agrees-after-all", "Who declined opens the link again and agrees", "", _GRANTED),
    Situation("wrong-account", "Another account than the expected one", "wrong-account", _REFUSED),
    Situation(
        "wrong-organisation",
        "An account of another organisation than the one connected",
        "wrong-tenant",
        _REFUSED,
    ),
    Situation("guest", "A guest of the organisation signs in", "guest-account", _REFUSED),
    Situation(
        "organisation-taken",
        "Another customer of the application is bound to the organisation",
        "organisation-taken",
        _REFUSED,
    ),
    Situation("no-mailbox", "The account has no licence", "mailbox-unlicensed", _REFUSED),
    Situation(
        "other-licence", "The account's licence has no mailbox", "mailbox-unlicensed", _REFUSED
    ),
    Situation("on-premises", "The mailbox is on own servers", "mailbox-on-premises", _REFUSED),
    Situation(
        "inactive-mailbox",
        "The licence is new, or the mailbox inactive or deleted",
        "mailbox-inactive",
        _REFUSED,
    ),
    Situation(
        "licences-hidden",
        "No mailbox opens, and Microsoft does not show why",
        "mailbox-missing",
        _REFUSED,
    ),
    Situation(
        "shared-mailbox",
        "A shared mailbox signs in itself, and Exchange says that it is one",
        "shared-mailbox",
        _REFUSED,
    ),
    Situation(
        "perhaps-shared",
        "An account signs in whose mailbox needs no licence",
        "",
        _GRANTED,
        notice="mailbox-perhaps-shared",
    ),
    Situation(
        "shared-expected",
        "A shared mailbox signs in by a link that expects it",
        "",
        _GRANTED,
    ),
    Situation(
        "connected-already",
        "The organisation's agreement covers the mailbox already",
        "mailbox-already-connected",
        _REFUSED,
    ),
    Situation("less-allowed", "Microsoft gives less than was asked", "scopes-missing", _REFUSED),
    Situation(
        "not-yet-effective",
        "The organisation agreed, and Microsoft has not spread the word yet",
        "consent-pending",
        _SENT,
    ),
    Situation(
        "secret-expired",
        "The application's own secret has expired",
        "app-credential-refused",
        _REFUSED,
        number=7000222,
    ),
    Situation(
        "microsoft-away",
        "Microsoft's sign-in does not answer, or what agreements are kept in",
        "sign-in-unfinished",
        _SENT,
    ),
    Situation(
        "unknown-number-back",
        "A number that is in no list comes back",
        "sign-in-unexplained",
        _REFUSED,
        number=999999,
    ),
    Situation(
        "other-browser",
        "Microsoft's answer is brought by another browser",
        "consent-state-invalid",
        _SENT,
    ),
    Situation(
        "link-expired",
        "The link is too old",
        "consent-link-expired",
        LinkState.EXPIRED,
        Reached.START,
    ),
    Situation(
        "link-revoked",
        "The application took the link back",
        "consent-link-revoked",
        LinkState.REVOKED,
        Reached.START,
    ),
    Situation(
        "link-used", "The link was used before", "consent-link-used", _GRANTED, Reached.START
    ),
    Situation(
        "link-changed",
        "The link was cut off or changed",
        "consent-link-unknown",
        LinkState.CREATED,
        Reached.START,
    ),
    _by_number("not-assigned", "Only assigned people may use the app", "user-not-assigned", 50105),
    _by_number("blocked", "Conditional access blocks the sign-in", "conditional-access", 53003),
    _by_number("second-factor", "A second factor is missing", "interaction-required", 50076),
    _by_number("disabled", "The account is disabled", "user-disabled", 50057),
    _by_number("app-disabled", "The app is switched off there", "app-disabled", 7000112),
    _by_number("personal", "A personal account", "personal-account", 500200),
    _by_number("stranger", "An account the organisation does not know", "wrong-tenant", 50020),
    _by_number("unknown-account", "The account does not exist", "account-unknown", 50034),
    _by_number("wrong-password", "Name or password is wrong", "sign-in-failed", 50126),
    _by_number("session-lost", "The sign-in page lost its session", "sign-in-interrupted", 165900),
    _by_number("cross-tenant", "Organisations are closed", "cross-tenant-blocked", 500212),
    _by_number("service-missing", "Exchange Online is not there", "service-missing", 650052),
    _by_number("unknown-tenant", "The organisation does not exist", "tenant-not-found", 90002),
    _by_number("registration", "The app registration is wrong", "app-misconfigured", 50011),
    _by_number("unknown-number", "A number in no list is shown", "sign-in-unexplained", 999998),
)

_REASONS = {
    Reach.ROOMS: "to show rooms and when they are taken",
    Reach.FREE_BUSY: "to see when people are busy, without what",
    Reach.READ: "to show Outlook's appointments in the application",
    Reach.READ_WRITE: "to keep appointments the same on both sides",
}
_PERMISSIONS = """| reach | for one person (delegated) | for the organisation (application) | why |
|---|---|---|---|
"""


def permissions() -> str:
    return _PERMISSIONS + "".join(
        f"| `{reach.value}` | {_listed(delegated_scopes(ConnectionKind.USER, reach))} "
        f"| {_listed(application_roles(reach))} | {why} |\n"
        for reach, why in _REASONS.items()
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


_HEAD = """| situation | where | the page says | who can fix it | what to do | link |
|---|---|---|---|---|---|
"""


def situations() -> str:
    return _HEAD + "".join(_row(situation) for situation in SITUATIONS)


def _row(one: Situation) -> str:
    number = f" (AADSTS{one.number})" if one.number else ""
    codes = "".join(f" `{code}`" for code in (one.code, one.notice) if code)
    title = f"**{one.title}**{codes}"
    who = one.who.replace("_", " ")
    cells = (one.told + number, one.reached.value, title, who, one.help, f"`{one.state.value}`")
    return "| " + " | ".join(cells) + " |\n"
