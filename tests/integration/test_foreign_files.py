"""Files that others wrote, or hold: each is appended to without loss, or refused by name with what to do."""
import base64
import gzip
import itertools
import threading

import pytest

from support.gate import LakeGate, answer, call_before, with_headers
from support.scene import with_crlf

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"
NAME = "events_2024-01-01.csv"
THEIRS = HEADER + b'900001,"by, others\r\n",kind,2024-01-01 10:00:00,,"{""a"": ""x""}"\n900002,two,kind,2024-01-01 11:00:00,,{}\n'
MARK = b"\xef\xbb\xbf"
BLOCK_ID = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


@pytest.fixture
def due(table, oracle):
    """Rows of two days in the table, and of the first day two more in a file of somebody's."""
    table.fill(40, 2)
    oracle.remember()
    table.execute("""INSERT INTO oracle.original VALUES
                     (900001, E'by, others\r\n', 'kind', '2024-01-01 10:00:00', NULL, '{"a": "x"}'),
                     (900002, 'two', 'kind', '2024-01-01 11:00:00', NULL, '{}')""")
    return table


def put(lake, container, how: str, content: bytes, name: str = NAME) -> None:
    lake.create_container(container)
    if how == "put blob":
        lake.put_blob(container, name, content, {"owner": "others"})
    elif how == "append blob":
        lake.append_blob(container, name, content)
    else:
        middle = len(content) // 2
        for block_id, part in ((BLOCK_ID, content[:middle]), (BLOCK_ID[::-1], content[middle:])):
            lake.put_block(container, name, block_id, part)
        lake.put_block_list(container, name, [BLOCK_ID, BLOCK_ID[::-1]], {"owner": "others"})


HOWS = ["put blob", "block list", "append blob"]


def test_blocks_of_others_with_shorter_ids_are_told_with_what_to_do(archiver, table, lake, container):
    table.fill(4, 1)
    lake.create_container(container)
    lake.put_block(container, NAME, "AAAA", b"theirs")
    outcome = archiver.archive(expect=3)
    assert "InvalidBlobOrBlock" in outcome.stderr and "ids are of another length" in outcome.stderr, str(outcome)
    lake.put_blob(container, NAME, b"")
    lake.delete(container, NAME)
    archiver.archive()


@pytest.mark.sampled
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("content", [THEIRS, MARK + THEIRS, THEIRS[:-1], MARK + THEIRS[:-1]],
                         ids=["plain", "byte order mark", "no last newline", "both"])
def test_what_others_wrote_stays_and_ours_goes_behind_it(archiver, due, lake, container, oracle, how, content):
    put(lake, container, how, content)
    outcome = archiver.archive()
    assert lake.get(container, NAME).startswith(content)
    assert lake.head(container, NAME).kind == "BlockBlob"
    assert len(outcome.events("day.adopted")) == 1
    exact(archiver, lake, container, oracle)


def exact(archiver, lake, container, oracle) -> None:
    """By the oracle (which knows of no byte order mark in front of the header), by verify, and by moving the days back."""
    found = oracle.look()
    assert [problem for problem in found.problems if "begins with b'\\xef" not in problem] == []
    assert found.archived == 42 and found.left == 0
    archiver.run("verify", expect=0)
    assert "2024-01-01" in archiver.run("list", expect=0).stdout
    archiver.run("restore", "--from=2024-01-01", '--into=public."Back"', expect=0)
    archiver.run("restore", "--from=2024-01-01", "--hold=none", expect=0)
    with oracle.connection.cursor() as cursor:
        for table in ('public."Back"', 'public."Event"'):
            cursor.execute(f"SELECT t::text FROM oracle.original t EXCEPT ALL SELECT t::text FROM {table} t")
            assert cursor.fetchall() == []
    archiver.archive()
    assert not [problem for problem in oracle.look().problems if "begins with b'\\xef" not in problem]


@pytest.mark.sampled
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("content", [with_crlf(THEIRS), MARK + with_crlf(THEIRS), with_crlf(THEIRS)[:-2], THEIRS[:-1] + b"\r\n"],
                         ids=["all", "byte order mark", "no last line end", "the last one only"])
def test_line_ends_of_windows_become_those_of_copy(archiver, due, lake, container, oracle, how, content):
    """COPY takes one kind of line end in a file. What is inside quotes stays."""
    put(lake, container, how, content)
    outcome = archiver.archive()
    said = outcome.events("day.line_ends")
    assert [line["blob"] for line in said] == [NAME], str(outcome)
    assert lake.get(container, NAME).startswith((MARK if content.startswith(MARK) else b"") + THEIRS[:-1])
    exact(archiver, lake, container, oracle)


def test_a_large_file_with_line_ends_of_windows_is_never_in_memory(archiver, table, lake, container, oracle):
    table.insert("2024-01-01 01:00:00")
    oracle.remember()
    row = b'%d,"a\r\n",kind,2024-01-01 10:00:00,,"{""pad"": ""' + b"x" * 2000 + b'""}"\r\n'
    rows = 30_000
    put(lake, container, "put blob", with_crlf(HEADER) + b"".join(row % (900_000 + n) for n in range(rows)))
    outcome = archiver.archive(settings={"ARCHIVE_MEMORY": "8MiB"})
    content = lake.get(container, NAME)
    assert content.count(b"\r\n") == rows and len(content) > 60_000_000
    assert outcome.peak_bytes < 48 << 20, f"{outcome.peak_bytes >> 20} MiB"
    assert lake.head(container, NAME).metadata["archiverrows"] == str(rows + 1)


def test_a_compressed_file_with_line_ends_of_windows_is_refused(archiver, due, lake, container):
    put(lake, container, "put blob", gzip.compress(with_crlf(THEIRS)), NAME + ".gz")
    before = lake.get(container, NAME + ".gz")
    outcome = archiver.archive(expect=3)
    assert "its lines end in CRLF, and it is compressed" in outcome.stderr and "dos2unix" in outcome.stderr
    assert lake.get(container, NAME + ".gz") == before and due.count() == 40


def test_a_file_with_line_ends_of_windows_can_be_restored_as_it_is(archiver, due, lake, container, database):
    put(lake, container, "put blob", with_crlf(THEIRS))
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', expect=0)
    assert due.execute('SELECT id, event_id FROM public."Back" ORDER BY id') == [(900001, "by, others\r\n"), (900002, "two")]
    assert lake.get(container, NAME) == with_crlf(THEIRS)


# --- Append blobs ---


def test_a_compressed_append_blob_is_converted(archiver, due, lake, container, oracle):
    put(lake, container, "append blob", gzip.compress(THEIRS), NAME + ".gz")
    archiver.archive()
    assert lake.head(container, NAME + ".gz").kind == "BlockBlob"
    exact(archiver, lake, container, oracle)


def test_an_empty_append_blob_is_converted(archiver, due, lake, container, oracle):
    due.execute("DELETE FROM oracle.original WHERE id > 900000")
    lake.create_container(container)
    lake.request("PUT", f"/{container}/{NAME}", headers={"x-ms-blob-type": "AppendBlob"})
    archiver.archive()
    assert oracle.check().archived == 40


def test_a_converted_file_keeps_its_metadata_and_headers(archiver, due, lake, container, oracle):
    lake.create_container(container)
    lake.request("PUT", f"/{container}/{NAME}", headers={
        "x-ms-blob-type": "AppendBlob", "x-ms-blob-content-type": "text/x-log", "x-ms-blob-cache-control": "no-store",
        "x-ms-meta-owner": "logger"})
    lake.request("PUT", f"/{container}/{NAME}", {"comp": "appendblock"}, body=THEIRS)
    archiver.archive()
    assert oracle.check().archived == 42
    found = lake.request("HEAD", f"/{container}/{NAME}")[1]
    assert (found["content-type"], found["cache-control"], found["x-ms-meta-owner"]) == ("text/x-log", "no-store", "logger")


def test_looking_at_an_append_blob_changes_nothing(archiver, due, lake, container):
    put(lake, container, "append blob", THEIRS)
    before = lake.head(container, NAME)
    planned = archiver.run("plan", "-o", "json", expect=0).stdout
    assert '"file":"convert","note":"an append blob"' in planned
    assert "an append blob" in archiver.run("list", expect=0).stdout
    archiver.run("verify", expect=0)
    archiver.run("check", expect=0)
    archiver.run("recover", expect=0)
    assert lake.head(container, NAME) == before


def test_an_append_blob_of_a_day_without_due_rows_is_left_alone(archiver, due, lake, container):
    put(lake, container, "append blob", HEADER, "events_2023-05-05.csv")
    archiver.archive()
    assert lake.head(container, "events_2023-05-05.csv").kind == "AppendBlob"


def test_its_owner_appends_while_it_is_converted(archiver, azurite, due, lake, container, oracle):
    put(lake, container, "append blob", THEIRS)
    due.execute("INSERT INTO oracle.original VALUES (900003, 'late', 'kind', '2024-01-01 12:00:00', NULL, '{}')")

    def append():
        lake.request("PUT", f"/{container}/{NAME}", {"comp": "appendblock"}, body=b"900003,late,kind,2024-01-01 12:00:00,,{}\n")

    with LakeGate(azurite.port) as gate:
        rule = gate.on(call_before(append), method="DELETE")
        outcome = archiver.archive(settings=through(azurite, gate))
    assert rule.hits == 1 and len(outcome.events("day.converted")) == 1
    assert oracle.check().archived == 43


def through(azurite, gate) -> dict:
    return {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint), "ARCHIVE_LOCK_WAIT": "5s"}


@pytest.mark.parametrize("made_by", ["append blob", "put blob"])
def test_a_name_that_was_taken_again_while_it_was_converted_is_for_a_person(archiver, azurite, due, lake, container, oracle, made_by):
    """Neither file is touched; what reads the archive still finds the rows of the copy's file by name."""
    put(lake, container, "append blob", THEIRS)
    other = HEADER + b"900003,new,kind,2024-01-01 12:00:00,,{}\n"
    deleted = threading.Event()

    def take():
        if not deleted.is_set():
            deleted.set()
            put(lake, container, made_by, other)

    with LakeGate(azurite.port) as gate:
        gate.on(call_before(take), method="PUT", contains=f"/{NAME}?comp=block&")
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
    copy = f"event-archiver-copy-of-{NAME}.part"
    assert NAME in outcome.stderr and copy in outcome.stderr
    assert lake.get(container, NAME) == other and lake.get(container, copy) == THEIRS and due.count() == 40
    archiver.run("recover", expect=3)
    assert lake.get(container, NAME) == other and lake.get(container, copy) == THEIRS
    # A person puts both together.
    due.execute("INSERT INTO oracle.original VALUES (900003, 'new', 'kind', '2024-01-01 12:00:00', NULL, '{}')")
    lake.delete(container, NAME)
    lake.put_blob(container, NAME, THEIRS + other.removeprefix(HEADER))
    lake.delete(container, copy)
    archiver.archive()
    assert oracle.check().archived == 43


def test_an_interrupted_conversion_is_shown_and_read(archiver, azurite, due, lake, container, oracle):
    """The file itself is gone for now: who looks finds the copy in its place."""
    put(lake, container, "append blob", THEIRS)
    with LakeGate(azurite.port) as gate:
        gate.on(answer(403, "AuthorizationFailure"), times=None, method="PUT", contains=f"/{NAME}?comp=block&")
        archiver.archive(settings=through(azurite, gate), expect=4)
    assert lake.head(container, NAME) is None
    copy = f"event-archiver-copy-of-{NAME}.part"
    before = lake.head(container, copy)
    assert copy in archiver.run("list", expect=0).stdout
    assert '"file":"pending"' in archiver.run("plan", "-o", "json", expect=0).stdout
    assert "interrupted" in archiver.run("check", expect=0).stdout
    archiver.run("verify", expect=0)
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', expect=0)
    assert due.value('SELECT count(*) FROM public."Back"') == 2
    assert lake.head(container, copy) == before
    assert len(archiver.run("recover", expect=0).events("convert.settled")) == 1
    assert lake.get(container, NAME) == THEIRS and lake.head(container, copy) is None
    archiver.archive()
    assert oracle.check().archived == 42


# --- Held by others ---


def lease(lake, container, seconds: int, name: str = NAME) -> str:
    return lake.request("PUT", f"/{container}/{name}", {"comp": "lease"},
                        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": str(seconds)})[1]["x-ms-lease-id"]


def release(lake, container, lease_id: str) -> None:
    lake.request("PUT", f"/{container}/{NAME}", {"comp": "lease"}, {"x-ms-lease-action": "release", "x-ms-lease-id": lease_id})


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("seconds, code", [(-1, 3), (60, 5)], ids=["infinite", "fixed"])
def test_a_leased_file_is_seen_before_the_first_byte(archiver, azurite, due, lake, container, oracle, seconds, code, index):
    put(lake, container, "put blob", THEIRS)
    if not index:
        due.execute('DROP INDEX "Event_created_at"')
    held = lease(lake, container, seconds)
    with LakeGate(azurite.port) as gate:
        outcome = archiver.archive(settings=through(azurite, gate), expect=code)
        assert not gate.requests("PUT")
    assert f"'{NAME}' cannot be appended to: somebody holds a lease on it" in outcome.stderr
    assert f"az storage blob lease break --account-name devstoreaccount1 --container-name {container}" in outcome.stderr
    assert lake.get(container, NAME) == THEIRS and due.count() == 40
    release(lake, container, held)
    archiver.archive()
    assert oracle.check().archived == 42


@pytest.mark.parametrize("moment", ["comp=block&", "comp=blocklist"])
def test_a_lease_taken_in_mid_run_gets_the_same_sentence(archiver, azurite, due, lake, container, oracle, moment):
    put(lake, container, "block list", THEIRS)
    held = []
    with LakeGate(azurite.port) as gate:
        gate.on(call_before(lambda: held.append(lease(lake, container, -1))), method="PUT", contains=f"/{NAME}?{moment}")
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
    assert f"'{NAME}' cannot be written to: somebody holds a lease on it that does not expire" in outcome.stderr
    assert lake.get(container, NAME) == THEIRS and due.count() == 40
    assert [blob.name for blob in lake.list(container)] == [NAME], "the other day's file was put back"
    release(lake, container, held[0])
    archiver.archive()
    assert oracle.check().archived == 42


def test_a_file_in_the_archive_tier_is_refused_by_name(archiver, azurite, due, lake, container):
    put(lake, container, "put blob", THEIRS)
    lake.request("PUT", f"/{container}/{NAME}", {"comp": "tier"}, {"x-ms-access-tier": "Archive"})
    with LakeGate(azurite.port) as gate:
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
        assert not gate.requests("PUT")
    assert "it is in the Archive tier" in outcome.stderr and "az storage blob set-tier --tier Hot" in outcome.stderr
    assert "Archive tier" in archiver.run("plan", expect=0).stdout
    for command in (["verify"], ["restore", "--day=2024-01-01", '--into=public."Back"'], ["restore", "--day=2024-01-01"]):
        said = archiver.run(*command, expect=3).stderr
        assert "Archive tier" in said, said
    lake.request("PUT", f"/{container}/{NAME}", {"comp": "tier"}, {"x-ms-access-tier": "Hot"})
    archiver.archive()


IMMUTABLE = {
    "a policy on the container": ("?restype=container", {"x-ms-has-immutability-policy": "true"}, "has an immutability policy"),
    "a hold on the container": ("?restype=container", {"x-ms-has-legal-hold": "true"}, "is under a legal hold"),
}


@pytest.mark.parametrize("what", IMMUTABLE)
def test_an_immutable_container_is_refused_before_the_first_byte(archiver, azurite, due, lake, container, what):
    """A published tail could not be taken back. Azurite knows no policies: the gate says what the service would."""
    target, headers, sentence = IMMUTABLE[what]
    put(lake, container, "put blob", THEIRS)
    with LakeGate(azurite.port) as gate:
        gate.on(with_headers(headers), times=None, method="HEAD", contains=target)
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
        assert not gate.requests("PUT")
        assert sentence in outcome.stderr and "az storage container" in outcome.stderr
        checked = archiver.run("check", settings=through(azurite, gate), expect=3).stdout
    assert "immutability" in checked and sentence in checked
    assert due.count() == 40


@pytest.mark.parametrize("headers, sentence", [
    ({"x-ms-immutability-policy-until-date": "Fri, 01 Jan 2100 00:00:00 GMT"}, "it is immutable until Fri, 01 Jan 2100"),
    ({"x-ms-legal-hold": "true"}, "it is under a legal hold"),
], ids=["policy", "hold"])
def test_an_immutable_file_is_refused_before_the_first_byte(archiver, azurite, due, lake, container, headers, sentence):
    put(lake, container, "put blob", THEIRS)
    with LakeGate(azurite.port) as gate:
        gate.on(with_headers({"x-ms-immutable-storage-with-versioning-enabled": "true"}), times=None, method="HEAD",
                contains="?restype=container")
        gate.on(with_headers(headers), times=None, method="HEAD", contains=NAME)
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
        assert not gate.requests("PUT")
    assert f"'{NAME}' cannot be appended to: {sentence}" in outcome.stderr and "az storage blob" in outcome.stderr
    assert due.count() == 40


def test_a_file_that_turns_out_immutable_in_mid_run_is_named(archiver, azurite, due, lake, container, oracle):
    put(lake, container, "block list", THEIRS)
    with LakeGate(azurite.port) as gate:
        gate.on(answer(409, "BlobImmutableDueToPolicy"), times=None, method="PUT", contains=f"/{NAME}?comp=blocklist")
        gate.on(with_headers({"x-ms-legal-hold": "true"}), times=None, method="HEAD", contains=NAME)
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
    assert f"'{NAME}' cannot be written to: it is under a legal hold" in outcome.stderr
    assert [blob.name for blob in lake.list(container)] == [NAME] and due.count() == 40
    archiver.archive()
    assert oracle.check().archived == 42


def test_a_file_written_through_the_data_lake_api_is_refused_in_one_sentence(archiver, azurite, due, lake, container):
    """Its blocks are invisible, and Put Block is refused: the gate says what such an account would."""
    put(lake, container, "put blob", THEIRS)
    with LakeGate(azurite.port) as gate:
        gate.on(answer(409, "InvalidBlobType"), times=None, method="PUT", contains=f"/{NAME}?comp=block&")
        outcome = archiver.archive(settings=through(azurite, gate), expect=3)
    assert f"'{NAME}' cannot be written to: it was written through the Data Lake (DFS) API" in outcome.stderr
    assert "az storage blob upload --overwrite" in outcome.stderr
    assert lake.get(container, NAME) == THEIRS and due.count() == 40


# --- The limit of blocks ---


def block_id(number: int) -> str:
    return base64.b64encode(b"%024d" % number).decode()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("whose", ["others", "ours"])
def test_a_file_near_the_limit_of_blocks_is_compacted_as_it_is_appended_to(archiver, table, lake, container, whose):
    """A block may be listed many times: of 250 beginnings and 100 ends 24,994 rows are made, each with an id of its own."""
    beginnings = {block_id(1_000 + number): b"9%03d" % number for number in range(250)}
    ends = {block_id(2_000 + number): b"%02d,x,kind,2024-01-01 10:00:00,,{}\n" % number for number in range(100)}
    row_ids = [ids for ids in itertools.product(beginnings, ends)][:24_994]
    rows = b"".join(beginnings[beginning] + ends[end] for beginning, end in row_ids)
    metadata, ours = {}, b""
    if whose == "ours":
        table.insert("2024-01-01 01:00:00")
        put(lake, container, "put blob", HEADER + rows)
        archiver.archive(timeout=600)
        metadata, ours = lake.head(container, NAME).metadata, lake.get(container, NAME)[len(HEADER + rows) :]
    lake.create_container(container)
    around = {block_id(1): HEADER, **({block_id(2): ours} if ours else {})}
    for which, part in {**around, **beginnings, **ends}.items():
        lake.put_block(container, NAME, which, part)
    ids = [block_id(1), *itertools.chain.from_iterable(row_ids), *([block_id(2)] if ours else [])]
    assert len(ids) >= 49_989
    lake.put_block_list(container, NAME, ids, metadata)
    table.insert("2024-01-01 02:00:00")
    outcome = archiver.archive(timeout=600)
    assert len(outcome.events("day.compacted")) == 1 and outcome.summary["rows"] == 1
    assert len(outcome.events("day.adopted")) == (whose == "others")
    assert len(lake.block_list(container, NAME)) < 100
    content = lake.get(container, NAME)
    lines = 1 + len(row_ids) + bool(ours) + 1
    assert content.startswith(HEADER + rows + ours) and content.count(b"\n") == lines
    assert lake.head(container, NAME).metadata["archiverrows"] == str(lines - 1)


def test_one_block_listed_many_times_is_a_row_that_is_there_many_times(archiver, table, lake, container):
    table.insert("2024-01-01 01:00:00")
    row = b"900001,x,kind,2024-01-01 10:00:00,,{}\n"
    lake.create_container(container)
    lake.put_block(container, NAME, BLOCK_ID, HEADER)
    lake.put_block(container, NAME, BLOCK_ID[::-1], row)
    lake.put_block_list(container, NAME, [BLOCK_ID, *[BLOCK_ID[::-1]] * 50])
    for arguments in (("--dry-run",), ()):
        assert "a row has the same 'id' as row 2" in archiver.archive(*arguments, expect=3).stderr
    assert lake.get(container, NAME) == HEADER + row * 50 and table.count() == 1
