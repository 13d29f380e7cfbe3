"""What the fault tests share."""
import os
import subprocess
import uuid
from pathlib import Path

import pytest

from support.archiver import Archiver
from support.built_program import built_program
from support.scene import Scene
from support.servers import PG_BIN, PostgreSQL, clean_environment, unprivileged


@pytest.fixture(scope="session")
def fault_binary() -> Path:
    """The build that has the named points at which it can be stopped. `./test` has it only when the integration tests are over."""
    return built_program("EVENT_ARCHIVER_FAULT_BINARY", "build/asan/event-archiver", "build/debug/event-archiver")


@pytest.fixture
def scene(archiver, database, azurite, lake):
    """Cases one after the other, with the program as it is shipped."""
    it = Scene(archiver, database, azurite, lake)
    yield it
    it.close()


@pytest.fixture
def points(fault_binary, archiver, database, azurite, lake):
    """The same with the build that has named points."""
    it = Scene(Archiver(fault_binary, archiver.settings), database, azurite, lake)
    yield it
    it.close()


@pytest.fixture
def copy_of(place):
    """A physical copy that knows nothing of being one: a snapshot, a base backup without standby.signal."""
    copies = []

    def make(server):
        copy = PostgreSQL(place / f"copy-{uuid.uuid4().hex[:8]}")
        copy.directory.mkdir(parents=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", copy.directory], check=True)
        subprocess.run([PG_BIN / "pg_basebackup", "-X", "stream", "-c", "fast", "-D", copy.data, "-d", server.uri()], cwd="/",
                       env=clean_environment(), check=True, capture_output=True, **unprivileged())
        copies.append(copy)
        return copy.start()

    yield make
    for copy in copies:
        copy.stop()
