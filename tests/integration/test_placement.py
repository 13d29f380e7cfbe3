"""Where files lie, beside their content: access tier, index tags, encryption scope, content type."""
import gzip
import json

import pytest

from support.gate import LakeGate, answer
from support.table import days_ago


@pytest.fixture
def gate(azurite):
    with LakeGate(azurite.port) as it:
        yield it


@pytest.fixture
def through(archiver, azurite, gate):
    return archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})


def name_of(day: str) -> str:
    return f"events_{day}.csv"


def tier_of(lake, container, day="2024-01-01") -> str:
    return lake.head(container, name_of(day)).tier


def commits(gate) -> list:
    return [record.request.given for record in gate.requests("PUT", "comp=blocklist")]


# --- tier ---


@pytest.mark.parametrize("tier", ["cool", "cold", "hot"])
def test_sealed_files_get_the_tier_without_another_request(through, gate, table, oracle, lake, container, tier):
    table.fill(40, 2)
    oracle.remember()
    through.archive(f"--tier={tier}")
    assert oracle.check().archived == 40
    assert [tier_of(lake, container, f"2024-01-0{n}") for n in (1, 2)] == [tier.title()] * 2
    assert not gate.requests("PUT", "comp=tier") and len(commits(gate)) == 2
    listed = json.loads(through.run("list", "-o", "json", expect=0).stdout)
    assert [day["tier"] for day in listed["days"]] == [tier.title()] * 2


def test_without_a_tier_files_have_the_accounts(through, gate, table, lake, container):
    table.fill(20, 1)
    through.archive()
    assert tier_of(lake, container) == ""
    assert all("x-ms-access-tier" not in given for given in commits(gate))
    [day] = json.loads(through.run("list", "-o", "json", expect=0).stdout)["days"]
    assert day["tier"] == "Hot", "the listing tells the account's"


def test_a_file_that_will_be_appended_to_stays_where_it_is(archiver, table, oracle, lake, container):
    """The cutoff lies within a day: that day's file is not sealed until the next."""
    today, yesterday = days_ago(30), days_ago(31)
    table.insert(f"{yesterday} 12:00:00")
    table.insert(f"{today} 00:00:00")
    oracle.remember()
    archiver.archive("--tier=cool", "--retention=30 days")
    assert (tier_of(lake, container, yesterday), tier_of(lake, container, today)) == ("Cool", "")


@pytest.mark.parametrize("before", ["", "Cold"])
def test_what_is_taken_back_has_the_tier_it_had(archiver, table, oracle, lake, container, before):
    table.fill(20, 1)
    oracle.remember()
    archiver.archive()
    if before:
        lake.set_tier(container, name_of("2024-01-01"), before)
    table.fill(20, 1, seed="b")
    oracle.remember_new()
    archiver.archive("--tier=cool", "--dry-run")
    assert tier_of(lake, container) == "Cool"
    archiver.run("recover", expect=0)
    assert tier_of(lake, container) == before
    assert oracle.check().archived == 20


def test_an_append_without_the_setting_keeps_the_tier(archiver, table, oracle, lake, container):
    table.fill(20, 1)
    oracle.remember()
    archiver.archive("--tier=cold")
    table.fill(20, 1, seed="b")
    oracle.remember_new()
    archiver.archive()
    assert oracle.check().archived == 40
    assert tier_of(lake, container) == "Cold"


# --- tags ---


def test_tags_stand_on_each_file(through, gate, table, oracle, lake, container):
    table.fill(40, 2)
    oracle.remember()
    through.archive("--tags=team=data + more,kind=a/b:c=d_.-,empty=")
    assert oracle.check().archived == 40
    for n in (1, 2):
        tags = {"team": "data + more", "kind": "a/b:c=d_.-", "empty": ""}
        assert lake.tags(container, name_of(f"2024-01-0{n}")) == tags
    assert commits(gate)[0]["x-ms-tags"] == "empty=&kind=a%2Fb%3Ac%3Dd_.-&team=data%20%2B%20more"


def test_tags_of_others_are_kept_whether_or_not_there_are_ours(through, gate, table, oracle, lake, container):
    name = name_of("2024-01-01")
    table.fill(20, 1)
    oracle.remember()
    through.archive()
    assert not gate.requests("GET", "comp=tags"), "a file without tags costs no request"
    lake.set_tags(container, name, {"owner": "them", "team": "theirs"})
    for seed, arguments, wanted in (
        ("b", [], {"owner": "them", "team": "theirs"}),
        ("c", ["--tags=team=data"], {"owner": "them", "team": "data"}),
        ("d", [], {"owner": "them", "team": "data"}),
    ):
        table.fill(20, 1, seed=seed)
        oracle.remember_new()
        through.archive(*arguments, "--dry-run")
        through.run("recover", expect=0)
        assert lake.tags(container, name)["owner"] == "them", "what is taken back keeps them"
        through.archive(*arguments)
        assert lake.tags(container, name) == wanted
    assert oracle.check().archived == 80
    through.run("restore", "--day=2024-01-01", expect=0)
    assert lake.tags(container, name) == {"owner": "them", "team": "data"}


def test_a_run_that_fails_puts_tags_and_tier_back(through, gate, table, oracle, lake, container):
    name = name_of("2024-01-01")
    table.fill(20, 2)
    oracle.remember()
    through.archive()
    lake.set_tags(container, name, {"owner": "them"})
    lake.set_tier(container, name, "Cold")
    table.fill(20, 2, seed="b")
    oracle.remember_new()
    refused = gate.on(answer(400, "InvalidHeaderValue"), method="PUT", contains="02.csv?comp=blocklist")
    through.archive("--tags=team=data", "--tier=cool", "--parallel=1", expect=1)
    assert refused.hits == 1 and len(gate.requests("PUT", "01.csv?comp=blocklist")) >= 2, "published and put back"
    assert lake.tags(container, name) == {"owner": "them"}
    assert tier_of(lake, container) == "Cold"
    assert oracle.check().left == 20


def test_tags_that_do_not_fit_beside_those_of_others(archiver, table, lake, container):
    name = name_of("2024-01-01")
    table.fill(20, 1)
    archiver.archive()
    theirs = {f"k{n}": "v" for n in range(9)}
    lake.set_tags(container, name, theirs)
    table.fill(20, 1, seed="b")
    outcome = archiver.archive("--tags=a=1,b=2,c=3")
    assert lake.tags(container, name) == {**theirs, "a": "1"}
    (line,) = outcome.events("day.tags_left_out")
    assert line["tags_left_out"] == 2 and line["blob"] == name


# --- encryption scope ---


def test_the_encryption_scope_is_named_on_every_write_of_content(through, gate, table, oracle, lake, container):
    """Azurite takes the header and does nothing with it: what is sent is all that can be seen."""
    table.fill(40, 2)
    oracle.remember()
    through.archive("--encryption-scope=of-the-archive", settings={"ARCHIVE_PATH": f"{container}/folder"})
    writes = [r for r in gate.requests("PUT", f"/{container}/") if "comp=metadata" not in r.target]
    assert len(writes) >= 5, "a marker, blocks, commits"
    assert {record.headers.get("x-ms-encryption-scope") for record in writes} == {"of-the-archive"}


# --- content ---


@pytest.mark.parametrize("kind, suffix", [("none", ""), ("gzip", ".gz")])
def test_content_types(archiver, table, lake, container, kind, suffix):
    table.fill(20, 1)
    archiver.archive(f"--compression={kind}")
    found = lake.head(container, name_of("2024-01-01") + suffix)
    assert found.content_type == ("application/gzip" if suffix else "text/csv; charset=utf-8")
    assert found.content_encoding == ""
    body = lake.get(container, found.name)
    assert (gzip.decompress(body) if suffix else body).startswith(b"id,")


def test_content_headers_of_others_are_kept(archiver, table, lake, container):
    table.fill(20, 1)
    archiver.archive()
    name = name_of("2024-01-01")
    given = {"x-ms-blob-content-type": "text/plain", "x-ms-blob-cache-control": "no-cache", "x-ms-blob-content-language": "en"}
    lake.request("PUT", f"/{container}/{name}", {"comp": "properties"}, given)
    for arguments in (["--dry-run"], []):
        table.fill(20, 1, seed="b") if not arguments else None
        archiver.archive(*arguments)
    _, headers, _ = lake.request("HEAD", f"/{container}/{name}")
    assert headers["content-type"] == "text/plain" and headers["cache-control"] == "no-cache"
    assert headers["content-language"] == "en"


@pytest.mark.parametrize(
    "argument, word",
    [
        ("--tier=archive", "appended"),
        ("--tier=lukewarm", "hot, cool, cold"),
        ("--tags=alone", "'='"),
        ("--tags=a=1,a=2", "twice"),
        ("--tags==1", "1 to 128"),
        (f"--tags={'k' * 129}=1", "1 to 128"),
        (f"--tags=k={'v' * 257}", "256"),
        ("--tags=" + ",".join(f"k{n}=1" for n in range(11)), "at most 10"),
        ("--tags=k=ü", "character"),
        ("--tags=k=a&b", "character"),
        ("--encryption-scope=a b", "3 to 63"),
        ("--encryption-scope=ab", "3 to 63"),
    ],
    ids=lambda value: value[:20],
)
def test_an_invalid_value_is_refused_before_anything_moves(archiver, table, argument, word):
    table.fill(20, 1)
    outcome = archiver.archive(argument, expect=2)
    (line,) = outcome.events("config.mistake")
    assert word in line["msg"]
    assert table.count() == 20
