"""Each kind of message that probo-db's bus carries, from Kafka's own client through the broker and the program to the answers of its routes."""
import uuid

import pytest

from support import broker as brokers
from support.builds import BUILD, KEYS, build, message
from support.kafka_services import KafkaServices, produce

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

NAMES = ["started", "status updated", "ready", "reaped", "updated", "of no known kind"]
TRUE = [True, 1, "1"]
DATES = {1497270719287: "2017-06-12T12:31:59.287Z", "1497270719287": "2017-06-12T12:31:59.287Z", "2017-06-12T14:31:59.287+02:00": "2017-06-12T12:31:59.287Z"}
LONG = "é" * 255
# Of a message that has an id and a project alone.
MINIMAL = {
    "requestId": None, "timeStarted": "1970-02-01T00:00:00.000Z", "timeUpdated": "1970-02-01T00:00:00.000Z", "bytesVirtual": "0", "bytesReal": "0",
    "config": None, "branchName": None, "branchUrl": None, "commitUrl": None, "commitRef": None, "prDescription": None, "prUrl": None, "prName": None,
    "prNumber": None, "reaped": True, "reapedReason": 0, "reapedReasonText": "Old build with bad data.", "reapedDate": None, "pinned": False,
    "statusSubmitted": "error", "statusBuild": "error",
}
STORED = {
    "requestId": BUILD["requestId"], "projectId": BUILD["projectId"], "timeStarted": BUILD["createdAt"], "timeUpdated": BUILD["updatedAt"],
    "bytesVirtual": "1512017490", "bytesReal": "13462483", "config": BUILD["config"], "branchName": "cart", "branchUrl": BUILD["branch"]["htmlUrl"],
    "commitUrl": BUILD["commit"]["htmlUrl"], "commitRef": "0a1b2c3d", "prDescription": "", "prUrl": BUILD["pullRequest"]["htmlUrl"], "prName": "Cart",
    "prNumber": "7", "reaped": False, "reapedReason": 0, "reapedReasonText": "", "reapedDate": BUILD["reapedDate"], "pinned": False,
    "statusSubmitted": "pending", "statusBuild": "error",
}


class Told:
    """Messages in their order, and what is to be found afterwards."""

    def __init__(self):
        self.messages, self.rows, self.letters = [], {}, []

    def new_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, str(len(self.messages))))

    def saved(self, change=lambda of: message(of), row=None, **properties) -> str:
        """A message of a build of its own, of which the columns of `row` are found."""
        made = build(id=self.new_id(), **properties)
        self.messages.append(change(made))
        self.rows[made["id"]] = {**STORED, **(row or {})}
        return made["id"]

    def passed_over(self, of) -> None:
        self.messages.append(of)

    def refused(self, **properties) -> None:
        """A build is stored, and what SQL refuses of it comes next: the row stays."""
        stored = self.saved()
        self.letters.append(len(self.messages))
        self.messages.append(message(build(**{"id": stored, "updatedAt": "2018-01-01T00:00:00.000Z", **properties})))

    def removed(self, **properties) -> None:
        """A build is stored, and told again with these."""
        stored = self.saved()
        self.messages.append(message(build(id=stored, **properties), "reaped"))
        del self.rows[stored]


@pytest.fixture
def told():
    it = Told()
    # Both envelopes, and one that has its topic in it.
    it.saved(lambda of: message(of, version=None))
    it.saved(lambda of: {"data": {"topic": "build_events", **message(of)["data"]}})
    for name in NAMES:
        it.saved(lambda of, name=name: message(of, name))
    # Other messages of the bus.
    for nothing in (None, 0, False, ""):
        it.passed_over({"version": 1, "data": {"event": "x", "data": nothing, "build": build(id=it.new_id())}})
        it.passed_over({"version": 1, "data": {"event": "x", "data": {}, "build": nothing}})
    for other in ({"data": None}, {"data": {"event": "ping"}}, {"topic": "something else"}, [], 5, None, '"text"'):
        it.passed_over("null" if other is None else other)
    # Reaped, in each way that JavaScript takes for it; of a status that would be refused; of a build that nobody knows.
    for true in TRUE:
        it.removed(reaped=true, status="of no known kind", updatedAt="2001-01-01T00:00:00Z")
    it.passed_over(message(build(id=it.new_id(), reaped=True), "reaped"))
    # Texts: 255 characters, and one more.
    it.saved(branch={"name": LONG}, row={"branchName": LONG, "branchUrl": None})
    for too_long in ({"branch": {"name": LONG + "x"}}, {"commit": {"ref": "x" * 256}}, {"pullRequest": {"number": "1" * 256}}, {"reapedReasonText": "x" * 256}):
        it.refused(**too_long)
    for bad in ({"status": "exploded"}, {"submittedState": "lost"}, {"updatedAt": "yesterday"}, {"projectId": "not-a-uuid"}):
        it.refused(**bad)
    # What is absent or null has a default.
    it.saved(lambda of: message({"id": of["id"], "projectId": of["projectId"]}), row=MINIMAL)
    it.saved(lambda of: message({**of, "branch": None, "commit": None, "pullRequest": None, "diskSpace": None}), row={
        **{name: None for name in MINIMAL if name.startswith(("branch", "commit", "pr"))}, "bytesVirtual": "0", "bytesReal": "0"})
    it.saved(reaped=None, row={"reaped": True})
    for given, stored in DATES.items():
        it.saved(reapedDate=given, row={"reapedDate": stored})
    return it


def test_each_message_is_what_its_route_answers(archiver, broker, database, topic, java, told):
    probo = KafkaServices(archiver, broker, database)
    produce(java, topic, *told.messages)
    with probo.serve("builds", BUILDS_TOPIC=topic) as service:
        probo.wait_for("SELECT sum(next) FROM event_archiver.position WHERE projection LIKE 'builds%'", len(told.messages))
        assert service.get("/build").json == sorted(told.rows)
        for number, (identifier, row) in enumerate(told.rows.items()):
            found = service.get(f"/build/{identifier}").json
            assert list(found) == KEYS
            assert found == {**row, "id": found["id"], "buildId": identifier, "projectId": BUILD["projectId"]}, number
            assert service.get(f"/build/{identifier}/disk-usage").json == row["bytesReal"]
        live = sum(int(row["bytesReal"]) for row in told.rows.values() if not row["reaped"])
        assert service.get(f"/project/{BUILD['projectId']}/disk-usage").json == str(live)
    assert [row[0] for row in probo.rows("SELECT position FROM event_archiver.dead_letter ORDER BY 1")] == told.letters
