"""The live ETL's window files, as the scripts of its README look at them."""
import json
import subprocess
from pathlib import Path

from support.asking import wait_for

SECRET = {"Authorization": "secret", "Content_Type": "application/json"}

# What its README says to paste into Node.js.
GENERATE = """
const fs = require('fs');
function generateEvents(numTimes = 1) {
  const events = [
    { "userId": "user1", "name": "add_revenue", "value": 98 },
    { "userId": "user1", "name": "subtract_revenue", "value": 72 },
    { "userId": "user2", "name": "add_revenue", "value": 70 },
    { "userId": "user1", "name": "add_revenue", "value": 1 },
    { "userId": "user2", "name": "subtract_revenue", "value": 12 },
  ];

  let output = "";
  for (let i = 0; i < numTimes; i++) {
    output += events.map(event => JSON.stringify(event)).join('\\n');
    if (i < numTimes - 1) {
      output += '\\n';
    }
  }

  fs.writeFileSync('events.jsonl', output);
  console.log(`Generated events.jsonl with ${events.length * numTimes} events.`);
  return numTimes
}
"""
AGGREGATE = """
const fs = require('fs');
const offsetData = JSON.parse(fs.readFileSync('processor_offset.json', 'utf8'));
console.log('Total offset:', Object.values(offsetData).reduce((sum, offset) => sum + offset, 0));
"""


def generate_events(directory: Path, times: int) -> Path:
    """events.jsonl in that directory, as the README's script writes it over what is there."""
    done = subprocess.run(["node", "-e", f"{GENERATE}generateEvents({times})"], cwd=directory, check=True, capture_output=True, text=True)
    assert done.stdout == f"Generated events.jsonl with {5 * times} events.\n"
    return directory / "events.jsonl"


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
