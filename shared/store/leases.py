"""The lease of a calendar: who may settle. Its row's etag is the fence.

The row stays when the lease is given back, because it also counts what was settled.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.errors import Contended
from shared.store.calendars import LEASE, Calendars, partition_of
from shared.store.records import CalendarKey, Lease
from shared.store.rows import row_of
from shared.store.transaction import Write

NOBODY = ""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Leases(Calendars):
    async def acquire(
        self, key: CalendarKey, holder: str, now: datetime, seconds: float
    ) -> Lease | None:
        old = await self._lease(key)
        if old and old.holder != holder and old.until > now:
            return None
        free = old or Lease(key, holder, now, etag="")
        try:
            return await self._stored(extended(replace(free, holder=holder), now, seconds))
        except Contended:
            return None

    async def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        return await self._stored(extended(lease, now, seconds))

    async def release(self, lease: Lease) -> None:
        """A holder whose last transaction failed does not know the fence any more, but is
        still the holder.
        """
        if not await self._released(lease):
            held = await self._lease(lease.key)
            if held and held.holder == lease.holder:
                await self._released(held)

    async def _released(self, lease: Lease) -> bool:
        try:
            await self._stored(replace(lease, holder=NOBODY, until=NEVER))
        except Contended:
            return False
        return True

    async def _lease(self, key: CalendarKey) -> Lease | None:
        return await self._calendars.read(Lease, partition_of(key), LEASE)

    async def _stored(self, lease: Lease) -> Lease:
        return replace(
            lease, etag=await self._calendars.put(lease, partition_of(lease.key), LEASE)
        )


def extended(lease: Lease, now: datetime, seconds: float, changes: int = 0) -> Lease:
    until = now + timedelta(seconds=seconds)
    return replace(lease, until=until, settled=lease.settled + changes)


def fence(lease: Lease) -> Write:
    """Fails the whole transaction unless the lease is still held; renews it otherwise."""
    row = row_of(lease, partition_of(lease.key), LEASE)
    return Write("update", row, lease.etag)
