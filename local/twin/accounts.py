"""A person of a directory; rooms and shared mailboxes are such too."""

from dataclasses import dataclass, field
from typing import Literal

PersonKind = Literal["user", "room", "shared", "equipment"]
UserType = Literal["Member", "Guest"]
MailboxKind = Literal["cloud", "none", "onprem", "inactive", "soft_deleted", "moving"]


PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
"""The role's template id, the same in every organisation."""


@dataclass(slots=True)
class Person:
    id: str
    tenant_id: str
    upn: str
    mail: str
    display_name: str
    aliases: list[str] = field(default_factory=list)
    kind: PersonKind = "user"
    capacity: int | None = None
    building: str | None = None
    enabled: bool = True
    licensed: bool = True
    mailbox: MailboxKind = "cloud"
    is_admin: bool = False
    time_zone: str = "UTC"
    teams: bool = True  # meetings in the person's calendars may be Teams meetings
    apps_blocked: bool = False  # by an application access policy
    user_type: UserType = "Member"
    home_tenant: str | None = None  # of a guest, where the account is
    other_mails: list[str] = field(default_factory=list)
    other_licence: bool = False  # of a service that comes without a mailbox
    purpose: str | None = None  # of the mailbox; None: what the kind says
    directory_roles: list[str] = field(default_factory=list)  # template ids, besides is_admin

    @property
    def may_agree_for_all(self) -> bool:
        """To application permissions of Graph; of the lesser roles only one may."""
        return self.is_admin or PRIVILEGED_ROLE_ADMINISTRATOR in self.directory_roles

    @property
    def is_guest(self) -> bool:
        return self.user_type == "Guest"

    @property
    def proxy_addresses(self) -> list[str]:
        """The primary address in capitals, as Exchange keeps them; a guest has none."""
        if not self.mail or self.is_guest:
            return []
        return [f"SMTP:{self.mail}", *(f"smtp:{alias}" for alias in self.aliases)]

    @property
    def reachable(self) -> bool:
        """Has a mailbox that Graph can open. What is nobody's own needs no licence."""
        return self.mailbox == "cloud" and (self.licensed or self.kind != "user")

    @property
    def signs_in(self) -> bool:
        """A shared mailbox's account is blocked as a rule, and works where it is not."""
        return self.kind in ("user", "shared")

    def answers_to(self, address: str) -> bool:
        """`address` in lower case."""
        return (
            address in (self.upn.lower(), self.mail.lower())
            or address in (alias.lower() for alias in self.aliases)
        ) and bool(address)

    @property
    def addresses(self) -> set[str]:
        return {a.lower() for a in (self.upn, self.mail, *self.aliases) if a}
