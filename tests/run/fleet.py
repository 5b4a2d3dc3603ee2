"""Runs the services of a JSON file under the real supervisor, in a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

from local.run.log import Log
from local.run.service import Service
from local.run.supervisor import Supervisor


def _service(record: dict[str, object]) -> Service:
    tuples = {name: tuple(v) for name, v in record.items() if isinstance(v, list)}
    return Service(**(record | tuples))


if __name__ == "__main__":
    file = Path(sys.argv[1])
    services = [_service(record) for record in json.loads(file.read_text())]
    sys.exit(asyncio.run(Supervisor(services, file.parent, Log()).run("READY all")))
