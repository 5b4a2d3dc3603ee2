"""/_twin: sets the scene, moves the clock, spoils the weather, and tells what happened.

JSON in and out, no authentication, only for requests from this machine.
"""

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from local.twin.control.approles import approle_routes
from local.twin.control.consent import consent_routes
from local.twin.control.identity import identity_routes
from local.twin.control.outlook import outlook_routes
from local.twin.control.overview import overview_routes
from local.twin.control.population import population_routes
from local.twin.control.roster import roster_routes
from local.twin.control.traffic import traffic_routes
from local.twin.control.weather import weather_routes

if TYPE_CHECKING:
    from local.twin.app import Twin


def control_routes(twin: "Twin") -> list[BaseRoute]:
    return [
        *overview_routes(twin),
        *population_routes(twin),
        *roster_routes(twin),
        *outlook_routes(twin),
        *identity_routes(twin),
        *consent_routes(twin),
        *approle_routes(twin),
        *weather_routes(twin),
        *traffic_routes(twin),
    ]
