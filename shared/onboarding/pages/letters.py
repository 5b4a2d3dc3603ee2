"""Ready texts for the person who can go on where this one cannot."""

from dataclasses import dataclass
from urllib.parse import quote

from shared.catalogue import Cause, FixedBy
from shared.onboarding.pages.advice import Advice
from shared.onboarding.pages.reach import NEVER, meaning_of
from shared.onboarding.pages.visit import Visit
from shared.store.records import ConnectionKind

_NEVER = f"{', '.join(NEVER[:-1])} or {NEVER[-1]}"
_TO = {
    FixedBy.USER: "Send this to the person who should do it",
    FixedBy.TENANT_ADMIN: "Send this to your administrator",
    FixedBy.VENDOR: "Send this to whoever looks after the application",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """`heading` says to whom it goes."""

    heading: str
    subject: str
    body: str

    @property
    def mailto(self) -> str:
        return f"mailto:?subject={quote(self.subject)}&body={quote(self.body)}"


def hand_over(visit: Visit) -> Letter:
    """For whoever opened the link and is not the one to agree."""
    kind = visit.link.kind
    if kind is ConnectionKind.USER:
        return Letter(
            _TO[FixedBy.USER],
            f"Please connect your calendar with {visit.product}",
            _lines(
                "Hello,",
                f"please open this link, sign in with your work account and accept, so that "
                f"{visit.product} and your Outlook calendar show the same appointments:",
                visit.url,
                _facts(visit),
                "Thank you",
            ),
        )
    if kind is ConnectionKind.SERVICE_ACCOUNT:
        return _service_account(visit)
    return admin_letter(visit)


def admin_letter(visit: Visit) -> Letter:
    return Letter(
        _TO[FixedBy.TENANT_ADMIN],
        f"Please approve {visit.product} for our Microsoft 365 calendars",
        _lines(
            "Hello,",
            f"{visit.tenant.name} uses {visit.product}. It is to show the same appointments as "
            "Outlook, and Microsoft 365 lets only an administrator allow that.",
            "Please open this link, choose “The whole organisation”, sign in and accept:",
            visit.url_as(ConnectionKind.ORGANISATION),
            _facts(visit),
            "It can be taken back at any time in the Entra admin centre, under Enterprise "
            "applications.",
            "Thank you",
        ),
    )


def _service_account(visit: Visit) -> Letter:
    return Letter(
        _TO[FixedBy.USER],
        f"Please connect the shared account with {visit.product}",
        _lines(
            "Hello,",
            f"please open this link and sign in with the account to which our calendars are "
            f"shared, so that {visit.product} can work with them:",
            visit.url,
            _facts(visit),
            "Thank you",
        ),
    )


def problem_letter(
    visit: Visit, cause: Cause, advice: Advice, notes: tuple[str, ...]
) -> Letter | None:
    """None where nobody else is needed. `notes` are what support asks for."""
    if advice.asks_for_consent:
        return admin_letter(visit)
    to = advice.to or cause.fixed_by
    if to not in {FixedBy.TENANT_ADMIN, FixedBy.VENDOR}:
        return None
    helps = "Could you find out what it means?" if advice.to else f"What helps: {cause.remedy}"
    return Letter(
        _TO[to],
        f"{visit.product} and Microsoft 365: {cause.title}",
        _lines(
            "Hello,",
            f"I wanted to connect a Microsoft 365 calendar with {visit.product} for "
            f"{visit.tenant.name} and was stopped: {cause.title}. {cause.meaning}",
            helps,
            "After that, this link works again:",
            visit.url_as(advice.kind),
            "\n".join((f"Code {cause.code}", *notes)),
            "Thank you",
        ),
    )


def justification(visit: Visit) -> str:
    """What Microsoft asks for where people may request an administrator's approval."""
    meaning = meaning_of(visit.link.reach, visit.choices)
    return (
        f"{visit.tenant.name} uses {visit.product}. It is to show the same appointments as "
        f"Outlook. {meaning.sentence} It never sees {_NEVER}."
    )


def _facts(visit: Visit) -> str:
    meaning = meaning_of(visit.link.reach, visit.choices)
    return (
        f"{meaning.sentence} It never sees {_NEVER}. The link works on any computer until "
        f"{visit.expires}."
    )


def _lines(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)
