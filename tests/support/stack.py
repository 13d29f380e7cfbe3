#!/usr/bin/python3
"""Servers for a command, or for as long as you like.

    stack.py run [--tls] [--kafka] -- COMMAND…   runs COMMAND with servers in its environment, then ends them
    stack.py start DIRECTORY           starts PostgreSQL and Azurite there and prints lines for a shell to eval
    stack.py stop DIRECTORY            ends what `start` started there

`run` sets what the C++ tests read: EVENT_ARCHIVER_TEST_DATABASE (key=value form, to which they add) and
EVENT_ARCHIVER_TEST_STORAGE, with --tls EVENT_ARCHIVER_TEST_STORAGE_TLS and EVENT_ARCHIVER_TEST_CA, and with --kafka
EVENT_ARCHIVER_TEST_KAFKA, if a broker can be had.
"""
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support import broker  # noqa: E402
from support.servers import Azurite, Certificate, PostgreSQL, ServerError, stop_recorded  # noqa: E402


def _leave(number, _frame):
    raise SystemExit(128 + number)


def run(arguments: list) -> int:
    end = arguments.index("--")
    tls, kafka = ("--tls" in arguments[:end]), ("--kafka" in arguments[:end] and not broker.missing())
    command = arguments[end + 1 :]
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="event-archiver-stack-")))
        directory.chmod(0o755)
        database = stack.enter_context(PostgreSQL(directory / "postgresql"))
        storage = stack.enter_context(Azurite(directory / "azurite"))
        environment = {
            **os.environ,
            "EVENT_ARCHIVER_TEST_DATABASE": f"host=127.0.0.1 port={database.port} user=postgres dbname=postgres",
            "EVENT_ARCHIVER_TEST_STORAGE": storage.connection_string(),
        }
        certificate = Certificate(directory / "certificate") if tls or kafka else None
        if kafka:
            server = stack.enter_context(broker.Broker(directory / "kafka", certificate))
            environment["EVENT_ARCHIVER_TEST_KAFKA"] = server.address
        if tls:
            secure = stack.enter_context(Azurite(directory / "azurite-tls", certificate=certificate))
            environment |= {
                "EVENT_ARCHIVER_TEST_STORAGE_TLS": secure.connection_string(),
                "EVENT_ARCHIVER_TEST_CA": str(certificate.authority),
            }
        return subprocess.run(command, env=environment).returncode


def start(directory: Path) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        undo.callback(stop, directory)
        database = PostgreSQL(directory / "postgresql", detached=True).start()
        storage = Azurite(directory / "azurite", detached=True).start()
        undo.pop_all()
    for name, value in (
        ("PG_CONNECTION_STRING", database.uri()),
        ("AZURE_STORAGE_CONNECTION_STRING", storage.connection_string()),
    ):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def stop(directory: Path) -> int:
    for name in ("azurite", "postgresql"):
        stop_recorded(directory / name)
    return 0


def main(arguments: list) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    match arguments:
        case ["run", *rest] if "--" in rest:
            return run(rest)
        case ["start", directory]:
            return start(Path(directory).resolve())
        case ["stop", directory]:
            return stop(Path(directory).resolve())
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServerError as error:
        sys.exit(f"stack: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
