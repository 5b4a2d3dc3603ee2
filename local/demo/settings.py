"""Where the demo listens and whom it talks to; every default fits `make run`."""

import os
from dataclasses import dataclass
from pathlib import Path

WIDGET = Path(__file__).resolve().parents[2] / "node_modules/fullcalendar/index.global.min.js"


@dataclass(frozen=True)
class Settings:
    """`calbridge` and `outlook` are base URLs without a slash at the end."""

    port: int
    state: Path
    calbridge: str
    api_key: str
    outlook: str
    trusted: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def from_environment(port: int, state: Path, bundle: Path) -> Settings:
    """`bundle` is what Outlook's certificate is proved by."""
    keys = os.environ.get("CALBRIDGE_API_KEYS", "local-development-key").split(",")
    graph = os.environ.get("CALBRIDGE_GRAPH_URL", "https://localhost:8443/v1.0")
    return Settings(
        port=port,
        state=state,
        calbridge=os.environ.get("CALBRIDGE_PUBLIC_URL", "http://localhost:7071").rstrip("/"),
        api_key=os.environ.get("DEMO_API_KEY", keys[0].strip()),
        outlook=graph.rstrip("/").removesuffix("/v1.0") + "/_twin",
        trusted=bundle,
    )
