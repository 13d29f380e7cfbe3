"""Ways in: pooler, least privileges, TLS with an authority of one's own, SAS, folders."""
import psycopg2
import pytest

from support.lake import Lake
from support.oracle import Oracle
from support.servers import ACCOUNT, ACCOUNT_KEY


def test_behind_a_pooler_in_transaction_mode(archiver, table, oracle, database, pgbouncer):
    table.fill(500, 10)
    oracle.remember()
    via = {"PG_CONNECTION_STRING": database.server.uri(database.name, port=pgbouncer.port)}
    archiver.archive("--dry-run", settings=via)
    archiver.archive(settings=via)
    assert oracle.check().archived == 500
    table.fill(300, 10, seed="b")
    oracle.remember_new()
    archiver.archive(settings=via)
    assert oracle.check().archived == 800
    pooled = psycopg2.connect(via["PG_CONNECTION_STRING"])
    with pooled.cursor() as cursor:
        for name, value in (
            ("default_transaction_isolation", "read committed"),
            ("timezone", "UTC"),
            ("transaction_read_only", "off"),
        ):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone()[0] == value, "a setting of the run stayed in a pooled session"
    pooled.close()


@pytest.fixture
def secure(archiver, azurite_tls, certificate):
    """The program in front of the HTTPS service, trusting our authority."""
    return archiver.with_settings(
        {
            "AZURE_STORAGE_CONNECTION_STRING": azurite_tls.connection_string(),
            "SSL_CERT_FILE": certificate.authority,
            "ARCHIVE_RETRIES": "1",
        }
    )


def test_https_with_an_authority_of_ones_own(secure, table, database, azurite_tls, certificate, container):
    table.fill(500, 10)
    oracle = Oracle(database.connection, Lake(azurite_tls.connection_string(), str(certificate.authority)), container)
    oracle.remember()
    secure.archive()
    assert oracle.check().archived == 500


@pytest.mark.parametrize(
    "settings, word", [({"SSL_CERT_FILE": None}, "certificate"), ({"SSL_CERT_FILE": "/nonexistent"}, "certificate")]
)
def test_an_untrusted_certificate_is_refused(secure, table, settings, word):
    table.fill(20, 2)
    outcome = secure.run("archive", settings=settings)
    assert outcome.code == 4, str(outcome)
    assert word in outcome.stderr
    assert table.count() == 20


def test_a_certificate_for_another_host_is_refused(secure, table, azurite_tls):
    table.fill(20, 2)
    by_address = azurite_tls.connection_string().replace("localhost", "127.0.0.1")
    outcome = secure.run("archive", settings={"AZURE_STORAGE_CONNECTION_STRING": by_address})
    assert outcome.code == 4, str(outcome)
    assert table.count() == 20


def test_plain_http_to_an_https_service_and_the_reverse(secure, archiver, table, azurite, azurite_tls):
    table.fill(20, 2)
    for program, text in (
        (secure, azurite_tls.connection_string().replace("https", "http")),
        (archiver, azurite.connection_string().replace("http", "https")),
    ):
        outcome = program.run("archive", settings={"AZURE_STORAGE_CONNECTION_STRING": text, "ARCHIVE_RETRIES": "0"})
        assert outcome.code in (1, 3, 5), str(outcome)
    assert table.count() == 20


def test_a_shared_access_signature(archiver, table, oracle, azurite, lake):
    table.fill(200, 4)
    oracle.remember()
    sas = lake.account_sas()
    archiver.secrets.append(sas.rpartition("sig=")[2])
    base = f"BlobEndpoint={azurite.endpoint}/{ACCOUNT};SharedAccessSignature="
    archiver.archive("--dry-run", settings={"AZURE_STORAGE_CONNECTION_STRING": base + sas})
    archiver.archive(settings={"AZURE_STORAGE_CONNECTION_STRING": base + "?" + sas})
    assert oracle.check().archived == 200


@pytest.mark.parametrize("change", [{"expires": "2020-01-01T00:00:00Z"}, {"permissions": "r"}])
def test_a_signature_that_does_not_suffice(archiver, table, oracle, azurite, lake, change):
    table.fill(20, 2)
    oracle.remember()
    settings = {
        "AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint={azurite.endpoint}/{ACCOUNT};SharedAccessSignature={lake.account_sas(**change)}"
    }
    archiver.archive(settings=settings, expect=4)
    assert oracle.check().left == 20


def test_other_spellings_of_the_connection_string(archiver, table, oracle, azurite):
    table.fill(40, 4)
    oracle.remember()
    for text in (
        f" blobendpoint = {azurite.endpoint}/{ACCOUNT}/ ; ACCOUNTKEY={ACCOUNT_KEY};;accountname={ACCOUNT}",
        azurite.connection_string()
        + "QueueEndpoint=http://q;FileEndpoint=http://f;TableEndpoint=http://t;EndpointSuffix=core.windows.net",
    ):
        archiver.archive("--dry-run", settings={"AZURE_STORAGE_CONNECTION_STRING": text})
    archiver.archive()
    assert oracle.check().archived == 40


@pytest.mark.parametrize("folder", ["one", "a/b/c", "with space/ünï & + %", "events_2024-01-01.csv"])
def test_folders_are_made(archiver, table, lake, container, database, folder):
    table.fill(40, 4)
    oracle = Oracle(database.connection, lake, container, folder=folder)
    oracle.remember()
    for turn in range(2):
        archiver.archive(settings={"ARCHIVE_PATH": f"{container}/{folder}" + "/" * turn})
        table.fill(20, 5, seed=str(turn))
        oracle.remember_new()
    assert len(oracle.check().files) == 5


def test_the_container_may_be_there_already(archiver, table, oracle, lake, container):
    lake.create_container(container)
    table.fill(40, 4)
    oracle.remember()
    archiver.archive()
    assert oracle.check().archived == 40


def test_two_folders_of_one_container_are_apart(archiver, table, lake, container, database):
    table.fill(20, 2)
    archiver.archive(settings={"ARCHIVE_PATH": f"{container}/first"})
    table.execute('TRUNCATE "Event"')
    table.fill(20, 2, seed="b")
    oracle = Oracle(database.connection, lake, container, folder="second")
    oracle.remember()
    archiver.archive(settings={"ARCHIVE_PATH": f"{container}/second"})
    names = [blob.name for blob in lake.list(container) if blob.size]
    assert names == [f"{folder}/events_2024-01-0{day}.csv" for folder in ("first", "second") for day in (1, 2)]
