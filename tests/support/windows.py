"""The live ETL's window files, as the scripts of its README look at them."""
import json
import subprocess
from pathlib import Path

from support.asking import wait_for

SECRET = {"Authorization": "secret", "Content_Type": "application/json"}

# What its README says to paste into Node.js.
AGGREGATE = """
const fs = require('fs');
const offsetData = JSON.parse(fs.readFileSync('processor_offset.json', 'utf8'));
console.log('Total offset:', Object.values(offsetData).reduce((sum, offset) => sum + offset, 0));
"""


class Windows:
    def __init__(self, directory: Path):
        self.directory = directory

    def files(self) -> list:
        return sorted(self.directory.glob("server_events*"))

    def lines(self) -> list:
        return [json.loads(line) for path in self.files() for line in path.read_text().splitlines()]

    def offsets(self) -> dict:
        try:
            return json.loads((self.directory / "processor_offset.json").read_text())
        except FileNotFoundError:
            return {}

    def total(self) -> int:
        return sum(self.offsets().values())

    def total_by_node(self) -> int:
        done = subprocess.run(["node", "-e", AGGREGATE], cwd=self.directory, check=True, capture_output=True, text=True)
        return int(done.stdout.split(":")[1])

    def wait_until(self, processed: int, timeout: float = 60) -> None:
        wait_for(lambda: self.total() == processed, timeout)

    def check(self, values: list) -> None:
        """Every event once, in order; no file says that it has more lines processed than it has."""
        assert self.lines() == values
        for name, offset in self.offsets().items():
            assert 0 < offset <= len((self.directory / name).read_text().splitlines())
