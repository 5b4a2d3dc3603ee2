"""Groups of a directory, and the journal of who came, changed and went."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

if TYPE_CHECKING:
    from local.twin.world import Person, World

GroupKind = Literal["security", "mail_security", "microsoft365", "distribution"]
Gone = Literal["changed", "deleted"]


@dataclass(slots=True)
class Group:
    """`members`: ids of people and of groups."""

    id: str
    tenant_id: str
    name: str
    mail: str = ""
    kind: GroupKind = "security"
    members: list[str] = field(default_factory=list)

    @property
    def mail_enabled(self) -> bool:
        return self.kind != "security"

    @property
    def security_enabled(self) -> bool:
        return self.kind in ("security", "mail_security")


@dataclass(frozen=True, slots=True)
class Line:
    """The latest that is to be told of a person; `gone` as Graph's reason."""

    sequence: int
    person_id: str
    tenant_id: str
    facts: str
    gone: Gone | None = None


class Roster:
    """What changed is found by looking when somebody asks, however it was changed."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.groups: dict[str, Group] = {}
        self.lines: dict[str, Line] = {}
        self.sequence = 0
        self.generations: dict[str, int] = {}

    def create_group(self, tenant_id: str, name: str, **more: Any) -> Group:
        group_id = str(uuid5(NAMESPACE_URL, f"group/{tenant_id}/{name.lower()}"))
        group = self.groups[group_id] = Group(group_id, tenant_id, name, **more)
        return group

    def group(self, name: str, tenant_id: str | None = None) -> Group | None:
        """By id, name or mail."""
        wanted = name.lower()
        return next(
            (
                g
                for g in self.groups.values()
                if wanted in (g.id, g.name.lower(), g.mail.lower())
                and tenant_id in (None, g.tenant_id)
            ),
            None,
        )

    def everyone_in(self, group: Group) -> list["Person | Group"]:
        """Members of members too, each once."""
        found: dict[str, Person | Group] = {}
        waiting = [group]
        while waiting:
            for member in self.members(waiting.pop()):
                if member.id not in found:
                    found[member.id] = member
                    waiting += [member] if isinstance(member, Group) else []
        return list(found.values())

    def members(self, group: Group) -> Iterator["Person | Group"]:
        """Who was deleted is no member any more."""
        for member_id in group.members:
            found = self._world.people.get(member_id) or self.groups.get(member_id)
            if found is not None:
                yield found

    def changes(self, tenant_id: str, sequence: int) -> list[Line]:
        """Oldest first."""
        self._look(tenant_id)
        found = [
            line
            for line in self.lines.values()
            if line.tenant_id == tenant_id and line.sequence > sequence
        ]
        return sorted(found, key=lambda line: line.sequence)

    def latest(self, tenant_id: str) -> int:
        self._look(tenant_id)
        return self.sequence

    def _look(self, tenant_id: str) -> None:
        there = {p.id: p for p in self._world.people_of(tenant_id)}
        for person in there.values():
            self._note(person.id, tenant_id, f"{crc32(repr(person).encode()):08x}", None)
        for line in self._of(tenant_id):
            if line.person_id not in there:
                soft = line.person_id in self._world.deleted_people
                gone: Gone = "changed" if soft else "deleted"
                self._note(line.person_id, tenant_id, "", gone)

    def _of(self, tenant_id: str) -> Iterable[Line]:
        return [line for line in self.lines.values() if line.tenant_id == tenant_id]

    def _note(self, person_id: str, tenant_id: str, facts: str, gone: Gone | None) -> None:
        known = self.lines.get(person_id)
        if known is not None and (known.facts, known.gone) == (facts, gone):
            return
        self.sequence += 1
        self.lines[person_id] = Line(self.sequence, person_id, tenant_id, facts, gone)

    def to_json(self) -> dict[str, Any]:
        return {
            "groups": [asdict(group) for group in self.groups.values()],
            "lines": [asdict(line) for line in self.lines.values()],
            "sequence": self.sequence,
            "generations": self.generations,
        }

    def load(self, data: dict[str, Any]) -> None:
        self.groups = {g["id"]: Group(**g) for g in data["groups"]}
        self.lines = {one["person_id"]: Line(**one) for one in data["lines"]}
        self.sequence = data["sequence"]
        self.generations = dict(data["generations"])
