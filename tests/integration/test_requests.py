"""What goes over the wire to the lake, seen at the gate."""
import base64
import re

import pytest

from support.gate import LakeGate, answer, answer_after, cut_after, cut_before, delay_answer, silence, truncate


@pytest.fixture
def gate(azurite):
    with LakeGate(azurite.port) as it:
        yield it


@pytest.fixture
def through(archiver, azurite, gate):
    """The program behind the gate, quick to repeat."""
    return archiver.with_settings(
        {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint), "ARCHIVE_REQUEST_TIMEOUT": "2s"}
    )


def test_every_request_has_what_it_needs(through, gate, table, oracle):
    table.fill(300, 5)
    oracle.remember()
    through.archive("--dry-run")
    through.archive()
    oracle.check()
    ids = [record.headers.get("x-ms-client-request-id") for record in gate.records]
    assert all(ids) and len(set(ids)) == len(ids), "a client request id of its own on each request"
    assert {record.headers["x-ms-version"] for record in gate.records} == {"2023-11-03"}
    assert all("event-archiver" in record.headers.get("user-agent", "") for record in gate.records)
    for block in gate.requests("PUT", "comp=block&"):
        assert len(base64.b64decode(block.headers["x-ms-content-crc64"])) == 8
    assert gate.requests("PUT", "comp=block&")
    for commit in (
        gate.requests("PUT", "comp=blocklist") + gate.requests("PUT", "comp=metadata") + gate.requests("DELETE")
    ):
        assert "if-match" in commit.headers or "if-none-match" in commit.headers, commit.target
        assert commit.headers.get("if-match") != "*"


def test_block_ids_carry_the_run(through, gate, table):
    """One id never stands for two byte strings: runs do not share ids, and all ids of a blob have one length."""
    table.fill(60, 2)
    through.archive("--dry-run")
    first = ids(gate)
    gate.clear()
    through.archive()
    second = ids(gate)
    assert first and second and not first & second
    assert len({len(identity) for identity in first | second}) == 1


def ids(gate) -> set:
    return {re.search("blockid=([^&]+)", record.target)[1] for record in gate.requests("PUT", "comp=block&")}


def test_connections_are_kept_alive(through, gate, table):
    table.fill(600, 30)
    through.archive()
    assert len(gate.records) >= 60
    assert gate.connections <= 12


def test_one_list_request_settles_a_large_folder(through, gate, table, oracle):
    table.fill(600, 300, first_day="2022-01-01")
    oracle.remember()
    through.archive()
    gate.clear()
    table.insert("2024-06-01")
    oracle.remember_new()
    through.archive()
    assert gate.count(contains="comp=list") <= 2
    assert len(gate.records) <= 15, "\n".join(map(str, gate.records))
    assert oracle.check().archived == 601


REPEATABLE = {
    "Put Block": {"method": "PUT", "contains": "comp=block&"},
    "List": {"method": "GET", "contains": "comp=list"},
    "Create Container": {"method": "PUT", "contains": "restype=container"},
    "any second request": {"nth": 2},
}
ONCE = {
    "Put Block List": {"method": "PUT", "contains": "comp=blocklist"},
    "Set Metadata": {"method": "PUT", "contains": "comp=metadata"},
}
MISHAPS = {
    "cut before": cut_before(),
    "answer lost": cut_after(),
    "truncated": truncate(20),
    "503": answer(503, "ServerBusy"),
    "500": answer(500, "InternalError"),
    "500 but done": answer_after(500, "OperationTimedOut"),
    "429": answer(429, "TooManyRequests", {"Retry-After": "1"}),
    "silence": silence(),
    "slow": delay_answer(1),
}


@pytest.mark.sampled
@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("request_kind", REPEATABLE | ONCE)
def test_one_mishap_does_not_fail_the_run(through, gate, table, oracle, mishap, request_kind):
    table.fill(60, 3)
    oracle.remember()
    rule = gate.on(MISHAPS[mishap], **(REPEATABLE | ONCE)[request_kind])
    outcome = through.archive()
    assert rule.hits == 1
    assert oracle.check().archived == 60
    if (
        mishap not in ("slow", "cut before", "answer lost") and request_kind not in ONCE
    ):  # a reset of a kept connection is no retry
        assert outcome.summary["retries"] >= 1


@pytest.mark.parametrize("mishap", ["cut before", "answer lost", "503", "500 but done"])
@pytest.mark.parametrize("request_kind", ONCE)
def test_a_mishap_while_appending(through, gate, table, oracle, mishap, request_kind):
    table.fill(60, 3)
    oracle.remember()
    through.archive()
    table.fill(60, 3, seed="b")
    oracle.remember_new()
    rule = gate.on(MISHAPS[mishap], nth=2, **ONCE[request_kind])
    through.archive()
    assert rule.hits == 1
    assert oracle.check().archived == 120


def test_retry_after_is_honoured(through, gate, table):
    table.fill(10, 1)
    gate.on(answer(503, "ServerBusy", {"Retry-After": "2"}), method="PUT", contains="comp=block&")
    assert through.archive().seconds >= 2


def test_zero_retries_mean_one_try(through, gate, table, oracle):
    table.fill(10, 1)
    oracle.remember()
    gate.on(answer(503, "ServerBusy"), times=None, contains="comp=block&")
    through.archive(settings={"ARCHIVE_RETRIES": "0"}, expect=5)
    assert gate.count(contains="comp=block&") == 1
    assert oracle.check().left == 10


def test_a_refusal_is_not_repeated(through, gate, table):
    table.fill(10, 1)
    gate.on(answer(403, "AuthorizationPermissionMismatch"), times=None, contains="comp=block&")
    through.archive(expect=4)
    assert gate.count(contains="comp=block&") == 1


def test_closed_idle_connections_are_not_a_failure(through, gate, table, oracle):
    table.fill(30, 3)
    oracle.remember()
    gate.on(delay_answer(0.5), method="PUT", contains="comp=block&")
    rule = gate.on(cut_before(), method="PUT", contains="comp=blocklist", nth=1)
    through.archive()
    assert rule.hits == 1
    assert oracle.check().archived == 30
