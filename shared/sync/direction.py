"""Whether the host app is heard at all: the direction of its appointment's policy."""

from shared.errors import Problem
from shared.policy.document import Document
from shared.policy.policy import Direction
from shared.store.records import Link


def mute(document: Document, link: Link) -> Problem | None:
    """Why nothing of the appointment is written to Outlook, if so."""
    return muteness(document, link.project, link.type)


def muteness(document: Document, project: str, type_: str) -> Problem | None:
    match document.policy_for(project, type_).direction:
        case Direction.BOTH | Direction.TO_OUTLOOK:
            return None
        case Direction.TO_APP:
            detail = "The policy of this appointment writes nothing to Outlook."
            return Problem("direction-to-app", detail)
        case Direction.OFF:
            return Problem("sync-off", _switched_off(project, type_), "/project")


def _switched_off(project: str, type_: str) -> str:
    where = [f"project {project!r}"] if project else []
    where += [f"type {type_!r}"] if type_ else []
    if not where:
        return "Sync is off for appointments without a project; name one that is switched on."
    return f"Sync is off for {' and '.join(where)}; set its direction in the tenant's policy."
