"""What stands in the wrong place may be a secret: no mistake, no log line and no answer repeats it."""
import json

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.servers import free_port

CANARY = "Tr0ub4dor"
UNENCODED = [
    "postgresql://u:abc@Tr0ub4dor@127.0.0.1/db",
    "postgresql://u:abc/Tr0ub4dor@127.0.0.1:5432/db",
    "postgresql://u:Tr0ub4dor/x@127.0.0.1:5432/db",
    "postgresql://u:5432/Tr0ub4dor@127.0.0.1/db",
    "host=127.0.0.1 port=Tr0ub4dor dbname=db",
    "dbname=postgresql://u:Tr0ub4dor@127.0.0.1/db",
]


@pytest.mark.parametrize("conninfo", UNENCODED)
@pytest.mark.parametrize("command", ["archive", "check", "config", "plan"])
def test_a_password_that_is_not_percent_encoded_is_a_mistake_and_is_not_told(archiver, conninfo, command):
    archiver.secrets.append(CANARY)
    outcome = archiver.run(command, settings={"PG_CONNECTION_STRING": conninfo}, expect=2)
    assert "PG_CONNECTION_STRING" in outcome.stderr and "percent-encoded" in outcome.stderr


@pytest.mark.parametrize("command", ["export", "serve", "config"])
def test_nor_is_that_of_exports(archiver, command):
    archiver.secrets.append(CANARY)
    given = {"PG_CONNECTION_STRING": None, "DATABASE_URL": UNENCODED[0], "SERVE_PORT": free_port()}
    outcome = archiver.run(command, settings=given, expect=2)
    assert "DATABASE_URL" in outcome.stderr and "percent-encoded" in outcome.stderr


MISPLACED = [
    {"ARCHIVE_COMPRESSION": "AccountKey=Tr0ub4dor"},
    {"ARCHIVE_PATH": "https://acme.blob.core.windows.net/box?sv=1&sig=Tr0ub4dor"},
    {"ARCHIVE_PATH": "box/folder?sv=1&sig=Tr0ub4dor"},
    {"EVENT_RETENTION_PERIOD": "postgresql://u:Tr0ub4dor@h/d"},
    {"ARCHIVE_SHARD": "Tr0ub4dor@x"},
    {"ARCHIVE_TAGS": "x&Tr0ub4dor"},
    {"ARCHIVE_TABLE": "https://u:Tr0ub4dor@h"},
    {"ARCHIVE_TIME_COLUMN": "https://u:Tr0ub4dor@h"},
    {"ARCHIVE_PUSHGATEWAY": "http://u:Tr0ub4dor@gateway:9091"},
    {"LOG_LEVEL": "password=Tr0ub4dor"},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "AccountName=x;AccountKey=Tr0ub4dor", "AZURE_STORAGE_KEY": "eA=="},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_ENDPOINT": "https://u:Tr0ub4dor@h"},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "AccountNam=x;AccountKy=Tr0ub4dor7==", "AZURE_STORAGE_ENDPOINT": "https://h", "AZURE_STORAGE_KEY": "eA=="},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "acme:Tr0ub4dor", "AZURE_STORAGE_ENDPOINT": "https://h", "AZURE_STORAGE_KEY": "eA=="},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "Tr0ub4dor/x+y==", "AZURE_STORAGE_ENDPOINT": "https://h", "AZURE_STORAGE_KEY": "eA=="},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_ENDPOINT": "https://h?sig=Tr0ub4dor"},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_ACCOUNT": "acme", "AZURE_AUTHORITY_HOST": "https://u:Tr0ub4dor@h",
     "AZURE_CLIENT_ID": "i", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s"},
    {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=a;Tr0ub4dor7==x;Tr0ub4dor7==y;AccountKey=eA=="},
    {"AZURE_STORAGE_CONNECTION_STRING": None, "AZURE_STORAGE_CONNECTION_STRING_FILE": "AccountKey=Tr0ub4dor"},
]


@pytest.mark.parametrize("settings", MISPLACED, ids=str)
@pytest.mark.parametrize("command", ["archive", "check", "config"])
def test_a_secret_in_the_wrong_variable_is_not_told(archiver, settings, command):
    archiver.secrets.append(CANARY)
    outcome = archiver.run(command, settings=settings, expect=2)
    assert any(name in outcome.stderr for name in settings)


@pytest.mark.parametrize("setting", ["AZURE_STORAGE_ACCOUNT", "AZURE_TENANT_ID", "ARCHIVE_ENCRYPTION_SCOPE", "EXPORT_PATH", "NO_PROXY"])
@pytest.mark.parametrize("text", ["AccountNam=x;AccountKy=Tr0ub4dor7==;EndpointSuffix=core.windows.net", "Endpoint=sb://h/;SharedAccessKy=Tr0ub4dor"])
def test_config_does_not_show_what_looks_like_a_connection_string(archiver, setting, text):
    archiver.secrets.append(CANARY)
    archiver.run("config", settings={setting: text})


SHAPES = [
    "user:Tr0ub4dor@broker:9092",
    "broker:9092,user:Tr0ub4dor@broker:9092",
    "jdbc:postgresql://host/db?user=u&password=Tr0ub4dor",
    "postgresql://u:Tr0ub4dor@host/db",
    "host=h user=u PASSWORD = Tr0ub4dor",
    "http://proxy:Tr0ub4dor@proxy.example:3128",
    "https://acme.blob.core.windows.net/box?sv=2021&sig=Tr0ub4dor",
    "sv=2021&se=2030&sig=Tr0ub4dor",
    "Authorization: Bearer Tr0ub4dor",
    "authorization=Basic Tr0ub4dor",
    "api-key:x,token=Tr0ub4dor",
    "Server=h;Uid=u;Pwd=Tr0ub4dor",
    "https://collector.example/#Tr0ub4dor",
]


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("shape", SHAPES)
def test_config_shows_no_secret_whichever_setting_it_stands_in(archiver, shape, output, tmp_path, monkeypatch):
    """Each setting gets the shape, also those that name files: the program writes such a file below its working directory."""
    monkeypatch.chdir(tmp_path)
    archiver.secrets.append(CANARY)
    known = json.loads(archiver.run("config", "-o", "json", expect=0).stdout)["settings"]
    given = {row["environment"]: shape for row in known if row["environment"] not in ("EVENT_ARCHIVER_CONFIG", "EVENT_ARCHIVER_KNEXFILE")}
    archiver.run("config", *(("-o", "json") if output == "json" else ()), settings=given, expect=2)
    for command in ("archive", "check", "export", "serve", "project", "send"):
        archiver.run(command, settings=given)


@pytest.mark.parametrize("conninfo", ["dbname='u password=Tr0ub4dor' host=127.0.0.1", "user='u password=Tr0ub4dor' host=127.0.0.1 port=1"])
def test_a_string_that_was_quoted_whole_is_not_shown(archiver, conninfo):
    archiver.secrets.append(CANARY)
    for command in ("config", "archive", "check"):
        archiver.run(command, settings={"PG_CONNECTION_STRING": conninfo})


@pytest.mark.parametrize(
    "arguments",
    [
        ["archive", "postgresql://u:Tr0ub4dor@h/d"],
        ["postgresql://u:Tr0ub4dor@h/d"],
        ["archive", "--password=Tr0ub4dor"],
        ["list", "--from", "u:Tr0ub4dor@h"],
        ["help", "u:Tr0ub4dor@h"],
        ["completion", "u:Tr0ub4dor@h"],
        ["restore", "--day", "x?sig=Tr0ub4dor"],
        ["restore", "--day", "--password=Tr0ub4dor", "x"],
        ["verify", "--against", "u:Tr0ub4dor@h d"],
        ["plan", "-o", "u:Tr0ub4dor@h"],
    ],
    ids=lambda words: " ".join(words),
)
def test_nor_is_one_on_the_command_line(archiver, arguments):
    archiver.secrets.append(CANARY)
    archiver.run(*arguments, expect=2)


def test_what_can_be_no_secret_is_still_quoted(archiver):
    outcome = archiver.archive(settings={"ARCHIVE_COMPRESSION": "zip", "ARCHIVE_PARALLEL": "0"}, expect=2)
    assert "ARCHIVE_COMPRESSION is 'zip'" in outcome.stderr and "ARCHIVE_PARALLEL is '0'" in outcome.stderr


def test_an_exported_file_is_not_for_everybody(archiver, database, tmp_path):
    exports = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    exports.add(COMMON_KNOWLEDGE[0])
    exports.run(expect=0)
    (file,) = exports.place.directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_sas_goes_to_no_other_machine_in_clear_text(archiver):
    signature = "SharedAccessSignature=sv=2021-08-06&sig=canary-sig-77"
    archiver.secrets.append("canary-sig-77")
    for endpoint in ("http://lake.example/acme", "http://192.0.2.7:10000/acme", "http://127.example.com/acme"):
        given = {"AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint={endpoint};{signature}"}
        assert "ARCHIVE_ALLOW_HTTP" in archiver.run("list", settings=given, expect=2).stderr
        archiver.run("config", settings={**given, "ARCHIVE_ALLOW_HTTP": "true"}, expect=0)
    for endpoint in ("http://127.0.0.1:1/acme", "http://localhost:1/acme", "http://[::1]:1/acme", "https://lake.example"):
        archiver.run("config", settings={"AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint={endpoint};{signature}"}, expect=0)


def test_rows_in_clear_text_to_another_machine_are_warned_of(archiver, azurite):
    given = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string("http://no-such-host.invalid:10000"), "ARCHIVE_RETRIES": "0"}
    outcome = archiver.run("archive", settings=given)
    assert [line["host"] for line in outcome.events("lake.clear_text")] == ["no-such-host.invalid"], str(outcome)
    assert not archiver.run("archive", settings={**given, "ARCHIVE_ALLOW_HTTP": "true"}).events("lake.clear_text")


def test_check_has_a_line_on_encryption(archiver, table):
    table.fill(3, 1)
    outcome = archiver.run("check", "-o", "json")
    (line,) = [line for line in json.loads(outcome.stdout)["checks"] if line["name"] == "encryption"]
    assert line["status"] == "ok" and "this machine" in line["detail"]
