"""A page in Chromium, driven by playwright-core. Tests that ask for one are skipped where either is missing."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.servers import ROOT

CORE = Path(os.environ.get("PLAYWRIGHT_CORE", ROOT / "build/tools/playwright/node_modules/playwright-core"))
PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page; a context manager. Options as playwright's `newPage` has them: viewport, colorScheme."""

    def __init__(self, **options):
        if PROGRAM is None or not CORE.is_dir() or shutil.which("node") is None:
            pytest.skip("Chromium or playwright-core is not there")
        self.options = options

    def __enter__(self) -> "Browser":
        command = ["node", ROOT / "tests/support/browse.cjs", CORE, PROGRAM, json.dumps(self.options)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, step: str, **what):
        self.process.stdin.write(json.dumps({"step": step, **what}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def open(self, url: str) -> None:
        self.ask("open", url=url)

    def text(self, what: str) -> str:
        return self.ask("text", what=what)

    def visible(self, what: str) -> bool:
        return self.ask("visible", what=what)

    def click(self, what: str) -> None:
        self.ask("click", what=what)

    def fill(self, what: str, text: str) -> None:
        self.ask("fill", what=what, text=text)

    def value(self, expression: str):
        return self.ask("value", expression=expression)

    def pictured(self, name: str) -> None:
        """Kept for a person to look at, where PICTURES names a directory."""
        if directory := os.environ.get("PICTURES"):
            self.ask("picture", path=str(Path(directory) / f"{name}.png"))
