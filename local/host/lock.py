"""A timer's lock: the blob lease that keeps it to one host at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceExistsError

from local.host.settings import HostJson

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobLeaseClient, ContainerClient

log = logging.getLogger("host")

CONTAINER = "azure-webjobs-hosts"


@dataclass(frozen=True)
class LockOptions:
    """host.json's singleton section, in seconds: how long a lease lasts, how often to ask."""

    period: float = 60
    recovery: float = 60
    renewal: float = 30

    @classmethod
    def read(cls, host: HostJson) -> LockOptions:
        at = "singleton.listenerLock"
        period = host.seconds(at + "Period", 60)
        return cls(period, host.seconds(at + "RecoveryPollingInterval", 60), period / 2)


class Lock:
    """A blob lease held as long as the host listens; who does not get it keeps asking."""

    def __init__(self, container: ContainerClient, path: str, options: LockOptions) -> None:
        self._container, self.options = container, options
        self._blob = container.get_blob_client(path)
        self._lease: BlobLeaseClient | None = None
        self._renewing: asyncio.Task[None] | None = None

    @property
    def held(self) -> bool:
        return self._lease is not None

    async def try_acquire(self) -> bool:
        await self._exists()
        try:
            self._lease = await self._blob.acquire_lease(lease_duration=int(self.options.period))
        except AzureError:
            return False
        self._renewing = asyncio.create_task(self._renew())
        return True

    async def release(self) -> None:
        if self._renewing:
            self._renewing.cancel()
        if self._lease:
            with contextlib.suppress(AzureError):
                await self._lease.release()
        self._lease = None

    async def _exists(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            await self._container.create_container()
        if not await self._blob.exists():
            with contextlib.suppress(AzureError):
                await self._blob.upload_blob(b"")

    async def _renew(self) -> None:
        while self._lease:
            await asyncio.sleep(self.options.renewal)
            try:
                await self._lease.renew()
            except AzureError as error:
                code = getattr(error, "error_code", None) or type(error).__name__
                log.warning("A timer's lock was lost (%s); another host may have it", code)
                self._lease = None
