"""A projection of one's own beside the server that takes its events."""
import json
import urllib.error
import urllib.request

from support.shop import Shop


class Served(Shop):
    """The shop, with a server in place of the test's own journal."""

    processes: list

    def serve(self, *arguments: str, **settings):
        process = self.program.start("serve", "--port", "0", *arguments, settings=settings)
        self.processes.append(process)
        process.wait_for_output('"serve.listening"')
        line = next(line for line in process.output["stderr"].decode().splitlines() if '"serve.listening"' in line)
        self.address = f"http://127.0.0.1:{json.loads(line)['port']}"
        return process

    def send(self, values: list) -> dict:
        request = urllib.request.Request(f"{self.address}/events/live", json.dumps(values).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.address + path) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()


def served_shop(binary, database, directory):
    """Of a fixture: the processes of a test that failed are ended."""
    it = Served(binary, database, directory)
    it.journal = directory / "served"
    it.program = it.program.with_settings({"JOURNAL": it.journal})
    it.processes = []
    yield it
    for process in it.processes:
        process.kill()


def values(count: int) -> list:
    return [{"u": "a", "v": each} for each in range(1, count + 1)]
