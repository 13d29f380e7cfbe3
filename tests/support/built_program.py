"""The programs that the tests run: those named by the environment, else those that `./test` built."""
import os
from pathlib import Path

import pytest

from support.servers import ROOT


def built_program(variable: str, *candidates: str) -> Path:
    given = os.environ.get(variable)
    for path in [Path(given)] if given else [ROOT / candidate for candidate in candidates]:
        if path.exists():
            return path
    raise pytest.UsageError(f"no program to test: build it, or set {variable}")
