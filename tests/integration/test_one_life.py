"""Events from `send` to the lake and back, while processes that work on them are killed at random."""
import json
import os
import random

import pytest

from support.life import Life


# The five events of the live ETL's README: 27 for user1, 58 for user2; 264 bytes, each line with its newline.
BLOCK = [("user1", "add_revenue", 98), ("user1", "subtract_revenue", 72), ("user2", "add_revenue", 70), ("user1", "add_revenue", 1), ("user2", "subtract_revenue", 12)]


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("EVENT_ARCHIVER_SEED", random.randrange(1_000_000)))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("events", [20_000, pytest.param(2_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("apart", [False, True], ids=["in the server", "by project"])
def test_sums_are_exact_whoever_is_killed(binary, database, tmp_path, seed, events, apart):
    life = Life(binary, tmp_path, {"PG_CONNECTION_STRING": database.uri}, seed, events, projections=("revenue",), apart=apart)
    try:
        block = "".join(json.dumps({"userId": user, "name": name, "value": value}, separators=(",", ":")) + "\n" for user, name, value in BLOCK)
        assert len(block) == 264
        life.send(block * (events // len(BLOCK)), max(events // 40, 500))
        assert life.revenue() == {"user1": 27 * events // 5, "user2": 58 * events // 5}
        assert not life.spared
    finally:
        life.end()


@pytest.mark.timeout(600)
def test_the_same_rows_at_the_end_as_at_the_beginning(binary, database, azurite, container, tmp_path, seed):
    settings = {
        "PG_CONNECTION_STRING": database.uri,
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(),
        "ARCHIVE_PATH": container,
    }
    life = Life(binary, tmp_path, settings, seed, events=4_000)
    life.run()
    assert not life.spared
    assert life.kills.keys() == {"send", "serve", "archive", "verify", "projections", "restore"}
