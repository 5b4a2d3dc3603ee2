"""Makes the folder that is deployed, with its libraries, and a zip of it."""

import shutil
import subprocess
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from deployment.contents import LIBRARIES, app_files, sources
from deployment.reach import SDK, reachable

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
# The same for the same files, so that the same zip comes of them.
STAMP = (1980, 1, 1, 0, 0, 0)
MODE = 0o644 << 16


@dataclass(frozen=True)
class Weight:
    step: str
    files: int
    megabytes: float
    seconds: float


def copy_app(root: Path, folder: Path) -> None:
    for file in app_files(root):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file, folder / file)


def install(python: str, requirements: Path, site: Path) -> None:
    """Wheels for Azure's machines, whatever this machine is. The pins are complete."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--only-binary", ":all:"]
    command += [word for platform in PLATFORMS for word in ("--platform", platform)]
    command += ["--target", str(site), "--requirement", str(requirements)]
    subprocess.run(command, check=True)
    shutil.rmtree(site / "bin", ignore_errors=True)


def prune(root: Path, site: Path) -> None:
    """Removes the SDK's modules that the app cannot reach."""
    keep = {file.resolve() for file in reachable(sources(root), site).values()}
    for file in (site / SDK).rglob("*.py"):
        if file.resolve() not in keep:
            file.unlink()
    for folder in sorted((site / SDK).rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def compile_all(python: str, folder: Path) -> None:
    """Without a look at the source's time, which unpacking changes."""
    command = [python, "-m", "compileall", "-q", "-j", "0"]
    subprocess.run([*command, "--invalidation-mode", "unchecked-hash", str(folder)], check=True)


def pack(folder: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in _files(folder):
            entry = zipfile.ZipInfo(one.relative_to(folder).as_posix(), STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = MODE
            packed.writestr(entry, one.read_bytes())


class Build:
    """`folder` is made anew. `weights` tells what each step left behind."""

    def __init__(self, root: Path, folder: Path, python: str) -> None:
        self.root, self.folder, self.python = root, folder, python
        self.site = folder / LIBRARIES
        self.weights: list[Weight] = []
        self._since = time.monotonic()

    def run(self, *, whole: bool, compiled: bool) -> Path:
        shutil.rmtree(self.folder, ignore_errors=True)
        copy_app(self.root, self.folder)
        self._weigh("the app")
        install(self.python, self.root / "requirements.txt", self.site)
        self._weigh("with libraries")
        if not whole:
            prune(self.root, self.site)
            self._weigh("without the SDK's unreachable modules")
        if compiled:
            compile_all(self.python, self.folder)
            self._weigh("compiled")
        return self._packed()

    def _packed(self) -> Path:
        file = self.folder.with_suffix(".zip")
        pack(self.folder, file)
        self.weights.append(Weight("zip", 1, file.stat().st_size / 1e6, self._lap()))
        return file

    def _weigh(self, step: str) -> None:
        files = _files(self.folder)
        size = sum(file.stat().st_size for file in files) / 1e6
        self.weights.append(Weight(step, len(files), size, self._lap()))

    def _lap(self) -> float:
        now, since = time.monotonic(), self._since
        self._since = now
        return now - since


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
