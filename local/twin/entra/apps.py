"""App registrations, and what each tenant has granted them."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

VENDOR_TENANT = "11111111-0000-4000-8000-000000000001"
VAULT_CLIENT_ID = "11111111-0000-4000-8000-000000000002"
CALBRIDGE_CLIENT_ID = "11111111-0000-4000-8000-000000000003"
LOOPBACK = ("localhost", "127.0.0.1")

ConsentPolicy = Literal["users_may", "admins_only", "admin_workflow"]


@dataclass
class Secret:
    value: str
    expires: str | None = None  # ISO 8601; AADSTS7000222 from then on


@dataclass
class FederatedCredential:
    """`issuer` is compared by its path, as the twin answers under several host names."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass
class App:
    client_id: str
    name: str
    tenant_id: str
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)  # PEM
    federated: list[FederatedCredential] = field(default_factory=list)
    redirect_uris: list[str] = field(default_factory=list)
    delegated: list[str] = field(default_factory=list)  # configured, so part of .default
    roles: list[str] = field(default_factory=list)
    multitenant: bool = True
    enabled: bool = True
    personal_accounts: bool = True  # below `common`; False: an app for organisations only
    any_resource: bool = False  # an identity with a token for every resource, such as a vault

    def redirects_to(self, uri: str) -> bool:
        return any(_same_redirect(uri, registered) for registered in self.redirect_uris)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def app_from_json(data: dict[str, Any]) -> App:
    """Raises TypeError that names a field which is missing or unknown."""
    raw = dict(data)
    raw["secrets"] = [Secret(**_secret(s)) for s in raw.get("secrets", [])]
    raw["federated"] = [FederatedCredential(**f) for f in raw.get("federated", [])]
    raw.setdefault("tenant_id", VENDOR_TENANT)
    return App(**raw)


def _secret(data: Any) -> dict[str, Any]:
    return {"value": data} if isinstance(data, str) else data


def _same_redirect(uri: str, registered: str) -> bool:
    """Exact, but a loopback address may use any port and either name of this machine."""
    if uri == registered:
        return True
    try:
        given, known = urlsplit(uri), urlsplit(registered)
        loopback = given.hostname in LOOPBACK and known.hostname in LOOPBACK
        _ = given.port
    except ValueError:
        return False
    same = (given.path, given.query, given.fragment) == (known.path, known.query, known.fragment)
    return loopback and same and given.scheme == known.scheme == "http"


@dataclass
class Principal:
    """An app as installed in one tenant (Entra's enterprise application) with its grants."""

    app_id: str
    tenant_id: str
    org_scopes: set[str] = field(default_factory=set)
    user_scopes: dict[str, set[str]] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    enabled: bool = True
    assignment_required: bool = False
    assigned: set[str] = field(default_factory=set)  # ids of people

    @property
    def object_id(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"principal/{self.tenant_id}/{self.app_id}"))

    def scopes_of(self, user_id: str) -> set[str]:
        return self.org_scopes | self.user_scopes.get(user_id, set())

    def to_json(self) -> dict[str, Any]:
        return {
            "app_id": self.app_id,
            "tenant_id": self.tenant_id,
            "object_id": self.object_id,
            "org_scopes": sorted(self.org_scopes),
            "user_scopes": {user: sorted(s) for user, s in self.user_scopes.items()},
            "roles": sorted(self.roles),
            "enabled": self.enabled,
            "assignment_required": self.assignment_required,
            "assigned": sorted(self.assigned),
        }


def principal_from_json(data: dict[str, Any]) -> Principal:
    return Principal(
        app_id=data["app_id"],
        tenant_id=data["tenant_id"],
        org_scopes=set(data.get("org_scopes", [])),
        user_scopes={user: set(s) for user, s in data.get("user_scopes", {}).items()},
        roles=set(data.get("roles", [])),
        enabled=data.get("enabled", True),
        assignment_required=data.get("assignment_required", False),
        assigned=set(data.get("assigned", [])),
    )


@dataclass
class AdminRequest:
    """A person's request for admin consent, with the reason given."""

    at: datetime
    tenant_id: str
    app_id: str
    user_id: str
    justification: str
    scopes: list[str] = field(default_factory=list)
    state: str = "waiting"  # waiting | approved | denied | blocked
    id: str = field(default_factory=lambda: str(uuid4()))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


def default_apps() -> list[App]:
    return [
        App(
            client_id=CALBRIDGE_CLIENT_ID,
            name="Calbridge",
            tenant_id=VENDOR_TENANT,
            secrets=[Secret("local-app-secret")],
            redirect_uris=[
                "http://localhost:7071/oauth/callback",
                "http://localhost:7071/oauth/admin-consent",
            ],
            delegated=["User.Read", "Calendars.ReadWrite", "offline_access"],
            roles=[
                "Calendars.ReadWrite",
                "GroupMember.Read.All",
                "MailboxSettings.Read",
                "Place.Read.All",
                "User.Read.All",
            ],
        ),
        App(
            client_id=VAULT_CLIENT_ID,
            name="Calbridge's own identity",
            tenant_id=VENDOR_TENANT,
            secrets=[Secret("local-vault-secret")],
            multitenant=False,
            any_resource=True,
        ),
    ]
