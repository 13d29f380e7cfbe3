"""Events from `send` to the lake and back, while whoever works on them is killed at random."""
import os
import random

import pytest

from support.life import Life


@pytest.mark.timeout(600)
def test_the_same_rows_at_the_end_as_at_the_beginning(binary, database, azurite, container, tmp_path):
    seed = int(os.environ.get("EVENT_ARCHIVER_SEED", random.randrange(1_000_000)))
    settings = {
        "PG_CONNECTION_STRING": database.uri,
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(),
        "ARCHIVE_PATH": container,
    }
    Life(binary, tmp_path, settings, seed, events=4_000).run()
