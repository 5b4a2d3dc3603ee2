"""Bad days on demand: rules that spoil requests and notifications, and switches.

A switch chooses between behaviours that Graph may show; a fault rule spoils the next requests
that match it.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import count
from typing import Any, Literal

Phase = Literal["before", "after"]
Spoil = Literal["lose", "duplicate", "delay", "reorder"]


@dataclass
class Switches:
    latency_ms: int = 0
    tokens_age_with_clock: bool = True  # False: real time, for clients that cache tokens
    # Entra and its directory
    wids_in_id_tokens: bool = True  # False: an app without that optional claim
    sign_in_problems_return: bool = False  # True: to the app, also what Entra's page would show
    mail_names_users: bool = True  # /users/{mail} where it is not the UPN
    proxy_filter_needs_eventual: bool = True
    casts_need_eventual: bool = True  # .../transitiveMembers/microsoft.graph.user
    directory_page_size: int = 100  # of users/delta
    # notifications
    notification_delay_ms: int = 100
    notifications_per_change: int = 1
    reauthorize_before_expiry_minutes: int = 0  # 0: only on demand
    authorization_lasts_minutes: int = 0  # then a subscription pauses; 0: it never does
    slow_endpoints_are_punished: bool = False
    subscription_patch_validates: bool = False
    subscription_write_limit: int = 500  # POST, PATCH, DELETE in 20 seconds, by app and tenant
    subscription_list_limit: int = 25
    writes_alone_permit_subscriptions: bool = True  # Calendars.ReadWrite without Calendars.Read
    app_roles_permit_subscriptions: bool = True  # Exchange's RBAC for Applications
    # who may open which mailbox
    app_role_delay_seconds: float = 0.0
    sharing_is_checked: bool = True
    unshared_calendar_status: int = 404
    own_plans_are_shown: bool = True  # False: null where the token is a person's
    no_mailbox_code: str = "MailboxNotEnabledForRESTAPI"
    mailbox_move_status: int = 503
    # calendars
    concurrency_status: int = 429
    mailbox_concurrency: int = 4
    mailbox_request_limit: int = 10_000
    delta_page_size: int = 10
    delta_empty_pages: bool = False
    delta_replay: int = 0
    delta_duplicates: bool = False
    delta_lag_seconds: float = 0.0
    delta_lag_rounds: int = 0
    delta_removed_occurrences: bool = False
    patch_if_match: bool = True
    delete_if_match: bool = False
    transaction_repeat: str = "same"  # same | conflict | again
    cancelled_copies: str = "mark"  # mark | remove
    cancelled_prefix: str = "Canceled: "
    move_changes_id: bool = True
    room_delay_seconds: float = 0.0
    body_names: str = "kept"  # ids and names of a body's elements: kept | prefixed | lost
    join_url_delay_seconds: float = 0.0
    teams_off_refuses: bool = False
    teams_silently_off: bool = False
    utc_all_day_series: bool = True
    month_end: str = "last"  # what day 31 means in a month of 30: last | skip
    decline_removes: bool = True
    # series
    reissued_exceptions: str = "dropped"  # by a new time or pattern: dropped | kept
    reissued_cancelled: str = "dropped"  # dropped | kept | sticky: even if not of the pattern
    same_recurrence_reissues: bool = False
    exceptions_follow_master: bool = True
    exception_bumps_master: bool = True  # the master's etag
    recurrence_null: str = "single"  # single | ignored | refused
    cancelled_day_zone: str = "series"  # of the dates in cancelledOccurrences: series | utc
    exceptions_page: int = 0  # exceptions of a master on one page; 0: all
    all_day_series_in_utc: bool = False  # False: TimeZoneNotSupportedException for apps
    resurrect_deleted_copies: bool = False

    def patch(self, changes: dict[str, Any]) -> None:
        """Raises ValueError that names the switch when a name or a type is wrong."""
        known = {f.name: f for f in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"no switch is called {name!r}; there are: {', '.join(known)}")
            wanted = type(getattr(self, name))
            if type(value) is not wanted:
                raise ValueError(f"switch {name!r} takes a value of type {wanted.__name__}")
            setattr(self, name, value)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Match:
    """What a rule looks at; None matches anything. `path` is searched for, not anchored."""

    method: str | None = None
    path: str | None = None
    tenant: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"match.path is no regular expression: {error}") from error

    def fits(self, method: str, path: str, tenant: str | None, users: frozenset[str]) -> bool:
        return (
            (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, path, re.IGNORECASE) is not None)
            and (self.tenant is None or self.tenant == tenant)
            and (self.user is None or self.user.lower() in users)
        )


@dataclass(frozen=True)
class Action:
    """Exactly one of status, timeout, drop and aadsts says what happens.

    `timeout` hangs that many real seconds and then closes the connection without an answer;
    `drop` closes it at once; `aadsts` fails a sign-in or a token request with that number, where
    `code` is the OAuth error and `message` the text instead of the number's own.
    """

    status: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    timeout: float | None = None
    drop: bool = False
    aadsts: int | None = None
    returns: bool | None = None  # to the app, or stays on Entra's page; None: as the number does

    def __post_init__(self) -> None:
        chosen = [self.status, self.timeout, self.drop or None, self.aadsts]
        if sum(c is not None for c in chosen) != 1:
            raise ValueError("action needs exactly one of status, timeout, drop and aadsts")


@dataclass
class Rule:
    id: str
    match: Match
    action: Action
    phase: Phase = "before"
    times: int | None = 1  # None: until cleared
    skip: int = 0  # matching requests let through first
    hits: int = 0

    def take(self) -> bool:
        """Counts a matching request; true when it shall be spoiled."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


@dataclass
class NotificationRule:
    id: str
    kind: Spoil
    times: int | None = 1
    seconds: float = 60.0  # for delay, on the twin's clock
    user: str | None = None
    hits: int = 0

    def take(self, users: frozenset[str]) -> bool:
        if self.user is not None and self.user.lower() not in users:
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.notification_rules: list[NotificationRule] = []
        self._numbers = count(1)

    def add(self, data: dict[str, Any]) -> Rule:
        """Takes the JSON of the control API; ValueError or TypeError says what is wrong."""
        known = {"match", "action", "phase", "times", "skip"}
        if extra := set(data) - known:
            raise ValueError(f"a fault has no {', '.join(sorted(extra))}")
        if data.get("phase", "before") not in ("before", "after"):
            raise ValueError("phase is before or after")
        rule = Rule(
            id=f"fault-{next(self._numbers)}",
            match=Match(**data.get("match", {})),
            action=Action(**data.get("action", {})),
            phase=data.get("phase", "before"),
            times=data.get("times", 1),
            skip=data.get("skip", 0),
        )
        self.rules.append(rule)
        return rule

    def add_notification_rule(self, data: dict[str, Any]) -> NotificationRule:
        if data.get("kind") not in ("lose", "duplicate", "delay", "reorder"):
            raise ValueError("kind is lose, duplicate, delay or reorder")
        rule = NotificationRule(id=f"notification-fault-{next(self._numbers)}", **data)
        self.notification_rules.append(rule)
        return rule

    def clear(self, rule_id: str | None = None) -> None:
        self.rules = [r for r in self.rules if rule_id and r.id != rule_id]
        self.notification_rules = [
            r for r in self.notification_rules if rule_id and r.id != rule_id
        ]

    def for_request(
        self, method: str, path: str, tenant: str | None, users: frozenset[str]
    ) -> Rule | None:
        for rule in self._matching(method, path, tenant, users):
            if rule.action.aadsts is None and rule.take():
                return rule
        return None

    def for_sign_in(self, path: str, tenant: str | None, users: frozenset[str]) -> Action | None:
        """What a sign-in or token request shall fail with, if anything: `aadsts` is set."""
        for rule in self._matching("POST", path, tenant, users):
            if rule.action.aadsts is not None and rule.take():
                return rule.action
        return None

    def for_notification(self, users: frozenset[str]) -> NotificationRule | None:
        return next((r for r in self.notification_rules if r.take(users)), None)

    def _matching(
        self, method: str, path: str, tenant: str | None, users: frozenset[str]
    ) -> Iterator[Rule]:
        return (r for r in list(self.rules) if r.match.fits(method, path, tenant, users))
