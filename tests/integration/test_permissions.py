"""Least privilege: what is enough, and what is said of each permission that is missing. Azurite checks a SAS's for real."""
import json

import pytest

from support.gate import LakeGate, answer
from support.servers import ACCOUNT

TAGS = "--tags=team=data"


@pytest.fixture
def ready(table, oracle, lake, container):
    """A container that somebody else made, and rows that are due."""
    lake.create_container(container)
    table.fill(20, 2)
    oracle.remember()
    return table


@pytest.fixture
def by_sas(archiver, azurite, lake, container):
    """Makes the program with a SAS for its container."""

    def make(permissions: str = "rwdl", endpoint: str = "", **more):
        sas = lake.container_sas(container, permissions, **more)
        address = f"BlobEndpoint={endpoint or azurite.endpoint}/{ACCOUNT};SharedAccessSignature={sas}"
        made = archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": address, "LOG_LEVEL": "debug"})
        made.secrets.append(sas.rpartition("sig=")[2])
        return made

    return make


def refused(outcome) -> dict:
    """The one error of a run that was refused."""
    (line,) = [line for line in outcome.log if line["level"] == "error"]
    assert "\n" not in line["msg"] and line["error.type"] == "refused", str(outcome)
    return line


def test_read_write_delete_and_list_are_enough(by_sas, ready, table, oracle, container):
    program = by_sas("rwdl")
    program = program.with_settings({"ARCHIVE_PATH": f"{container}/a folder"})
    oracle.folder = "a folder"
    program.archive("--dry-run")
    program.run("recover", expect=0)
    program.archive("--prove", "--tier=cool")
    table.fill(20, 2, seed="b")
    oracle.remember_new()
    program.archive("--dry-run")
    program.archive()
    assert oracle.check().archived == 40
    for question in ("list", "verify", "plan"):
        program.run(question, expect=0)
    assert json.loads(program.run("check", "-o", "json", expect=0).stdout)["ok"]
    program.run("restore", "--day=2024-01-01", expect=0)
    assert table.count() == 20


def test_tags_need_t_on_the_service_and_nothing_else_with_it(by_sas, ready, oracle, lake, container):
    by_sas("rwdlt").archive(TAGS)
    assert oracle.check().archived == 20
    assert lake.tags(container, "events_2024-01-01.csv") == {"team": "data"}


@pytest.mark.parametrize(
    "permissions, lacks, doing",
    [("rwd", "'l' (list)", "list the blobs"), ("wdl", "'r' (read)", "get "), ("rdl", "'w' (write)", "acquire the lease")],
)
def test_each_letter_that_is_missing_is_named(by_sas, ready, table, oracle, container, permissions, lacks, doing):
    by_sas("rwdl").archive()
    table.fill(20, 2, seed="b")
    oracle.remember_new()
    line = refused(by_sas(permissions).archive(expect=4))
    assert f"The SAS lacks {lacks}" in line["error.hint"] and f"allows '{permissions}'" in line["error.hint"]
    assert container in line["error.hint"] and doing in line["msg"]
    assert oracle.check().left == 20


def test_the_right_to_delete_is_missed_when_a_file_is_to_be_taken_away(by_sas, ready, oracle, table):
    by_sas("rwdl").archive("--dry-run")
    line = refused(by_sas("rwl").run("recover", expect=4))
    assert "'d' (delete)" in line["error.hint"] and "events_2024-01-0" in line["msg"]
    by_sas("rwdl").archive()
    assert oracle.check().archived == 20


@pytest.mark.parametrize("missing", "rwdl")
def test_check_finds_every_letter_that_is_missing(by_sas, ready, lake, container, missing):
    given = "rwdl".replace(missing, "")
    found = json.loads(by_sas(given).run("check", "-o", "json", expect=4).stdout)
    failed = [line for line in found["checks"] if line["status"] == "failed"]
    assert [line["name"] for line in failed] == ["lake" if missing == "l" else "write"]
    assert f"'{missing}' (" in failed[0]["remedy"]


@pytest.mark.parametrize("permissions", ["rwdl", "racwdl"])
def test_a_sas_for_a_container_that_is_not_there(by_sas, table, oracle, container, permissions):
    table.fill(20, 2)
    oracle.remember()
    outcome = by_sas(permissions).archive(expect=3)
    (line,) = outcome.events("run.error")
    assert container in line["msg"] and "container create" in line["error.hint"]
    assert oracle.look().left == 20


@pytest.mark.parametrize(
    "more, word",
    [
        ({"se": "2020-01-01T00:00:00Z"}, "expired at 2020-01-01T00:00:00Z"),
        ({"st": "2099-01-01T00:00:00Z"}, "valid from 2099-01-01T00:00:00Z"),
        ({"sig": "bm90IGEgc2lnbmF0dXJl"}, "copied whole"),
        ({"spr": "https"}, "https://"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_sas_that_does_not_count(by_sas, archiver, azurite, lake, container, ready, oracle, more, word):
    program = by_sas(**more)
    if "sig" in more:
        sas = lake.container_sas(container).rpartition("sig=")[0] + "sig=" + more["sig"]
        address = f"BlobEndpoint={azurite.endpoint}/{ACCOUNT};SharedAccessSignature={sas}"
        program = program.with_settings({"AZURE_STORAGE_CONNECTION_STRING": address})
    line = refused(program.archive(expect=4))
    assert word in line["error.hint"], line
    assert oracle.check().left == 20


@pytest.mark.parametrize(
    "code, by_key, by_signature",
    [
        ("AuthenticationFailed", "account key", "copied whole"),
        ("AuthorizationFailure", "network rules", "copied whole"),
        ("AuthorizationPermissionMismatch", "account key", "must allow 'l' (list)"),
        ("AuthorizationProtocolMismatch", "HTTPS only", "HTTPS only"),
        ("AuthorizationSourceIPMismatch", "network rules", "another"),
        ("AuthorizationResourceTypeMismatch", "account key", "srt=co"),
        ("KeyBasedAuthenticationNotPermitted", "Entra identity", "Entra identity"),
        ("AccountIsDisabled", "disabled", "disabled"),
    ],
)
def test_each_code_has_its_sentence(archiver, azurite, by_sas, ready, oracle, code, by_key, by_signature):
    with LakeGate(azurite.port) as gate:
        gate.on(answer(403, code), contains="comp=list", times=None)
        by_account = archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        for program, word in ((by_account, by_key), (by_sas("rwdl", gate.endpoint), by_signature)):
            line = refused(program.archive(expect=4))
            assert code in line["msg"] and "list the blobs" in line["msg"] and word in line["error.hint"], line
            assert line["azure.error_code"] == code and line["azure.request_id"]
        assert len(gate.records) == 2, "a refusal is not repeated"
    assert oracle.check().left == 20
