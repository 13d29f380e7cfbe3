"""Commands about projections whose change takes effect, and whose answer is lost: the next try finds that it is done."""
import pytest

from support.gate import DatabaseGate, cut_after
from support.shop import Shop


@pytest.fixture
def shop(fault_binary, database, tmp_path):
    it = Shop(fault_binary, database, tmp_path)
    it.topic.append({"u": "a", "v": 1}, {"u": "a", "v": "many"}, {"u": "a", "v": "more"}, {"u": "a", "v": "most"})
    it.once()
    return it


@pytest.mark.parametrize(
    ("command", "statement", "answer"),
    [
        (("projections", "forget", "total@old"), "DELETE FROM event_archiver.position", "total@old: forgotten\n"),
        (("projections", "forget", "total@dropped", "--drop"), "DELETE FROM event_archiver.position", "total@dropped: forgotten\n"),
        (("projections", "pause", "total"), "SET state = 'paused'", "total: paused\n"),
        (("projections", "resume", "total"), "SET state = 'running'", "total: resumed: the process that runs it goes on\n"),
        (("dead-letters", "total", "--drop", "1,2-3"), "DELETE FROM event_archiver.dead_letter", "dropped 3 dead letters\n"),
    ],
)  # fmt: skip
def test_a_change_whose_answer_is_lost_is_done(shop, command, statement, answer):
    shop.execute(
        "INSERT INTO event_archiver.position (projection, topic, partition, journal, next)"
        " SELECT name, topic, partition, journal, next FROM event_archiver.position, unnest(ARRAY['total@old', 'total@dropped']) AS name"
    )
    with DatabaseGate(shop.database.server.port) as gate:
        rule = gate.on(cut_after(), contains=statement)
        outcome = shop.run(*command, PG_CONNECTION_STRING=shop.database.server.uri(shop.database.name, port=gate.port))
    assert rule.hits == 1 and outcome.stdout == answer, str(outcome)
