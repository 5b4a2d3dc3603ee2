"""A synced calendar, and what of it waits for a person."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.store.records.states import CalendarKey, State
from shared.store.records.tenancy import Reach


class Ruling(StrEnum):
    """What a person said of a held round: it is meant, or the host app's side stands."""

    RESUME = "resume"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Held:
    """What a round would have done that was stopped, and waits for a person.

    `deletions` are events that Outlook calls gone (a few of many may be there after all), out of
    `links`. `appointments` names a few. To discard would leave the attendees out of `guests`
    events and send `mails` mails.
    """

    since: datetime
    links: int
    deletions: int
    changes: int
    appointments: tuple[str, ...] = ()
    guests: int = 0
    mails: int = 0
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One synced calendar: a mailbox's default one unless `graph_calendar` names another.

    `delta_link` is "" when the next round starts from scratch. `client_state` is stored before
    the subscription is asked for, so that a notification that comes first can be checked.
    `announced` is False until the first round is through: that one links and tells nobody.
    `policy_version` is that of the policy document it was last read from scratch under.
    `time_zone` is the mailbox's own, an IANA name, as the host app gave it (`zone_given`) or
    else as its events show it; "" where neither has yet. `has_teams` is what Graph last said, at
    `teams_seen`: whether meetings can be Teams meetings. `occurrences_due` is when the next
    occurrence of a series that is written singly may be near enough, None where there is none.
    `subscription_due` is when to renew the subscription or ask for one again, after
    `subscription_tries` that were refused; `subscription_renewed` when it last was.
    `reach` is how far the app gets here by its connection, and `shared` how far its owner lets
    the account whose connection it is. `receipt` is that of its end. A `dry` one is read and
    nothing else; `rehearsed` counts what it would do if it were not.
    `address` and `aliases` are as the directory had them at
    `profile_read`; `former` are names from before, by which it is still found.
    """

    key: CalendarKey
    connection: str
    user_id: str
    address: str
    state: State
    since: datetime
    cause: str = ""
    graph_calendar: str = ""
    display_name: str = ""
    aliases: tuple[str, ...] = ()
    delta_link: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    last_round: datetime | None = None
    last_change: datetime | None = None
    connected: datetime | None = None
    policy_version: int = 0
    announced: bool = False
    subscription: str = ""
    subscription_expires: datetime | None = None
    subscription_due: datetime | None = None
    subscription_renewed: datetime | None = None
    subscription_tries: int = 0
    client_state: str = ""
    interval: int = 300
    time_zone: str = ""
    zone_given: bool = False
    has_teams: bool = True
    teams_seen: datetime | None = None
    poll_due: datetime | None = None
    occurrences_due: datetime | None = None
    held: Held | None = None
    reach: Reach = Reach.READ_WRITE
    shared: Reach = Reach.READ_WRITE
    receipt: str = ""
    dry: bool = False
    rehearsed: dict[str, int] = field(default_factory=dict[str, int])
    former: tuple[str, ...] = ()
    profile_read: datetime | None = None
    etag: str = ""
