"""Entra's memory: registrations, grants, codes, refresh tokens, revocations."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from local.twin.directory import ANY_TENANT, PERSONAL_TENANT
from local.twin.entra.apps import (
    AdminRequest,
    App,
    ConsentPolicy,
    Principal,
    app_from_json,
    default_apps,
    principal_from_json,
)
from local.twin.entra.barriers import Barriers
from local.twin.entra.errors import SignInFailure
from local.twin.entra.keys import key_from_pem, process_key
from local.twin.entra.permissions import DELEGATED, OPENID
from local.twin.entra.tokens import Subject, Tokens
from local.twin.world import Person, Tenant

if TYPE_CHECKING:
    from local.twin.app import Twin

CODE_LIFE = timedelta(minutes=10)
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
ANY_MEMBER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
"""Template ids of directory roles; who has none of them has the second one."""
REFRESH_IDLE_LIFE = timedelta(days=90)


@dataclass
class Code:
    app_id: str
    user_id: str
    redirect_uri: str
    scopes: frozenset[str]
    issued: datetime
    challenge: str | None = None
    method: str = "S256"
    nonce: str | None = None
    redeemed: bool = False


@dataclass
class RefreshToken:
    app_id: str
    user_id: str
    scopes: frozenset[str]
    issued: datetime
    signed_in: datetime  # when the person last did, not when the token was renewed

    def to_json(self) -> dict[str, Any]:
        return {
            "app_id": self.app_id,
            "user_id": self.user_id,
            "scopes": sorted(self.scopes),
            "issued": self.issued.isoformat(),
            "signed_in": self.signed_in.isoformat(),
        }


def _identity_provider(home_tenant: str | None) -> str:
    if home_tenant in (None, PERSONAL_TENANT):
        return "live.com"
    return f"https://sts.windows.net/{home_tenant}/"


class Entra:
    def __init__(self, twin: "Twin") -> None:
        self._twin = twin
        self.tokens = Tokens(process_key())
        self.reset()

    def reset(self) -> None:
        self.apps: dict[str, App] = {a.client_id: a for a in default_apps()}
        self.principals: dict[tuple[str, str], Principal] = {}
        self.policies: dict[str, ConsentPolicy] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.revoked: dict[str, datetime] = {}
        self.admin_requests: list[AdminRequest] = []
        self.barriers = Barriers()

    def token_time(self) -> datetime:
        """By which Graph's tokens are made and judged."""
        by_clock = self._twin.switches.tokens_age_with_clock
        return self._twin.clock.now() if by_clock else datetime.now(UTC)

    # who and where

    def tenant(self, name: str) -> Tenant | None:
        """None for common and organizations; AADSTS90002 when there is no such tenant."""
        if name.lower() in ANY_TENANT:
            return None
        tenant = self._twin.directory.tenant(name)
        if tenant is None:
            raise SignInFailure(90002, f"Tenant '{name}' not found.")
        return tenant

    def app(self, client_id: str) -> App:
        app = self.apps.get(client_id.lower())
        if app is None:
            raise SignInFailure(
                700016, f"Application with identifier '{client_id}' was not found."
            )
        if not app.enabled:
            raise SignInFailure(7000112, f"Application '{client_id}' is disabled.")
        return app

    def person(self, user_id: str) -> Person | None:
        return self._twin.world.people.get(user_id)

    # grants

    def policy(self, tenant_id: str) -> ConsentPolicy:
        return self.policies.get(tenant_id, "users_may")

    def principal(self, app: App, tenant_id: str) -> Principal | None:
        """An app is always present in the tenant that it is registered in."""
        found = self.principals.get((app.client_id, tenant_id))
        if found is None and app.tenant_id == tenant_id:
            return self.install(app, tenant_id)
        return found

    def install(self, app: App, tenant_id: str) -> Principal:
        key = (app.client_id, tenant_id)
        if key not in self.principals:
            self.principals[key] = Principal(app.client_id, tenant_id)
        return self.principals[key]

    def missing(self, app: App, person: Person, names: tuple[str, ...]) -> list[str]:
        principal = self.principal(app, person.tenant_id)
        granted = principal.scopes_of(person.id) if principal else set()
        asked = self.barriers.kept(person.tenant_id, frozenset(names))
        return [n for n in names if n in asked and n not in granted]

    def granted(self, app: App, person: Person) -> frozenset[str]:
        principal = self.principal(app, person.tenant_id)
        scopes = frozenset(principal.scopes_of(person.id)) if principal else frozenset()
        return self.barriers.kept(person.tenant_id, scopes)

    def grant_user(self, app: App, person: Person, names: tuple[str, ...]) -> None:
        scopes = self.install(app, person.tenant_id).user_scopes
        scopes.setdefault(person.id, set()).update(names, OPENID)

    def grant_org(self, app: App, tenant_id: str, names: tuple[str, ...]) -> None:
        self.install(app, tenant_id).org_scopes.update(names, OPENID)

    def grant_all_configured(self, app: App, tenant_id: str) -> None:
        self.grant_org(app, tenant_id, tuple(app.delegated))
        self.install(app, tenant_id).roles.update(app.roles)

    def needs_admin(self, person: Person, names: list[str]) -> bool:
        if person.may_agree_for_all or not names:
            return False
        restricted = any(n in DELEGATED and DELEGATED[n].admin for n in names)
        return restricted or self.policy(person.tenant_id) != "users_may"

    def revoke_sessions(self, user_id: str) -> None:
        """Refresh tokens issued until now answer AADSTS50173."""
        self.revoked[user_id] = self._twin.clock.now()

    def revoke_consent(
        self, tenant_id: str, app_id: str | None = None, user_id: str | None = None
    ) -> int:
        """Of one user, or of the whole tenant: then the app is gone from it. Returns how many."""
        found = [
            p
            for p in self.principals.values()
            if p.tenant_id == tenant_id and app_id in (None, p.app_id)
        ]
        for principal in found:
            if user_id is None:
                del self.principals[principal.app_id, tenant_id]
            else:
                principal.user_scopes.pop(user_id, None)
        return len(found)

    # codes and refresh tokens

    def new_code(self, code: Code) -> str:
        value = f"1.{token_urlsafe(48)}"
        self.codes[value] = code
        return value

    def redeem(self, value: str, app: App) -> Code:
        code = self.codes.get(value)
        if code is None or code.app_id != app.client_id:
            raise SignInFailure(70000, "The provided authorization code is not valid.")
        if code.redeemed:
            raise SignInFailure(54005)
        if self._twin.clock.now() - code.issued > CODE_LIFE:
            raise SignInFailure(70008, "The provided authorization code is expired.")
        return code

    def new_refresh_token(
        self,
        app: App,
        person: Person,
        scopes: frozenset[str],
        signed_in: datetime | None = None,
    ) -> str:
        value = f"1.{token_urlsafe(64)}"
        now = self._twin.clock.now()
        self.refresh_tokens[value] = RefreshToken(
            app.client_id, person.id, scopes, now, signed_in or now
        )
        return value

    def spend_refresh_token(self, value: str, app: App) -> RefreshToken:
        """Checks life and revocation. Using a token does not end it, as with Entra."""
        token = self.refresh_tokens.get(value)
        if token is None or token.app_id != app.client_id:
            raise SignInFailure(70000, "The provided refresh token is not valid.")
        if self._twin.clock.now() - token.issued > REFRESH_IDLE_LIFE:
            raise SignInFailure(700082)
        revoked = self.revoked.get(token.user_id)
        if revoked is not None and token.issued <= revoked:
            raise SignInFailure(50173)
        return token

    def check_person(self, person: Person, path: str) -> None:
        """Raises what signing in or refreshing fails with for this person now."""
        names = frozenset({person.id, *person.addresses})
        self._check_faults(path, person.tenant_id, names)
        if not person.enabled:
            raise SignInFailure(50057)

    def check_app_only(self, tenant_id: str, path: str) -> None:
        self._check_faults(path, tenant_id, frozenset())

    def check_app(self, app: App, person: Person) -> None:
        """Whether the organisation lets this person use the app."""
        principal = self.principals.get((app.client_id, person.tenant_id))
        if principal is None:
            return
        if not principal.enabled:
            raise SignInFailure(7000112)
        if principal.assignment_required and person.id not in principal.assigned:
            raise SignInFailure(50105)

    def _check_faults(self, path: str, tenant_id: str, names: frozenset[str]) -> None:
        found = self._twin.faults.for_sign_in(path, tenant_id, names)
        if found is not None and found.aadsts is not None:
            raise SignInFailure(found.aadsts, found.message, found.code, returns=found.returns)

    def subject(self, app: App, person: Person, scopes: frozenset[str]) -> Subject:
        return Subject(
            tenant_id=person.tenant_id,
            app_id=app.client_id,
            object_id=person.id,
            name=person.display_name,
            username=person.mail if person.is_guest else person.upn,
            scopes=scopes,
            identity=self._identity(person, scopes),
        )

    def _identity(self, person: Person, scopes: frozenset[str]) -> dict[str, Any]:
        """Claims of the id token that not everybody has."""
        claims: dict[str, Any] = {}
        if "email" in scopes and person.mail:
            claims["email"] = person.mail
        if person.is_guest:
            claims["idp"] = _identity_provider(person.home_tenant)
        if self._twin.switches.wids_in_id_tokens and person.tenant_id != PERSONAL_TENANT:
            own = [GLOBAL_ADMINISTRATOR] if person.is_admin else []
            claims["wids"] = [*own, *person.directory_roles, ANY_MEMBER]
        return claims

    # snapshot

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.tokens.key.to_pem(),
            "apps": [a.to_json() for a in self.apps.values()],
            "principals": [p.to_json() for p in self.principals.values()],
            "policies": self.policies,
            "refresh_tokens": {v: t.to_json() for v, t in self.refresh_tokens.items()},
            "barriers": self.barriers.to_json(),
            "revoked": {user: at.isoformat() for user, at in self.revoked.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        self.tokens = Tokens(key_from_pem(data["key"]))
        self.apps = {a["client_id"]: app_from_json(a) for a in data["apps"]}
        principals = [principal_from_json(p) for p in data["principals"]]
        self.principals = {(p.app_id, p.tenant_id): p for p in principals}
        self.policies = dict(data["policies"])
        self.refresh_tokens = {
            value: RefreshToken(
                t["app_id"],
                t["user_id"],
                frozenset(t["scopes"]),
                datetime.fromisoformat(t["issued"]),
                datetime.fromisoformat(t.get("signed_in", t["issued"])),
            )
            for value, t in data["refresh_tokens"].items()
        }
        if "barriers" in data:
            self.barriers = Barriers.from_json(data["barriers"])
        self.revoked = {u: datetime.fromisoformat(at) for u, at in data["revoked"].items()}
