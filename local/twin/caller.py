"""Who asks Graph, and what the token lets them do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """`user_id` is None for an app-only token, whose rights are `roles` instead of `scopes`."""

    tenant_id: str
    app_id: str
    user_id: str | None
    scopes: frozenset[str]
    roles: frozenset[str]

    def has(self, permission: str) -> bool:
        granted = self.scopes if self.user_id else self.roles
        return not granted.isdisjoint(satisfying(permission))

    def may(self, mailbox_owner_id: str, permission: str) -> bool:
        """App-only reaches every mailbox of its tenant, a person only the own or a shared one."""
        if self.user_id is None or self.user_id == mailbox_owner_id:
            return self.has(permission)
        return self.has(f"{permission}.Shared")


def satisfying(permission: str) -> set[str]:
    """The permission and those that include it: ReadBasic < Read < ReadWrite, own < Shared."""
    resource, _, access = permission.partition(".")
    base, *suffix = access.split(".")
    order = ["ReadBasic", "Read", "ReadWrite"]
    enough = order[order.index(base) :] if base in order else [base]
    if permission == "Calendars.ReadBasic":
        enough.append("ReadBasic.All")
    tails = ["." + ".".join(suffix)] if suffix else ["", ".Shared"]
    return {f"{resource}.{word}{tail}" for word in enough for tail in tails}
