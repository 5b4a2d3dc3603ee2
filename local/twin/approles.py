"""Exchange's RBAC for Applications: an app's role in the mailboxes of a scope."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local.twin.accounts import Person
from local.twin.caller import satisfying

if TYPE_CHECKING:
    from local.twin.world import World

ROLES = (
    "Application Calendars.Read",
    "Application Calendars.ReadWrite",
    "Application MailboxSettings.Read",
    "Application MailboxSettings.ReadWrite",
)


@dataclass(frozen=True, slots=True)
class AppRole:
    """The scope is a group's direct members or `people`; without both the whole organisation.
    `since` is ISO 8601.
    """

    app_id: str
    tenant_id: str
    role: str
    since: str
    group_id: str | None = None
    people: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: str(uuid4()))


class AppRoles:
    def __init__(self, world: "World") -> None:
        self._world = world
        self.all: dict[str, AppRole] = {}

    def add(self, role: AppRole) -> AppRole:
        self.all[role.id] = role
        return role

    def reach(self, app_id: str, person: Person, permission: str, at: datetime) -> bool:
        """`at`: roles given later have no effect yet."""
        enough = {f"Application {name}" for name in satisfying(permission)}
        return any(
            role.role in enough
            and (role.app_id, role.tenant_id) == (app_id, person.tenant_id)
            and datetime.fromisoformat(role.since) <= at
            and self._covers(role, person)
            for role in self.all.values()
        )

    def _covers(self, role: AppRole, person: Person) -> bool:
        if role.group_id is not None:
            group = self._world.roster.groups.get(role.group_id)
            return group is not None and person.id in group.members
        return not role.people or person.id in role.people

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(role) for role in self.all.values()]

    def load(self, data: list[dict[str, Any]]) -> None:
        loaded = [AppRole(**{**one, "people": tuple(one["people"])}) for one in data]
        self.all = {role.id: role for role in loaded}
