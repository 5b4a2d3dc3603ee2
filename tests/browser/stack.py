"""The whole system as `make run` starts it, on ports of its own."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local import certs
from local.run import settings
from local.run.requirements import ROOT, Unmet, check_ports

SECONDS_TO_START = 120
SECONDS_TO_STOP = 90
PAUSE = 0.1


@dataclass
class Stack:
    """`log` is what all parts say."""

    state: Path
    shift: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def demo(self) -> str:
        return f"http://localhost:{settings.STANDARD_PORTS['demo'] + self.shift}"

    @property
    def twin(self) -> str:
        return f"https://localhost:{settings.STANDARD_PORTS['twin'] + self.shift}"

    @property
    def calbridge(self) -> str:
        return f"http://localhost:{settings.STANDARD_PORTS['host'] + self.shift}"

    @property
    def log(self) -> Path:
        return self.state / "run.log"

    def start(self) -> None:
        command = [sys.executable, "-m", "local.run", "--shift", str(self.shift)]
        command += ["--state", str(self.state), "--settings", str(ROOT / settings.SAMPLE)]
        # To a file: a full pipe would stop all that writes to it.
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not any(" run " in line and "READY" in line for line in self._lines()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(PAUSE)

    def _lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(SECONDS_TO_STOP)


def free_shift() -> int:
    """Other workers look from other places, so that two seldom want the same."""
    for shift in range(11_000 + os.getpid() % 1000 * 40, 55_000, 19):
        try:
            check_ports(("any", port + shift) for port in settings.STANDARD_PORTS.values())
        except Unmet:
            continue
        return shift
    raise AssertionError("no free ports")


def pinned_key() -> str:
    """Our server's public key as Chromium wants it named, which then trusts this key alone."""
    pem = certs.ensure(ROOT / certs.FOLDER).server.read_bytes()
    key = x509.load_pem_x509_certificate(pem).public_key()
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(told).digest()).decode()
