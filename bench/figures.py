"""What a benchmark prints: where and when it ran, and its figures as a table."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path


def heading(name: str) -> str:
    """A figure means little without the machine, and nothing on a machine that was busy."""
    load = os.getloadavg()[0]
    return (
        f"{name}: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, "
        f"{os.cpu_count()} x {_processor()}, load {load:.1f} at the start"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-round(share * 1000) * len(ordered) // 1000) - 1)]


def spread(values: Sequence[float]) -> list[str]:
    """p50, p95 and the largest, in milliseconds."""
    found = (percentile(values, 0.5), percentile(values, 0.95), max(values))
    return [f"{value * 1000:.0f}" for value in found]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
