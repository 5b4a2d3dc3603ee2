"""What Exchange and Teams make of a wish for an online meeting."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from local.twin.bodies import has_join_block, new_join_url, with_join_block
from local.twin.drafts import Values
from local.twin.problem import bad_request
from local.twin.world import Person, StoredEvent

if TYPE_CHECKING:
    from local.twin.exchange import Exchange

TEAMS = "teamsForBusiness"


class OnlineMeetings:
    """The link to join may come some time after the meeting; the clock is the twin's."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._awaited: dict[tuple[str, str], datetime] = {}
        self._running: set[asyncio.Task[None]] = set()

    def allowed(self, person: Person, values: Values) -> Values:
        """Raises GraphProblem, or forgets the wish, where the mailbox has no such meetings."""
        switches = self._exchange.twin.switches
        has_teams = person.teams and not switches.teams_silently_off
        if has_teams or not values.get("is_online_meeting"):
            return values
        if switches.teams_off_refuses:
            raise bad_request("The online meeting provider is not allowed for this calendar.")
        return {k: v for k, v in values.items() if not k.startswith(("is_online", "online"))}

    def shape(self, event: StoredEvent, changed: set[str]) -> set[str]:
        """The fields that follow from the ones that were set."""
        if event.is_online_meeting and event.join_url is None:
            if event.online_provider == "unknown":
                event.online_provider = TEAMS
            if self._exchange.twin.switches.join_url_delay_seconds:
                return set()
            return self._joined(event)
        if event.join_url and "body" in changed and not has_join_block(event.body, event.join_url):
            event.is_online_meeting, event.join_url = False, None
            event.online_provider = "unknown"
            return {"is_online_meeting"}
        return set()

    def written(self, person: Person, event: StoredEvent) -> None:
        """Has the link made later where it is not there yet."""
        if not event.is_online_meeting or event.join_url is not None:
            return
        twin = self._exchange.twin
        due = twin.clock.now() + timedelta(seconds=twin.switches.join_url_delay_seconds)
        self._awaited[person.id, event.id] = due
        task = asyncio.get_running_loop().create_task(self._join_at(due))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _join_at(self, due: datetime) -> None:
        await self._exchange.twin.clock.sleep_until(due)
        self.join_due(due)

    def join_due(self, now: datetime) -> None:
        for key in [key for key, due in self._awaited.items() if due <= now]:
            del self._awaited[key]
            self._join(*key)

    def _join(self, person_id: str, event_id: str) -> None:
        mailbox = self._exchange.twin.world.mailboxes.get(person_id)
        event = mailbox and mailbox.events.get(event_id)
        if mailbox and event and event.is_online_meeting and event.join_url is None:
            self._joined(event)
            self._exchange.commit(mailbox, event, "updated")

    def _joined(self, event: StoredEvent) -> set[str]:
        event.join_url = new_join_url(event.ical_uid)
        event.body = with_join_block(event.body, event.join_url)
        return {"body"}
