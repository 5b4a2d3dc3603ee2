"""What the pages of one consent link have in common."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from shared.settings import is_web_url
from shared.store.records import ConnectionKind, ConsentLink, Tenant


@dataclass(frozen=True, slots=True)
class Visit:
    """`product` is the host app's name, `url` the consent link's own address."""

    link: ConsentLink
    tenant: Tenant
    product: str
    url: str

    @property
    def name(self) -> str:
        """As the address has it, for forms."""
        return self.url.partition("link=")[2]

    @property
    def choices(self) -> tuple[ConnectionKind, ...]:
        """The likelier one first."""
        kinds = self.link.choices or (self.link.kind,)
        return tuple(sorted(kinds, key=lambda kind: kind is not self.link.kind))

    @property
    def expires(self) -> str:
        """For people, in the zone the host app gave with the link, else in UTC."""
        return spelled(self.link.expires, self.link.time_zone)

    def url_as(self, kind: ConnectionKind | None) -> str:
        return f"{self.url}&as={kind.value}" if kind else self.url

    @property
    def expected(self) -> str:
        """For whom it is, without telling an address to whoever got hold of the link. A link
        that mends a connection expects an id, and fills in the address that belongs to it.
        """
        filled_in = self.link.login_hint if self.link.reconnects else ""
        return masked(self.link.expected) or masked(filled_in)

    def form_targets(self) -> tuple[str, ...]:
        """Browsers hold a form to these through every redirect that follows: sign-in goes from
        Entra to a customer's own identity provider and at last back to the host app.
        """
        back = self.link.return_url
        plain = is_web_url(back) and urlsplit(back).scheme == "http"
        origin = f"http://{urlsplit(back).netloc}"
        return ("'self'", "https:", origin) if plain else ("'self'", "https:")


def masked(name: str) -> str:
    """`megan@contoso.example` as `m…@contoso.example`; "" for what is no address."""
    local, at, domain = name.partition("@")
    return f"{local[:1]}…@{domain}" if at else ""


def spelled(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone or "UTC"))
    day = f"{local:%A}, {local.day} {local:%B %Y}"
    return f"{day}, {local:%H:%M} ({zone or 'UTC'})"
