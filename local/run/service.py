"""What is to be run: values only."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    """One child process.

    It is started when every service in `after` that is part of the run is ready, and is ready
    itself when it prints a line that starts with READY or when all its ports accept connections.
    """

    name: str
    command: tuple[str, ...]
    ports: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    url: str = ""
    ready_within: float = 60.0
    stop_within: float = 10.0
