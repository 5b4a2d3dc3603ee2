"""Every setting, read once from a mapping; all that is missing or wrong is reported at once."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MIN_SIGNING_KEY = 32
PEM = "-----BEGIN "
REFERENCE = "@Microsoft.KeyVault("
REACHES = ("rooms", "free_busy", "read", "read_write")


class Secret:
    """Hides its value from repr, str and format; `reveal` at the place of use only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class SettingsError(Exception):
    """`problems` maps a setting's name to what would be right. Never holds a value."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        lines = (f"{name}: {text}" for name, text in sorted(problems.items()))
        super().__init__("Settings are missing or wrong.\n" + "\n".join(lines))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Settings:
    """URLs carry no trailing slash, `return_urls` excepted: a return URL must start with one
    of them. Exactly one of `client_secret`, `certificate_path`, `certificate` (PEM, or PKCS #12
    in base64) and `managed_identity` is set; so is either `storage_connection` or both storage
    URIs. `client_ids` are the app registrations for a narrower reach of an organisation, by the
    reach's name.
    """

    public_url: str
    api_keys: tuple[Secret, ...]
    signing_key: Secret
    vault_url: str
    client_id: str
    client_secret: Secret
    certificate_path: str = ""
    client_secret_expires: datetime | None = None
    managed_identity: str = ""
    authority: str = "https://login.microsoftonline.com"
    graph_url: str = "https://graph.microsoft.com/v1.0"
    return_urls: tuple[str, ...] = ()
    product_name: str = "the application"
    lease_seconds: int = 60
    poll_seconds: int = 300
    delivery_private_hosts: frozenset[str] = frozenset()
    storage_connection: Secret = field(default_factory=lambda: Secret(""))
    table_uri: str = ""
    queue_uri: str = ""
    storage_identity: str = ""
    insights: Secret = field(default_factory=lambda: Secret(""))
    traces: str = ""
    client_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    certificate: Secret = field(default_factory=lambda: Secret(""))

    def client_for(self, reach: str) -> str:
        return self.client_ids.get(reach, self.client_id)


class _Reader:
    """Reads one setting after the other and keeps what was wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.problems: dict[str, str] = {}

    def wrong(self, name: str, right: str) -> None:
        self.problems[name] = right

    def text(self, name: str, right: str, default: str | None = None) -> str:
        value = self.values.get(name, "").strip()
        if value:
            return value
        if default is None:
            self.wrong(name, f"is missing; it is {right}")
        return default or ""

    def url(self, name: str, right: str, default: str | None = None) -> str:
        value = self.text(name, right, default)
        if value and not is_web_url(value):
            self.wrong(name, f"is no https URL (http only for this machine); it is {right}")
        return value.rstrip("/")

    def listed(self, name: str) -> tuple[str, ...]:
        parts = (part.strip() for part in self.values.get(name, "").split(","))
        return tuple(part for part in parts if part)

    def day(self, name: str) -> datetime | None:
        """The end of a secret as the Entra portal shows it: its day begins in UTC."""
        value = self.text(name, "", "")
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC) if value else None
        except ValueError:
            self.wrong(name, "must be a date such as 2027-05-31")
            return None

    def seconds(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self.text(name, "", str(default))
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            self.wrong(name, f"must be a whole number of seconds, {lowest} to {highest}")
            return default
        return int(value)


def is_web_url(value: str) -> bool:
    """True for https, and for http to this machine itself."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS)
    )


def read_settings(values: Mapping[str, str]) -> Settings:
    """Raises SettingsError naming every setting that is missing or wrong."""
    reader = _Reader(values)
    settings = _read(reader)
    for check in _CHECKS:
        check(reader, settings)
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def _read(reader: _Reader) -> Settings:
    own = "the URL under which this app is reached from outside"
    return Settings(
        public_url=reader.url("CALBRIDGE_PUBLIC_URL", own),
        api_keys=tuple(Secret(key) for key in reader.listed("CALBRIDGE_API_KEYS")),
        signing_key=Secret(reader.text("CALBRIDGE_SIGNING_KEY", "a random secret")),
        vault_url=reader.url("CALBRIDGE_VAULT_URL", "the URL of the Key Vault"),
        client_id=reader.text("CALBRIDGE_CLIENT_ID", "the app registration's client id"),
        client_secret=Secret(reader.text("CALBRIDGE_CLIENT_SECRET", "", "")),
        certificate_path=reader.text("CALBRIDGE_CERTIFICATE_PATH", "", ""),
        client_secret_expires=reader.day("CALBRIDGE_CLIENT_SECRET_EXPIRES"),
        managed_identity=reader.text("CALBRIDGE_MANAGED_IDENTITY", "", ""),
        authority=reader.url(
            "CALBRIDGE_AUTHORITY", "Entra's", "https://login.microsoftonline.com"
        ),
        graph_url=reader.url("CALBRIDGE_GRAPH_URL", "Graph's", "https://graph.microsoft.com/v1.0"),
        return_urls=reader.listed("CALBRIDGE_RETURN_URLS"),
        product_name=reader.text("CALBRIDGE_PRODUCT_NAME", "", "the application"),
        lease_seconds=reader.seconds("CALBRIDGE_LEASE_SECONDS", 60, 5, 600),
        poll_seconds=reader.seconds("CALBRIDGE_POLL_SECONDS", 300, 60, 86_400),
        delivery_private_hosts=frozenset(reader.listed("CALBRIDGE_DELIVERY_PRIVATE_HOSTS")),
        storage_connection=Secret(reader.text("AzureWebJobsStorage", "", "")),
        table_uri=reader.url("AzureWebJobsStorage__tableServiceUri", "the table endpoint", ""),
        queue_uri=reader.url("AzureWebJobsStorage__queueServiceUri", "the queue endpoint", ""),
        storage_identity=reader.text("AzureWebJobsStorage__clientId", "", ""),
        insights=Secret(reader.text("APPLICATIONINSIGHTS_CONNECTION_STRING", "", "")),
        traces=reader.text("CALBRIDGE_TRACES", "", ""),
        client_ids=dict(_pair(one) for one in reader.listed("CALBRIDGE_CLIENT_IDS")),
        certificate=Secret(reader.text("CALBRIDGE_CERTIFICATE", "", "")),
    )


def _check_keys(reader: _Reader, settings: Settings) -> None:
    if not settings.api_keys:
        reader.wrong(
            "CALBRIDGE_API_KEYS",
            "is missing; it is one API key, or several with commas between them",
        )
    if len(settings.signing_key.reveal()) < MIN_SIGNING_KEY:
        reader.wrong(
            "CALBRIDGE_SIGNING_KEY",
            f"must be a random secret of at least {MIN_SIGNING_KEY} characters",
        )


def _check_credential(reader: _Reader, settings: Settings) -> None:
    certificates = (settings.certificate_path, settings.certificate)
    kinds = (settings.client_secret, *certificates, settings.managed_identity)
    if sum(bool(kind) for kind in kinds) != 1:
        reader.wrong(
            "CALBRIDGE_CLIENT_SECRET",
            "set exactly one of CALBRIDGE_CLIENT_SECRET, CALBRIDGE_CERTIFICATE, "
            "CALBRIDGE_CERTIFICATE_PATH and CALBRIDGE_MANAGED_IDENTITY",
        )


def _check_certificate(reader: _Reader, settings: Settings) -> None:
    value = settings.certificate.reveal()
    if value and not value.startswith(PEM) and not _is_base64(value):
        reader.wrong(
            "CALBRIDGE_CERTIFICATE",
            "must be a private key and its certificate, as PEM or as PKCS #12 in base64",
        )


def _is_base64(value: str) -> bool:
    try:
        return bool(base64.b64decode(value, validate=True))
    except ValueError:
        return False


def _pair(text: str) -> tuple[str, str]:
    reach, _, client = (part.strip() for part in text.partition("="))
    return reach, client


def _check_clients(reader: _Reader, settings: Settings) -> None:
    """A secret is one registration's; a certificate or an identity several may trust."""
    if any(reach not in REACHES or not client for reach, client in settings.client_ids.items()):
        reader.wrong(
            "CALBRIDGE_CLIENT_IDS",
            f"must be pairs such as read=<client id>, with commas between them; the reaches are "
            f"{', '.join(REACHES)}",
        )
    elif settings.client_ids and settings.client_secret:
        reader.wrong(
            "CALBRIDGE_CLIENT_IDS",
            "needs CALBRIDGE_CERTIFICATE or CALBRIDGE_MANAGED_IDENTITY, which all of the "
            "registrations trust: CALBRIDGE_CLIENT_SECRET is that of CALBRIDGE_CLIENT_ID alone",
        )


def _check_returns(reader: _Reader, settings: Settings) -> None:
    if not all(is_web_url(url) for url in settings.return_urls):
        reader.wrong(
            "CALBRIDGE_RETURN_URLS",
            "must be https URLs (http only for this machine) with commas between them",
        )


def _check_storage(reader: _Reader, settings: Settings) -> None:
    if not settings.storage_connection and not (settings.table_uri and settings.queue_uri):
        reader.wrong(
            "AzureWebJobsStorage",
            "is missing; it is a connection string, or set AzureWebJobsStorage__tableServiceUri "
            "and AzureWebJobsStorage__queueServiceUri",
        )


def _check_references(reader: _Reader, _: Settings) -> None:
    """Where Azure cannot read the vault, a setting holds the reference to it as it was written. As
    a key it would be one that anybody can guess.
    """
    for name, value in reader.values.items():
        if name.startswith("CALBRIDGE_") and value.strip().startswith(REFERENCE):
            reader.wrong(
                name,
                "is a reference to the vault that Azure could not follow: see whether the secret "
                "is there and the app's identity may read it, then have the settings read anew",
            )


_CHECKS: tuple[Callable[[_Reader, Settings], None], ...] = (
    _check_keys,
    _check_credential,
    _check_certificate,
    _check_clients,
    _check_returns,
    _check_storage,
    _check_references,
)
