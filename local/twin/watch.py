"""A subscription as it is kept, and all of them by id and by mailbox."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Subscription:
    """`calendar_id` None watches the whole mailbox. Paused ones lose what happens meanwhile."""

    id: str
    app_id: str
    tenant_id: str
    creator_id: str
    user_id: str
    calendar_id: str | None
    resource: str
    change_type: str
    notification_url: str
    expires: datetime
    authorized: datetime
    lifecycle_url: str | None = None
    client_state: str | None = None
    immutable_ids: bool = False
    delegated: bool = False
    paused: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(k.strip().lower() for k in self.change_type.split(","))

    @property
    def watched(self) -> tuple[str, str, str | None, frozenset[str]]:
        """What may exist once for an app: resource and kinds of change."""
        return (self.app_id, self.user_id, self.calendar_id, self.kinds)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.app_id,
            "changeType": self.change_type,
            "clientState": self.client_state,
            "notificationUrl": self.notification_url,
            "notificationQueryOptions": None,
            "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": when_text(self.expires),
            "creatorId": self.creator_id,
            "includeResourceData": None,
            "latestSupportedTlsVersion": "v1_2",
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }


def when_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Subscriptions:
    """Those that live, found by id and by mailbox."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._by_mailbox: dict[str, dict[str, Subscription]] = {}

    def put(self, subscription: Subscription) -> None:
        self._by_id[subscription.id] = subscription
        self._by_mailbox.setdefault(subscription.user_id, {})[subscription.id] = subscription

    def remove(self, subscription_id: str) -> Subscription | None:
        gone = self._by_id.pop(subscription_id, None)
        if gone is not None:
            del self._by_mailbox[gone.user_id][subscription_id]
        return gone

    def get(self, subscription_id: str, now: datetime) -> Subscription | None:
        self._expire(subscription_id, now)
        return self._by_id.get(subscription_id)

    def all(self, now: datetime) -> list[Subscription]:
        for subscription_id in list(self._by_id):
            self._expire(subscription_id, now)
        return list(self._by_id.values())

    def of_mailbox(self, user_id: str, now: datetime) -> list[Subscription]:
        for subscription_id in list(self._by_mailbox.get(user_id, {})):
            self._expire(subscription_id, now)
        return list(self._by_mailbox.get(user_id, {}).values())

    def _expire(self, subscription_id: str, now: datetime) -> None:
        found = self._by_id.get(subscription_id)
        if found is not None and found.expires <= now:
            self.remove(subscription_id)

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {**vars(s), **{name: vars(s)[name].isoformat() for name in ("expires", "authorized")}}
            for s in self._by_id.values()
        ]

    def load(self, data: list[dict[str, Any]]) -> None:
        self._by_id.clear()
        self._by_mailbox.clear()
        for raw in data:
            times = {n: datetime.fromisoformat(raw[n]) for n in ("expires", "authorized")}
            self.put(Subscription(**{**raw, **times}))
