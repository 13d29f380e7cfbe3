"""An account with a hierarchical namespace: folders are directories, made by the other endpoint; commits are the same."""
import json

import pytest

from support.entra import ConnectProxy
from support.hierarchy import HierarchicalGate
from support.oracle import Oracle
from support.servers import ACCOUNT, ACCOUNT_KEY

FOLDER = "a b/ünï & +,c"


@pytest.fixture
def gate(azurite, lake):
    with HierarchicalGate(azurite.port, lake) as it:
        yield it


@pytest.fixture
def program(archiver, gate, container):
    return archiver.with_settings(
        {"AZURE_STORAGE_CONNECTION_STRING": gate.connection_string, "ARCHIVE_PATH": f"{container}/{FOLDER}"}
    )


@pytest.fixture
def oracle(database, lake, container) -> Oracle:
    return Oracle(database.connection, lake, container, folder=FOLDER)


def test_the_folder_is_made_as_a_directory(program, gate, table, oracle, lake, container):
    table.fill(40, 4)
    oracle.remember()
    program.archive()
    assert oracle.check().archived == 40
    (made,) = gate.asked("directory")
    assert made.status == 201 and made.request.given["if-none-match"] == "*"
    assert len(gate.asked("properties")) == 1, "asked once, by the run that makes the folder"
    assert not [r for r in gate.records if r.request.metadata.get("hdi_isfolder")], "no marker beside it"
    assert lake.head(container, "a b").metadata == {"hdi_isfolder": "true"}

    table.fill(20, 4, seed="b")
    oracle.remember_new()
    gate.clear()
    program.archive()
    assert oracle.check().archived == 60
    assert not gate.asked("directory") and not gate.asked("properties"), "nothing is asked for without need"


def test_a_directory_that_is_there_already(program, gate, table, oracle, lake, container):
    lake.create_container(container)
    for name in ("a b", FOLDER):
        lake.put_blob(container, name, b"", {"hdi_isfolder": "true"})
    table.fill(20, 2)
    oracle.remember()
    program.archive()
    assert oracle.check().archived == 20
    (made,) = gate.asked("directory")
    assert made.status == 409


@pytest.mark.parametrize("dfs", [(403, "AuthorizationFailure"), (400, "EndpointUnsupportedAccountFeatures")])
def test_without_the_other_endpoint_a_marker_does(program, gate, table, oracle, lake, container, dfs):
    gate.dfs = dfs
    table.fill(20, 2)
    oracle.remember()
    outcome = program.archive()
    assert oracle.check().archived == 20
    assert dfs[1] in outcome.events("folder.marker")[0]["error.message"]
    assert lake.head(container, FOLDER).metadata == {"hdi_isfolder": "true"}


def test_an_account_that_does_not_tell_is_taken_for_flat(program, gate, table, oracle):
    gate.tells = False
    table.fill(20, 2)
    oracle.remember()
    program.archive()
    assert oracle.check().archived == 20
    assert not gate.asked("directory")
    found = json.loads(program.run("check", "-o", "json", expect=0).stdout)
    assert "treated as flat" in next(line for line in found["checks"] if line["name"] == "namespace")["detail"]


def test_check_says_which_kind_of_account_it_is(program, archiver, table, lake, container):
    lake.create_container(container)
    for checked, word in ((program, "hierarchical"), (archiver, "flat")):
        found = json.loads(checked.run("check", "-o", "json", expect=0).stdout)
        assert next(line for line in found["checks"] if line["name"] == "namespace")["detail"].startswith(word)


def test_tags_are_refused_before_the_first_byte(program, gate, table, oracle):
    table.fill(20, 2)
    oracle.remember()
    outcome = program.archive("--tags=team=data", expect=3)
    (line,) = outcome.events("run.error")
    assert "hierarchical namespace" in line["msg"] and "ARCHIVE_TAGS" in line["error.hint"]
    assert not gate.asked("block") and oracle.look().left == 20
    found = json.loads(program.run("check", "-o", "json", settings={"ARCHIVE_TAGS": "team=data"}, expect=3).stdout)
    assert next(line for line in found["checks"] if line["name"] == "namespace")["status"] == "failed"

    gate.tells = False  # then the service says so itself, and the run is taken back
    outcome = program.archive("--tags=team=data", expect=3)
    assert "ARCHIVE_TAGS" in outcome.events("run.error")[0]["error.hint"]
    assert oracle.check().left == 20


@pytest.mark.parametrize("through", ["hierarchical", "flat"])
def test_a_directory_named_like_a_day_is_refused_by_name(program, archiver, table, oracle, lake, container, through):
    name = f"{FOLDER}/events_2024-01-02.csv"
    lake.create_container(container)
    lake.put_blob(container, name, b"", {"hdi_isfolder": "true"})
    table.fill(20, 1)
    oracle.remember()
    chosen = program if through == "hierarchical" else archiver.with_settings({"ARCHIVE_PATH": f"{container}/{FOLDER}"})
    chosen.archive()
    table.fill(20, 2, seed="b")
    outcome = chosen.archive(expect=3)
    (line,) = outcome.events("run.error")
    assert name in line["msg"] and "directory" in line["msg"]
    assert table.count() == 20
    listed = json.loads(chosen.run("list", "-o", "json", expect=0).stdout)
    assert [day["day"] for day in listed["days"]] == ["2024-01-01"]
    lake.delete(container, name)
    oracle.remember_new()
    chosen.archive()
    assert oracle.check().archived == 40


def test_both_endpoints_by_the_accounts_name(archiver, azurite, lake, certificate, table, oracle, container):
    """Host style, and the DFS endpoint derived from the blob endpoint's."""
    services = {f"{ACCOUNT}.{service}.localhost": "127.0.0.1" for service in ("blob", "dfs")}
    table.fill(40, 2)
    oracle.remember()
    with HierarchicalGate(azurite.port, lake, certificate) as gate, ConnectProxy(addresses=services) as proxy:
        address = f"https://{ACCOUNT}.blob.localhost:{gate.port}"
        settings = {
            "AZURE_STORAGE_CONNECTION_STRING": f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={address}",
            "ARCHIVE_PATH": f"{container}/{FOLDER}",
            "SSL_CERT_FILE": certificate.authority,
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
        }
        archiver.archive(settings=settings)
        (made,) = gate.asked("directory")
        assert made.status == 201 and made.headers["host"] == f"{ACCOUNT}.dfs.localhost:{gate.port}"
    assert oracle.check().archived == 40
