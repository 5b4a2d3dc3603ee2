"""One log for all: time, who, what they said."""

import os
import sys
from datetime import datetime
from typing import TextIO

COLOURS = (36, 35, 34, 33, 32)
PLAIN, RED, BOLD = 37, 31, 1
WIDTH = 8


class Log:
    """Writes whole lines; colours only for a terminal, and never where NO_COLOR is set."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}

    def child(self, name: str, line: str) -> None:
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        self._write(name, line, colour)

    def say(self, line: str) -> None:
        self._write("run", line, BOLD)

    def fail(self, line: str) -> None:
        self._write("run", line, RED)

    def _write(self, name: str, line: str, colour: int) -> None:
        # The machine's own zone: people read it beside their clock.
        time = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        label = f"{name:<{WIDTH}}"
        if self._coloured:
            label = f"\x1b[{colour}m{label}\x1b[0m"
        print(f"{time} {label} {line}", file=self._stream, flush=True)
