"""What an organisation puts between its people and an app besides consent."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from local.twin.entra.errors import SignInFailure
from local.twin.world import Person

Access = Literal["allow", "block", "mfa", "sign_in_frequency"]
ACCESS: tuple[Access, ...] = ("allow", "block", "mfa", "sign_in_frequency")


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditional Access, in force since an ISO time; `hours` between two sign-ins."""

    access: Access
    since: str
    hours: float = 24.0


@dataclass
class Barriers:
    """`access` by the id of a tenant or of a person, whose own rule comes first. `withheld` by
    tenant: permissions that no token holds, whatever was consented to.
    """

    access: dict[str, Rule] = field(default_factory=dict[str, Rule])
    withheld: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def stop_sign_in(self, person: Person) -> None:
        """Who signs in anew passes the second factor: only a block stays in the way."""
        if self._rule(person).access == "block":
            raise SignInFailure(53003)

    def stop_refresh(
        self, person: Person, issued: datetime, signed_in: datetime, now: datetime
    ) -> None:
        rule = self._rule(person)
        self.stop_sign_in(person)
        if rule.access == "mfa" and issued <= datetime.fromisoformat(rule.since):
            raise SignInFailure(50076)
        stale = now - signed_in > timedelta(hours=rule.hours)
        if rule.access == "sign_in_frequency" and stale:
            raise SignInFailure(70043)

    def kept(self, tenant_id: str, names: frozenset[str]) -> frozenset[str]:
        return names - self.withheld.get(tenant_id, set())

    def _rule(self, person: Person) -> Rule:
        own = self.access.get(person.id)
        return own or self.access.get(person.tenant_id) or Rule("allow", "")

    def to_json(self) -> dict[str, Any]:
        return {
            "access": {key: asdict(rule) for key, rule in self.access.items()},
            "withheld": {tenant: sorted(names) for tenant, names in self.withheld.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Barriers":
        return cls(
            {key: Rule(**rule) for key, rule in data["access"].items()},
            {tenant: set(names) for tenant, names in data["withheld"].items()},
        )
