"""Measures a cold start: a new process, up to the first answer and the first queue message.

Each run starts a process that imports Microsoft's runtime library, lets it load and index
function_app.py, and sends it a GET of v1/health twice and a message of sync-calendar twice (of a
calendar that is not there, so storage is asked but Graph is not). A second kind of process gets
the message without having answered HTTP: what a scaled-out queue worker does. After each step:
seconds since the process was started, seconds of CPU it used, megabytes of memory it holds, and
modules it has imported; each the median of all runs.

Storage is an Azurite of its own. The gRPC worker around the runtime library, which Azure starts
too, is not measured, nor are Azure's own steps before it (a machine, the package's download).

    python -m bench.startup [--runs 5] [--python /path/to/python ...] [--app build/calbridge]
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figures import heading, median, table
from deployment.contents import LIBRARIES

ROOT = Path(__file__).parent.parent
STARTED = "BENCH_STARTED"
UNKNOWN = "nobody~no-calendar"
KINDS = ("http", "queue")


class Steps:
    """Takes the figures of this process after each step."""

    def __init__(self) -> None:
        self._started = float(os.environ[STARTED])
        self.taken: list[dict[str, Any]] = []

    def done(self, name: str) -> None:
        self.taken.append(
            {
                "step": name,
                # The monotonic clock is the same in all processes on Linux.
                "seconds": time.monotonic() - self._started,
                "cpu": time.process_time(),
                "memory": _resident(),
                "modules": len(sys.modules),
            }
        )


def _resident() -> float:
    """In megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def child(kind: str, app: Path) -> list[dict[str, Any]]:
    steps = Steps()
    steps.done("interpreter runs")
    from local.host import worker

    steps.done("runtime library imported")
    indexed = await worker.index(app)
    steps.done("app loaded and indexed")
    ids = {function.name: function.function_id for function in indexed}
    if kind == "http":
        for step in ("first v1/health", "second v1/health"):
            await _ask(ids["api"], "req", _get("http://localhost/v1/health"))
            steps.done(step)
    for step in ("first queue message", "second queue message"):
        await _ask(ids["sync_calendar"], "message", _message())
        steps.done(step)
    return steps.taken


async def _ask(function: str, name: str, value: Any) -> None:
    from local.host import worker

    outcome = await worker.run(worker.Call(function, {name: value}, _metadata()))
    if not outcome.succeeded:
        raise RuntimeError(outcome.error.message)
    if outcome.returned and outcome.returned.kind == "http":
        status = str(outcome.returned.value.status_code)
        if status != "200":
            raise RuntimeError(f"v1/health answered {status}")


def _get(url: str) -> Any:
    from local.host.protos import RpcHttp, TypedData

    return TypedData(http=RpcHttp("GET", url, body=TypedData(bytes=b"")))


def _message() -> Any:
    from local.host.protos import TypedData

    return TypedData(string=UNKNOWN)


def _metadata() -> dict[str, Any]:
    from local.host.protos import TypedData

    return {"Id": TypedData(string="1"), "DequeueCount": TypedData(json="1")}


def measured(python: str, kind: str, storage: str, app: Path) -> list[dict[str, Any]]:
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    done = subprocess.run(
        [python, "-m", "bench.startup", "--child", kind, "--app", str(app)],
        cwd=ROOT,
        env=os.environ | values | _libraries(app) | _now(storage),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{python}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _libraries(app: Path) -> dict[str, str]:
    """Of a package: its own, and nothing may be added to it, as where it is only mounted."""
    site = app / LIBRARIES
    if not site.exists():
        return {}
    return {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}


def _now(storage: str) -> dict[str, str]:
    return {"AzureWebJobsStorage": storage, STARTED: str(time.monotonic())}


def summary(runs: list[list[dict[str, Any]]]) -> str:
    rows: list[list[str]] = []
    for same in zip(*runs, strict=True):
        seconds, cpu, memory, modules = (
            median([step[name] for step in same])
            for name in ("seconds", "cpu", "memory", "modules")
        )
        rows.append(
            [same[0]["step"], f"{seconds:.2f}", f"{cpu:.2f}", f"{memory:.0f}", f"{modules:.0f}"]
        )
    return table(["after", "s", "CPU s", "MB", "modules"], rows)


def main() -> None:
    given = arguments()
    if given.child:
        print(json.dumps(asyncio.run(child(given.child, given.app.resolve()))))
        return
    from tests.azurite import Azurite

    print(heading("bench.startup"))
    with tempfile.TemporaryDirectory() as folder:
        azurite = Azurite(Path(folder))
        try:
            if not azurite.listens():
                raise SystemExit("Azurite does not start: run `make setup`.")
            for python in given.python or [sys.executable]:
                report(python, given.runs, azurite, given.app.resolve())
        finally:
            azurite.stop()


def report(python: str, runs: int, azurite: Any, app: Path) -> None:
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
    for kind in KINDS:
        measured(python, kind, azurite.fresh(), app)  # warms the disk cache and __pycache__
        found = [measured(python, kind, azurite.fresh(), app) for _ in range(runs)]
        print(
            f"\n{version.strip()}, {kind} first, median of {runs}\n\n{summary(found)}", flush=True
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--python", action="append", help="may be given again; default: this one")
    parser.add_argument("--app", type=Path, default=ROOT, help="a package, or this folder")
    parser.add_argument("--child", choices=KINDS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
