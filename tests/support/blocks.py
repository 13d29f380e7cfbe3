"""Fenced blocks of Markdown pages, and how the ones marked `run` are run.

    ```sh run           a shell, in the page's own directory
    ```sql run          psql on PG_CONNECTION_STRING
    ```sql duckdb run   DuckDB
    ```python run       python3
"""
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.servers import PG_BIN, ROOT

BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """One fenced block."""

    page: Path
    line: int
    words: list  # of the line that opens it
    text: str

    @property
    def marked(self) -> bool:
        return "run" in self.words

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    def run(self, directory: Path, environment: dict) -> str:
        """What it prints; any failure fails the test."""
        text = self.text
        match [word for word in self.words if word != "run"]:
            case ["sh"]:
                command, given = ["bash", "-euo", "pipefail", "-c", text], ""
            case ["sql"]:
                command, given = [PG_BIN / "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", environment["PG_CONNECTION_STRING"]], text
            case ["sql", "duckdb"]:
                command, given = ["node", ROOT / "build/tools/duckdb/query.mjs"], text
            case ["python"]:
                command, given = ["/usr/bin/python3", "-"], text
            case other:
                raise AssertionError(f"{self}: nobody knows how to run {other}")
        done = subprocess.run(
            [str(part) for part in command], cwd=directory, env=environment, input=given, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{self} failed with {done.returncode}\n{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def blocks(page: Path) -> list:
    text = page.read_text()
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["info"].split(), found["text"]) for found in BLOCK.finditer(text)
    ]


def clean_environment(program: Path, settings: dict) -> dict:
    """What a block sees: the program by its name, its settings, and nothing of the caller's."""
    path = f"{program.parent}:{PG_BIN}:{os.environ.get('PATH', '')}:/usr/bin:/bin"
    return {"PATH": path, "HOME": "/nonexistent", "LANG": "C.UTF-8", **{name: str(value) for name, value in settings.items()}}
