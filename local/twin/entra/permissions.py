"""The permissions of Graph that the twin knows, in the words of a consent page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    name: str
    words: str
    admin: bool = False  # delegated consent needs an administrator


OPENID = frozenset({"openid", "profile", "email", "offline_access"})

DELEGATED = {
    p.name: p
    for p in (
        Permission("openid", "Sign you in"),
        Permission("profile", "View your basic profile"),
        Permission("email", "View your email address"),
        Permission("offline_access", "Maintain access to data you have given it access to"),
        Permission("User.Read", "Sign you in and read your profile"),
        Permission("User.ReadBasic.All", "Read all users' basic profiles"),
        Permission("User.Read.All", "Read all users' full profiles", admin=True),
        Permission("Calendars.ReadBasic", "Read basic details of your calendars"),
        Permission("Calendars.Read", "Read your calendars"),
        Permission("Calendars.ReadWrite", "Have full access to your calendars"),
        Permission("Calendars.Read.Shared", "Read calendars you can access"),
        Permission("Calendars.ReadWrite.Shared", "Read and write to your and shared calendars"),
        Permission("MailboxSettings.Read", "Read your mailbox settings"),
        Permission("MailboxSettings.ReadWrite", "Read and write to your mailbox settings"),
        Permission("OnlineMeetings.ReadWrite", "Create and read your online meetings"),
        Permission("Place.Read.All", "Read all company places", admin=True),
        Permission("Directory.Read.All", "Read directory data", admin=True),
        Permission("GroupMember.Read.All", "Read group memberships", admin=True),
        Permission("Organization.Read.All", "Read organization information", admin=True),
    )
}

APPLICATION = {
    p.name: p
    for p in (
        Permission("Calendars.ReadBasic.All", "Read basic details of calendars in all mailboxes"),
        Permission("Calendars.Read", "Read calendars in all mailboxes"),
        Permission("Calendars.ReadWrite", "Read and write calendars in all mailboxes"),
        Permission("MailboxSettings.Read", "Read all users' mailbox settings"),
        Permission("MailboxSettings.ReadWrite", "Read and write all users' mailbox settings"),
        Permission("User.Read.All", "Read all users' full profiles"),
        Permission("User.ReadBasic.All", "Read all users' basic profiles"),
        Permission("Place.Read.All", "Read all company places"),
        Permission("Directory.Read.All", "Read directory data"),
        Permission("GroupMember.Read.All", "Read all group memberships"),
        Permission("Group.Read.All", "Read all groups"),
        Permission("Organization.Read.All", "Read organization information"),
        Permission("OnlineMeetings.ReadWrite.All", "Read and create online meetings"),
    )
}


@dataclass(frozen=True)
class Scopes:
    """A scope parameter taken apart. `resource` is the audience; `names` lack its prefix."""

    resource: str
    names: tuple[str, ...]
    default: bool

    @property
    def unknown(self) -> list[str]:
        return [n for n in self.names if n not in DELEGATED]


def scopes_of(text: str, graph: str = "https://graph.microsoft.com") -> Scopes:
    """A scope without a resource is Graph's; `<resource>/.default` asks for all granted."""
    names: list[str] = []
    resource, default = graph, False
    for scope in text.split():
        prefix, slash, last = scope.rpartition("/")
        if last == ".default":
            default = True
        if slash:
            resource = prefix
        if last != ".default":
            names.append(last)
    canonical = {name.lower(): name for name in DELEGATED}
    return Scopes(resource, tuple(canonical.get(n.lower(), n) for n in names), default)


def words(name: str, *, application: bool) -> str:
    table = APPLICATION if application else DELEGATED
    return table[name].words if name in table else name
