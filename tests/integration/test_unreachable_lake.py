"""A lake that is not there, or says nothing, is told within seconds, before the table is read; with the retries as they are by default."""
import socket
from contextlib import contextmanager

import pytest

from support.servers import free_port


@contextmanager
def nobody():
    yield free_port()


@contextmanager
def black_hole():
    """Packets to it are dropped: its queue of connections is full, and it takes none out."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for each in waiting:
            each.close()


@contextmanager
def silent():
    """It takes connections and requests, and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@pytest.mark.parametrize("command", ["archive", "plan", "check"])
@pytest.mark.parametrize("somewhere", [nobody, black_hole, silent], ids=["refused", "dropped", "silent"])
def test_a_lake_that_does_not_answer_is_told_within_seconds(archiver, table, azurite, somewhere, command):
    table.fill(20, 2)
    with somewhere() as port:
        there = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(f"http://127.0.0.1:{port}"), "ARCHIVE_RETRIES": None,
                 "ARCHIVE_REQUEST_TIMEOUT": None}
        outcome = archiver.run(command, settings=there, timeout=90)
    assert outcome.code == 5 and outcome.seconds < 40, str(outcome)
    assert f"127.0.0.1:{port}" in outcome.stderr + outcome.stdout
    assert table.count() == 20
