"""TLS for what runs on this machine: one authority, one certificate for localhost and 127.0.0.1.

Unmodified clients (aiohttp, requests, httpx, azure-*) trust it when SSL_CERT_FILE and
REQUESTS_CA_BUNDLE name `bundle.pem`, so nothing ever switches verification off.
"""

import argparse
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import trustme
from cryptography import x509

FOLDER = Path(".local/certs")
NAMES = ("localhost", "127.0.0.1")
LIFETIME = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """The files in one folder. `bundle` is certifi's roots and our authority."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle.pem"

    def environment(self) -> dict[str, str]:
        """Variables that make a process started with them trust the server certificate."""
        bundle = str(self.bundle.resolve())
        return {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle}


def ensure(folder: Path = FOLDER, now: datetime | None = None) -> Certificates:
    """Make the files if they are missing, broken or expire within 30 days; else leave them."""
    now = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates(folder)
    with _alone(folder):
        if not _usable(files, now):
            _make(files, now)
        _write(files.bundle, Path(certifi.where()).read_bytes() + b"\n" + files.ca.read_bytes())
    return files


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes that start together must not mix one's key with the other's certificate."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _usable(files: Certificates, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.server.read_bytes())
        complete = files.ca.stat().st_size and files.key.stat().st_size
    except (OSError, ValueError):
        return False
    return bool(complete) and certificate.not_valid_after_utc - now > RENEW_BEFORE


def _make(files: Certificates, now: datetime) -> None:
    # The authority's own key is dropped: nobody can issue more in its name.
    authority = trustme.CA(organization_name="Calbridge local")
    issued = authority.issue_cert(*NAMES, not_after=now + LIFETIME)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    _write(files.ca, authority.cert_pem.bytes())
    _write(files.key, issued.private_key_pem.bytes(), mode=0o600)
    _write(files.server, chain)


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.certs", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    files = ensure(parser.parse_args().folder)
    for name, value in files.environment().items():
        print(f"export {name}={value}")


if __name__ == "__main__":
    main()
