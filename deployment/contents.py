"""What of this project is deployed; .funcignore names the rest."""

from collections.abc import Iterator
from pathlib import Path

FILES = ("LICENSE", "function_app.py", "host.json", "requirements.txt")
FOLDERS = ("functions", "shared")
LIBRARIES = Path(".python_packages/lib/site-packages")
"""Where Azure's Python worker looks for them inside a package."""


def app_files(root: Path) -> Iterator[Path]:
    """Relative to `root`."""
    yield from (Path(name) for name in FILES)
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(root)


def sources(root: Path) -> list[Path]:
    return [root / file for file in app_files(root) if file.suffix == ".py"]
