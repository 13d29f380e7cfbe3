"""Everything the program sends to the lake in its life, held against the rules of support.wire by the gate."""
import pytest

from support.entra import ConnectProxy
from support.gate import LakeGate, answer, cut_after
from support.oracle import Oracle
from support.servers import ACCOUNT, ACCOUNT_KEY

FOLDERS = ["", "plain", "with space/and, comma", "plus+plus", "100% & more = yes?", "ünïcödé/日本/#1", "a:b@c;d'(e)!*~$[x]"]


def whole_life(program, table, oracle) -> None:
    """Each request there is: dry run, taking back, creating, appending, settling, looking, restoring."""
    program.archive("--dry-run", "--compression=none")
    program.archive("--tier=cool", "--tags=team=a + b,kind=c/d", "--prove")
    table.fill(20, 2, seed="b")
    oracle.remember_new()
    program.archive("--dry-run")
    program.run("recover", expect=0)
    program.archive()
    assert oracle.check().archived == 60
    for question in ("list", "verify", "plan", "check"):
        program.run(question, expect=0)
    program.run("restore", "--day=2024-01-01", expect=0)
    assert table.count() == 30


@pytest.fixture
def oracle_of(database, lake, container):
    def make(folder: str) -> Oracle:
        made = Oracle(database.connection, lake, container, folder=folder)
        made.remember()
        return made

    return make


@pytest.mark.parametrize("folder", FOLDERS)
def test_path_style(archiver, azurite, table, container, oracle_of, folder):
    table.fill(40, 2)
    oracle = oracle_of(folder)
    with LakeGate(azurite.port) as gate:
        settings = {
            "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint),
            "ARCHIVE_PATH": f"{container}/{folder}",
        }
        whole_life(archiver.with_settings(settings), table, oracle)
        assert len({record.request.operation for record in gate.records}) >= 7


@pytest.mark.parametrize("folder", ["", "with space/and, comma", "ünïcödé/+&="])
def test_host_style(archiver, azurite, certificate, table, container, oracle_of, folder):
    """As Azure writes addresses: the account is in the host's name, which only a proxy here knows."""
    host = f"{ACCOUNT}.blob.localhost"
    table.fill(40, 2)
    oracle = oracle_of(folder)
    with LakeGate(azurite.port, certificate=certificate) as gate, ConnectProxy(addresses={host: "127.0.0.1"}) as proxy:
        address = f"https://{host}:{gate.port}"
        settings = {
            "AZURE_STORAGE_CONNECTION_STRING": f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={address}",
            "ARCHIVE_PATH": f"{container}/{folder}",
            "SSL_CERT_FILE": certificate.authority,
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
        }
        whole_life(archiver.with_settings(settings), table, oracle)
        assert all(record.target.startswith((f"/{container}", "/?")) for record in gate.records)


def test_what_others_put_on_a_file_is_restated(archiver, azurite, lake, table, oracle, container):
    table.fill(40, 2)
    oracle.remember()
    archiver.archive()
    for name in ("events_2024-01-01.csv", "events_2024-01-02.csv"):
        found = lake.head(container, name)
        lake.set_metadata(container, name, {**found.metadata, "owner": "them", "note": "a b,c=d"})
        headers = {"x-ms-blob-content-type": "text/plain", "x-ms-blob-content-language": "en", "x-ms-blob-cache-control": "no-cache"}
        lake.request("PUT", f"/{container}/{name}", {"comp": "properties"}, headers)
    table.fill(20, 2, seed="b")
    oracle.remember_new()
    with LakeGate(azurite.port) as gate:
        program = archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        program.archive("--dry-run")
        program.run("recover", expect=0)
        gate.on(cut_after(), contains="comp=blocklist", method="PUT")
        program.archive()
        program.run("restore", "--day=2024-01-01", expect=0)
    for name in ("events_2024-01-01.csv", "events_2024-01-02.csv"):
        _, headers, _ = lake.request("HEAD", f"/{container}/{name}")
        assert headers["x-ms-meta-owner"] == "them" and headers["x-ms-meta-note"] == "a b,c=d"
        assert headers["content-type"] == "text/plain" and headers["cache-control"] == "no-cache"


def test_each_try_is_signed_again_under_one_request_id(archiver, azurite, table, oracle):
    table.fill(20, 1)
    oracle.remember()
    with LakeGate(azurite.port) as gate:
        gate.on(answer(503, "ServerBusy", {"Retry-After": "1"}), contains="comp=list")
        gate.on(answer(503, "ServerBusy", {"x-ms-retry-after-ms": "1100"}), method="PUT", contains="comp=block&")
        archiver.archive(settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        for first, second in (gate.requests("GET", "comp=list")[:2], gate.requests("PUT", "comp=block&")[:2]):
            assert first.headers["x-ms-client-request-id"] == second.headers["x-ms-client-request-id"]
            assert first.headers["x-ms-date"] != second.headers["x-ms-date"]
            assert first.headers["authorization"] != second.headers["authorization"]
    assert oracle.check().archived == 20
