"""Many mailboxes at once, under the organisation's grant."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shared.api.given import Given, Limit, OfTenant, PlainId
from shared.api.schemas.rollouts import (
    Rehearsal,
    RolloutIn,
    RolloutMailboxes,
    RolloutOut,
    Rollouts,
    StageName,
)
from shared.errors import Problem, Refused
from shared.onboarding.rollouts import requests
from shared.onboarding.rollouts.progress import rollout_json
from shared.services import Services
from shared.store.records import Rollout, RolloutMailbox, Stage

rollouts = APIRouter(prefix="/tenants/{tenant}/rollouts", tags=["rollouts"])

After = Annotated[str, Query(max_length=200, description="The `next` of the page before.")]
Class = Annotated[str, Query(alias="class", max_length=20)]


def mailbox_json(mailbox: RolloutMailbox) -> dict[str, Any]:
    return {
        "id": mailbox.id,
        "name": mailbox.name,
        "mailbox": mailbox.address,
        "display_name": mailbox.display_name,
        "stage": mailbox.stage.value,
        "class": mailbox.kind.value,
        "cause": mailbox.problem,
        "since": mailbox.since,
        "tries": mailbox.tries,
        "look_at": mailbox.look_at,
    }


@rollouts.post("", response_model=RolloutOut, status_code=202)
async def post_rollout(tenant: OfTenant, wanted: RolloutIn, services: Given) -> Any:
    """Connects everybody's mailbox, those of a group, or those of a list."""
    source = wanted.source
    asked = requests.Wanted(
        source=source.kind,
        group=source.group,
        mailboxes=source.mailboxes,
        ring=wanted.ring,
        dry=wanted.dry,
        follow=wanted.follow,
        time_zone=wanted.time_zone,
    )
    return _shown(services, await requests.begin(services, tenant, asked))


@rollouts.get("", response_model=Rollouts)
async def list_rollouts(
    tenant: OfTenant, services: Given, after: str = "", limit: Limit = 100
) -> Any:
    found = await services.store.rollouts(tenant.id, after, limit)
    following = found[-1].id if len(found) == limit else ""
    return {"rollouts": [_shown(services, one) for one in found], "next": following}


@rollouts.get("/{rollout}", response_model=RolloutOut)
async def get_rollout(tenant: OfTenant, rollout: PlainId, services: Given) -> Any:
    return _shown(services, await requests.get(services, tenant, rollout))


@rollouts.get("/{rollout}/mailboxes", response_model=RolloutMailboxes)
async def list_rollout_mailboxes(
    tenant: OfTenant,
    rollout: PlainId,
    services: Given,
    stage: StageName | None = None,
    kind: Class = "",
    after: After = "",
    limit: Limit = 100,
) -> Any:
    """In order of stage. A page may be shorter than `limit` and yet not be the last."""
    found = await requests.get(services, tenant, rollout)
    rows, following = await _page(services, found, stage, after, limit)
    shown = [mailbox_json(row) for row in rows if kind in {"", row.kind.value}]
    return {"mailboxes": shown, "next": following}


@rollouts.get("/{rollout}/rehearsal", response_model=Rehearsal)
async def get_rehearsal(tenant: OfTenant, rollout: PlainId, services: Given) -> Any:
    """What a dry rollout would do if it went live now."""
    return await requests.rehearsal(services, tenant, rollout)


@rollouts.post("/{rollout}/go-live", response_model=RolloutOut, status_code=202)
async def go_live(tenant: OfTenant, rollout: PlainId, services: Given) -> Any:
    """Ends the dry run: what waits is written, and what happens is told from now on."""
    return _shown(services, await requests.go_live(services, tenant, rollout))


@rollouts.post("/{rollout}/pause", response_model=RolloutOut)
async def pause_rollout(tenant: OfTenant, rollout: PlainId, services: Given) -> Any:
    """What is on its way arrives; nothing else sets out until the rollout is resumed."""
    return _shown(services, await requests.pause(services, tenant, rollout))


@rollouts.post("/{rollout}/resume", response_model=RolloutOut, status_code=202)
async def resume_rollout(tenant: OfTenant, rollout: PlainId, services: Given) -> Any:
    return _shown(services, await requests.resume(services, tenant, rollout))


@rollouts.post("/{rollout}/cancel", response_model=RolloutOut)
async def cancel_rollout(tenant: OfTenant, rollout: PlainId, services: Given) -> Any:
    """For good; calendars that are connected stay so."""
    return _shown(services, await requests.cancel(services, tenant, rollout))


def _shown(services: Services, rollout: Rollout) -> dict[str, Any]:
    return rollout_json(rollout, services.clock())


async def _page(
    services: Services, rollout: Rollout, stage: StageName | None, after: str, limit: int
) -> tuple[list[RolloutMailbox], str]:
    """`after` is `stage~id`."""
    of, _, behind = after.partition("~")
    stages = [Stage(stage)] if stage else list(Stage)
    if of:
        stages = stages[stages.index(_stage(of, stages)) :]
    for one in stages:
        start = behind if one.value == of else ""
        rows = await services.store.rollout_mailboxes(rollout, one, start, limit)
        if rows:
            return rows, f"{one.value}~{rows[-1].id}"
    return [], ""


def _stage(name: str, among: list[Stage]) -> Stage:
    found = next((one for one in among if one.value == name), None)
    if found is None:
        raise Refused(Problem("invalid-request", "after must be the `next` of a page before."))
    return found
