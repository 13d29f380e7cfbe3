"""A million events, as the nightly job meets them the first time."""
import pytest

from support.table import EventTable


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("index", [True, False], ids=["by index", "by ctid"])
def test_a_million_events_over_40_days(archiver, database, oracle, index):
    table = EventTable(database.connection).create(index=index)
    table.fill(1_000_000, 40)
    table.fill_young(1000)
    table.analyze()
    oracle.remember()
    outcome = archiver.archive(timeout=900)
    found = oracle.check()
    assert (found.archived, found.left, len(found.files)) == (1_000_000, 1000, 40)
    assert outcome.peak_bytes < 128 * 2**20
    table.fill(100_000, 50, seed="b")
    oracle.remember_new()
    archiver.archive(timeout=900)
    assert oracle.check().archived == 1_100_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_thousand_days_in_one_go(archiver, table, oracle):
    table.fill(20_000, 2000, first_day="2015-01-01")
    oracle.remember()
    archiver.archive(timeout=600)
    assert len(oracle.check().files) == 2000
