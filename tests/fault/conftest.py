"""What the fault tests share."""
import pytest

from support.archiver import Archiver
from support.scene import Scene


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
