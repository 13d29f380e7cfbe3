"""Azure's own JavaScript SDK: what a team beside us would read our files, and write theirs, with."""
import json
import os
import subprocess

from support.servers import ROOT

SCRIPT = ROOT / "build/tools/storage-sdk/blob.mjs"


class Sdk:
    """One container, seen by the SDK."""

    def __init__(self, connection_string: str, container: str):
        self.connection_string = connection_string
        self.container = container

    def __call__(self, command: str, name: str, content: bytes = b"") -> bytes:
        done = subprocess.run(
            ["node", SCRIPT, command, self.container, name],
            input=content,
            capture_output=True,
            timeout=60,
            env={"PATH": os.environ["PATH"], "AZURE_STORAGE_CONNECTION_STRING": self.connection_string},
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout

    def look(self, name: str) -> dict:
        return json.loads(self("look", name))
