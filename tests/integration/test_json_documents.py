"""Each document of `-o json`, as the program prints it: its schema comes first, and docs/json.md names all of its fields."""
import json
import re

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.servers import ROOT
from support.shop import Shop

PAGE = (ROOT / "docs/json.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
# What is in them has names of its own.
FREE = {"libraries", "headers", "value"}


def section_of(command: str) -> str:
    (found,) = [text for title, text in SECTIONS.items() if command in title.split(", ")]
    return found


def fields_of(value) -> set:
    if isinstance(value, list):
        return set().union(*map(fields_of, value))
    if not isinstance(value, dict):
        return set()
    return set(value) | set().union(*(fields_of(each) for name, each in value.items() if name not in FREE))


def document(program, command: str, *arguments: str, schema: str = "", expect: int = 0) -> dict:
    said = program.run(command, *arguments, "-o", "json", expect=expect).stdout
    assert said.count("\n") == 1, said
    found = json.loads(said)
    assert list(found)[0] == "schema" and found["schema"] == f"event-archiver/{schema or command}/v1"
    section = section_of(command)
    lacking = [field for field in fields_of(found) - {"schema"} if not re.search(rf"`(?:\w+\[?\]?\.)?{field}(?:\[\])?`|\"{field}\"", section)]
    lacking += [line["name"] for line in found.get("checks", ()) if "`" + re.sub(r"^(task|projection|position) .*", r"\1 NAME", line["name"]) + "`" not in section]
    assert not lacking, f"the section on {command} lacks {lacking}"
    return found


def test_of_the_archive(archiver, table):
    table.fill(60, 6)
    document(archiver, "plan")
    document(archiver, "archive", "--dry-run", "--max-days", "1")
    document(archiver, "list")
    assert document(archiver, "recover")["files_settled"] == 1
    assert document(archiver, "archive")["totals"]["rows"] == 60
    document(archiver, "plan")
    document(archiver, "verify")
    assert document(archiver, "restore", "--day", "2024-01-02", "-n")["dry_run"] is True
    restored = document(archiver, "restore", "--day", "2024-01-02")
    assert (restored["dry_run"], restored["totals"]["rows"]) == (False, 10)
    document(archiver, "list")
    document(archiver, "check")
    document(archiver, "check", "--for", "restore")
    assert not document(archiver, "erase", "--where", "id < 5")["done"]
    assert document(archiver, "erase", "--where", "id < 5", "--yes")["done"]
    table.execute('INSERT INTO "Event" SELECT 1000 + id, event_id, event_type, created_at, processed_at, payload FROM "Event"')
    document(archiver, "verify")


def test_of_a_damaged_archive(archiver, table, lake, container):
    table.fill(20, 2)
    archiver.archive()
    lake.put_blob(container, "events_2024-01-01.csv", b"id\n1\n", lake.head(container, "events_2024-01-01.csv").metadata)
    assert not document(archiver, "verify", expect=7)["ok"]


def test_of_the_program(archiver):
    document(archiver, "config")
    document(archiver, "version")


def test_of_exports(archiver, database, tmp_path):
    made = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    made.add(COMMON_KNOWLEDGE[0])
    document(made.archiver, "export", "-n")
    assert document(made.archiver, "export")["tasks"][0]["outcome"] == "exported"
    document(made.archiver, "check", "--for", "export")
    made.write("wrong", "COPY (SELECT nothing FROM agency) TO STDOUT CSV HEADER", "DELETE FROM agency")
    document(made.archiver, "export", "wrong", expect=3)


def test_of_events(binary, database, tmp_path):
    shop = Shop(binary, database, tmp_path)
    shop.post(20)
    shop.topic.append({"u": "bad", "v": "many"})
    document(shop.program, "projections")
    shop.once()
    document(shop.program, "projections")
    document(shop.program, "journal")
    document(shop.program, "journal", "verify", schema="journal-verify")
    assert len(document(shop.program, "dead-letters", "total")["dead_letters"]) == 1
    document(shop.program, "dead-letters", "total", "--retry", schema="dead-letters-change")
    document(shop.program, "dead-letters", "total", "20", "--drop", schema="dead-letters-change")
    for change in ("pause", "resume", "rebuild", "replay", "pause", "forget"):
        document(shop.program, "projections", change, "total", schema="projections-change")
    document(shop.program, "check", "--for", "project")
