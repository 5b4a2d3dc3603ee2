"""Microsoft Graph v1.0, as far as calendars need it."""

from local.twin.graph.routes import graph_routes

__all__ = ["graph_routes"]
