"""Side by side with Azure's own JavaScript SDK: it reads and appends to what we wrote, and we append to what it wrote."""
import base64
import gzip

import pytest

from support.sdk import Sdk

NAME = "events_2024-01-01.csv"
THEIRS = b'900001,"by, others\n",sdk,2024-01-01 10:00:00,,"{""a"": ""\\r\\n""}"\n'


@pytest.fixture
def sdk(azurite, container) -> Sdk:
    return Sdk(azurite.connection_string(), container)


@pytest.fixture
def archived(archiver, table, oracle):
    """Two days in the lake."""
    table.fill(60, 2)
    oracle.remember()
    archiver.archive()
    return table


def remember_theirs(table) -> None:
    table.execute("""INSERT INTO oracle.original VALUES
                     (900001, E'by, others\n', 'sdk', '2024-01-01 10:00:00', NULL, '{"a": "\\r\\n"}')""")


def fill_again(table, oracle) -> None:
    table.fill(40, 2, seed="b")
    oracle.remember_new()


def settled_and_proved(archiver, lake, container) -> None:
    assert not [blob.name for blob in lake.list(container) if "archiverpending" in blob.metadata]
    assert [blob.name for blob in lake.list(container)] == [NAME, NAME.replace("-01.csv", "-02.csv")]
    archiver.run("verify", expect=0)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_it_reads_what_we_wrote(archiver, table, oracle, lake, container, sdk, compression):
    table.fill(60, 1)
    oracle.remember()
    archiver.archive(settings={"ARCHIVE_COMPRESSION": compression})
    name = NAME + (".gz" if compression == "gzip" else "")
    content = sdk("get", name)
    assert content == lake.get(container, name)
    rows = gzip.decompress(content) if compression == "gzip" else content
    assert rows.startswith(b"id,event_id,") and rows.endswith(b"\n")
    found = sdk.look(name)
    assert found["type"] == "BlockBlob" and found["size"] == len(content)
    assert found["metadata"] == lake.head(container, name).metadata
    assert found["metadata"]["archiverrows"] == "60"
    assert [(block["id"], block["size"]) for block in found["blocks"]] == lake.block_list(container, name)
    assert {len(base64.b64decode(block["id"])) for block in found["blocks"]} == {24}
    assert found["contentType"] == ("application/gzip" if compression == "gzip" else "text/csv; charset=utf-8")


def test_it_appends_to_what_we_wrote_by_block_list(archiver, archived, oracle, lake, container, sdk):
    before = lake.get(container, NAME)
    sdk("append-blocks", NAME, THEIRS)
    remember_theirs(archived)
    assert lake.get(container, NAME) == before + THEIRS
    fill_again(archived, oracle)
    outcome = archiver.archive()
    assert [event["blob"] for event in outcome.events("day.adopted")] == [NAME]
    assert sdk("get", NAME).startswith(before + THEIRS)
    assert oracle.check().archived == 101
    settled_and_proved(archiver, lake, container)


@pytest.mark.parametrize("how", ["put", "put-blocks", "append"])
def test_we_append_to_what_it_wrote(archiver, archived, oracle, lake, container, sdk, how):
    """One Put Blob, a block list, an append blob that was appended to twice."""
    ours = lake.get(container, NAME)
    lake.delete(container, NAME)
    if how == "append":
        sdk("append", NAME, ours)
        sdk("append", NAME, THEIRS)
    else:
        sdk(how, NAME, ours + THEIRS)
    remember_theirs(archived)
    fill_again(archived, oracle)
    outcome = archiver.archive()
    assert len(outcome.events("day.converted")) == (how == "append")
    assert len(outcome.events("day.adopted")) == 1
    found = sdk.look(NAME)
    assert found["type"] == "BlockBlob" and found["metadata"]["owner"] == "sdk"
    assert sdk("get", NAME).startswith(ours + THEIRS)
    assert oracle.check().archived == 101
    settled_and_proved(archiver, lake, container)


def test_they_take_turns(archiver, archived, oracle, lake, container, sdk):
    """Each appends to what the other left, three times."""
    for turn in range(3):
        row = THEIRS.replace(b"900001", str(900001 + turn).encode())
        sdk("append-blocks", NAME, row)
        archived.execute(
            """INSERT INTO oracle.original VALUES
               (%s, E'by, others\n', 'sdk', '2024-01-01 10:00:00', NULL, '{"a": "\\r\\n"}')""",
            (900001 + turn,),
        )
        archived.fill(20, 2, seed=f"turn {turn}")
        oracle.remember_new()
        archiver.archive()
        assert sdk("get", NAME) == lake.get(container, NAME)
    assert oracle.check().archived == 60 + 3 * 21
    settled_and_proved(archiver, lake, container)
