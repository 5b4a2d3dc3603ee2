"""python -m deployment: build what is deployed, for the Python that infra/ runs.

The result is build/calbridge.zip; the same unpacked is build/calbridge. It can be built on any
machine that has that Python: only wheels for Azure's machines are taken.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from deployment.build import Build

ROOT = Path(__file__).parent.parent
RUNTIME = re.compile(r"runtime: \{ name: 'python', version: '([\d.]+)' \}")


def python_of_infra() -> str:
    found = RUNTIME.search((ROOT / "infra/modules/app.bicep").read_text())
    if not found:
        raise SystemExit("infra/modules/app.bicep names no Python: correct its runtime.")
    return found[1]


def checked(python: str, version: str) -> str:
    """Compiled files are of one version of Python alone."""
    command = shutil.which(python)
    # pyenv's name for a version that is not switched on is found, and does not run.
    asked = command and subprocess.run(
        [command, "-V"], capture_output=True, text=True, check=False
    )
    if not command or not asked or asked.returncode:
        raise SystemExit(f"Python {version} is needed: install it, or name it with --python.")
    said = asked.stdout
    if not said.startswith(f"Python {version}."):
        raise SystemExit(f"{python} is {said.strip()}; infra/ runs {version}.")
    return command


def main() -> int:
    version = python_of_infra()
    given = arguments(version)
    build = Build(ROOT, given.out, checked(given.python, version))
    file = build.run(whole=given.whole, compiled=not given.sources_only)
    print(f"{'':40}{'files':>8}{'MB':>8}{'s':>8}")
    for one in build.weights:
        print(f"{one.step:40}{one.files:>8}{one.megabytes:>8.1f}{one.seconds:>8.1f}")
    print(file)
    return 0


def arguments(version: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deployment", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/calbridge", help="folder")
    parser.add_argument("--python", default=f"python{version}", help="its pip and compiler")
    parser.add_argument("--whole", action="store_true", help="leave the Graph SDK as it is")
    parser.add_argument("--sources-only", action="store_true", help="compile nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
