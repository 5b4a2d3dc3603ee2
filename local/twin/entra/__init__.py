"""Entra ID as far as a calendar app meets it: sign-in, consent, tokens."""

from typing import TYPE_CHECKING

from starlette.routing import Route

from local.twin.entra.adminconsent import adminconsent_routes
from local.twin.entra.authorize import authorize_routes
from local.twin.entra.discovery import discovery_routes
from local.twin.entra.state import Entra
from local.twin.entra.token import token_routes

if TYPE_CHECKING:
    from local.twin.app import Twin

__all__ = ["Entra", "entra_routes"]


def entra_routes(twin: "Twin") -> list[Route]:
    return [
        *discovery_routes(twin),
        *authorize_routes(twin),
        *adminconsent_routes(twin),
        *token_routes(twin),
    ]
