"""Databases whose encoding is not UTF-8. Files are, and a restored row has the bytes that the archived one had, or is not archived."""
import uuid

import psycopg2
import pytest

USUAL = {"EUC_JP": "a2e2", "EUC_TW": "a1f0", "EUC_JIS_2004": "abc4"}  # the server writes them as UTF-8, and reads them back
OTHER = {"EUC_JP": "adf0", "EUC_TW": "8ea1a1f0", "EUC_JIS_2004": "a9dcabdc"}  # UTF-8 has one code for both


@pytest.fixture(params=USUAL)
def encoded(request, postgresql, archiver):
    """(encoding, connection, archiver) of a table in a database of that encoding."""
    name = f"t{uuid.uuid4().hex[:12]}"
    postgresql.psql("-c", f"CREATE DATABASE {name} ENCODING '{request.param}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    connection = psycopg2.connect(postgresql.uri(name), client_encoding="UTF8")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE public."Event" (id text PRIMARY KEY, created_at timestamp NOT NULL, note text);
                          CREATE INDEX ON public."Event" (created_at)""")
    yield request.param, connection, archiver.with_settings({"PG_CONNECTION_STRING": postgresql.uri(name)})
    connection.close()
    postgresql.psql("-c", f"DROP DATABASE {name} WITH (FORCE)")


def insert(encoded, code: str, column: str) -> None:
    values = {"id": "'key'", "note": "'note'", column: f"convert_from('\\x{code}', '{encoded[0]}')"}
    with encoded[1].cursor() as cursor:
        cursor.execute(f"""INSERT INTO public."Event" VALUES ({values['id']}, '2024-01-02 12:00:00', {values['note']})""")


def rows(encoded) -> list:
    with encoded[1].cursor() as cursor:
        cursor.execute(f"""SELECT encode(convert_to(id || note, '{encoded[0]}'), 'hex') FROM public."Event" ORDER BY 1""")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("column", ["id", "note"])
@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_a_character_that_would_come_back_as_another_code_is_not_archived(encoded, lake, container, column, index):
    encoding, connection, archiver = encoded
    if not index:
        with connection.cursor() as cursor:
            cursor.execute('DROP INDEX public."Event_created_at_idx"')
    insert(encoded, USUAL[encoding], column)
    before = rows(encoded)
    archiver.archive()
    insert(encoded, OTHER[encoding], column)
    there = rows(encoded)
    assert there != before
    refused = archiver.archive(expect=3)
    assert "1 rows" in refused.stderr and "2024-01-02" in refused.stderr and f"for which {encoding} has two codes" in refused.stderr
    assert rows(encoded) == there
    with connection.cursor() as cursor:
        cursor.execute('TRUNCATE public."Event"')
    archiver.run("restore", "--day", "2024-01-02", expect=0)
    assert rows(encoded) == before


def exporting(archiver, directory, end: str):
    """With one task, whose select.sql has that end."""
    task = directory / "tasks" / "notes"
    task.mkdir(parents=True)
    (task / "select.sql").write_text(f'COPY (SELECT * FROM public."Event" WHERE created_at < %(export_boundary)s {end}')
    (task / "delete.sql").write_text('DELETE FROM public."Event" WHERE created_at < %(export_boundary)s;')
    return archiver.with_settings({"DSL_PATH": str(directory / "tasks"), "EXPORT_PATH": str(directory)})


def test_a_character_that_would_come_back_as_another_code_is_not_exported(encoded, tmp_path):
    """The row would be deleted, and the file would have the other code."""
    encoding, connection, archiver = encoded
    exports = exporting(archiver, tmp_path, "-- all\n) TO stdout WITH csv HEADER;")
    insert(encoded, OTHER[encoding], "note")
    there = rows(encoded)
    refused = exports.run("export", expect=3)
    assert f"for which {encoding} has two codes" in refused.stderr and rows(encoded) == there, str(refused)
    with connection.cursor() as cursor:
        cursor.execute('TRUNCATE public."Event"')
    insert(encoded, USUAL[encoding], "note")
    exports.run("export", expect=0)
    assert rows(encoded) == []


@pytest.mark.parametrize("encoded", ["EUC_JP"], indirect=True)
def test_characters_that_the_files_encoding_lacks_are_not_exported(encoded, tmp_path):
    """PostgreSQL writes each character of JIS X 0212 as the same one in SJIS, without an error."""
    encoding, _connection, archiver = encoded
    exports = exporting(archiver, tmp_path, ") TO STDOUT CSV HEADER ENCODING 'SJIS'")
    insert(encoded, "8fb0a1", "note")
    there = rows(encoded)
    refused = exports.run("export", expect=3)
    assert "ENCODING 'SJIS' writes as another one" in refused.stderr and rows(encoded) == there, str(refused)
