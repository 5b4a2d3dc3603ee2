import importlib
import sys

from local.run.requirements import Unmet, check_installation


def main() -> int:
    try:
        check_installation()
    except Unmet as unmet:
        print(unmet, file=sys.stderr)
        return 2
    # Not before: what is imported there may be what is missing.
    return int(importlib.import_module("local.run.command").main())


if __name__ == "__main__":
    sys.exit(main())
