"""Keeps on a consent link why it came to nothing, so that the host app can tell."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import jwt

from shared.catalogue import problem_of
from shared.errors import Contended, Reconnect, Refused
from shared.observe import note
from shared.services import Services

FORGED = "consent-state-invalid"


async def keep_failure(
    services: Services, query: Mapping[str, str], failure: Reconnect | Refused
) -> None:
    """The state is read without a look at its signature: any failure but FORGED comes after
    that look, and a forged state is not read at all.
    """
    code = problem_of(failure).code
    if code == FORGED:
        return
    claims = jwt.decode(query["state"], options={"verify_signature": False})
    link = await services.store.consent_link(claims["tenant"], claims["link"])
    note("consent.failed", tenant=claims["tenant"], code=code)
    if link is not None:
        with suppress(Contended):
            await services.store.put_consent_link(replace(link, state="failed", problem=code))
