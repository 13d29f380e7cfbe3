"""With --prove every published tail is read back before COMMIT: a lake that serves other bytes ends the run."""
import pytest

from support.gate import LakeGate, answer, cut_after, truncate
from support.scene import KINDS


class DamagingGate(LakeGate):
    """Changes what the lake answers to a read of a file's content."""

    damage = staticmethod(lambda body: body)
    damaged = 0

    async def _exchange(self, record, head, body):
        whole = await super()._exchange(record, head, body)
        if record.method != "GET" or "?" in record.target:
            return whole
        self.damaged += 1
        start, _, content = whole.partition(b"\r\n\r\n")
        return start + b"\r\n\r\n" + self.damage(content)


DAMAGES = {"a bit": lambda body: bytes([*body[:-2], body[-2] ^ 1, body[-1]]),
           "two rows swapped": lambda body: b"\n".join(sorted(body.split(b"\n"), reverse=True)),
           "zeroes": lambda body: bytes(len(body))}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["new files", "appends", "day by day"])
def test_a_lake_that_serves_other_bytes_is_found_out_before_anything_is_deleted(scene, kind, damage):
    scene.begin(KINDS[kind])
    with DamagingGate(scene.azurite.port) as lake:
        lake.damage = DAMAGES[damage]
        outcome = scene.run(*scene.kind.arguments, "--prove", lake=lake)
        assert lake.damaged
    assert outcome.code == 7 and "events_2024-01-0" in outcome.stderr, str(outcome)
    scene.must_be_as_before()
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("kind", ["new files", "appends", "dry run of appends"])
def test_a_lake_that_keeps_what_it_got_is_believed(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (lake, _):
        outcome = scene.run(*scene.kind.arguments, "--prove", lake=lake)
        reads = [record for record in lake.records if record.method == "GET" and record.target.endswith(".csv")]
    # The rows came late, so that each file that is there is looked at before.
    looked_at = scene.kind.days - 1 if scene.kind.before else 0
    assert outcome.code == 0 and len(reads) == scene.kind.days + looked_at, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


def test_without_it_nothing_is_read_back(scene):
    scene.begin(KINDS["new files"])
    with scene.gates() as (lake, _):
        assert scene.run(lake=lake).code == 0
        assert not [record for record in lake.records if record.method == "GET" and record.target.endswith(".csv")]


@pytest.mark.parametrize("mishap", [cut_after(), truncate(700), answer(503, "ServerBusy")], ids=lambda fault: fault.name)
def test_a_mishap_while_reading_back_is_repeated(scene, mishap):
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        rule = lake.on(mishap, method="GET", when=lambda record: record.target.endswith(".csv"))
        outcome = scene.run("archive", "--prove", lake=lake)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


def test_a_lake_that_cannot_be_read_back_deletes_nothing(scene):
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        lake.on(answer(403, "AuthorizationFailure"), times=None, method="GET", when=lambda record: record.target.endswith(".csv"))
        outcome = scene.run("archive", "--prove", lake=lake)
    assert outcome.code == 4, str(outcome)
    scene.must_be_as_before()
    scene.finish()
