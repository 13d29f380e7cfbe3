"""`cat`: rows of archived days as one CSV, byte for byte; with a condition that PostgreSQL judges."""
import gzip
import os
import pty
import signal
import subprocess

import pytest

HEADER = "id,event_id,event_type,created_at,processed_at,payload\n"


@pytest.fixture
def reader(archiver):
    """The program with nothing but the lake."""
    return archiver.with_settings({"PG_CONNECTION_STRING": None})


def content(lake, container, *days) -> str:
    """The rows of these days' files, without their headers."""
    text = ""
    for blob in lake.list(container):
        if blob.name[7:17] in days:
            body = lake.get(container, blob.name)
            body = gzip.decompress(body) if blob.name.endswith(".gz") else body
            header, _, rows = body.decode().partition("\n")
            assert header + "\n" == HEADER
            text += rows
    return text


def test_a_copy_beside_a_days_file_is_told_of(archiver, reader, table, lake, container):
    table.fill(30, 1)
    archiver.archive("--compression", "gzip")
    lake.put_blob(container, "events_2024-01-01.csv", (HEADER + content(lake, container, "2024-01-01")).encode())
    outcome = reader.run("cat", "--day", "2024-01-01", expect=0)
    assert [entry["beside"] for entry in outcome.events("day.of_two_writers")] == ["events_2024-01-01.csv.gz"], str(outcome)
    assert "Another file of the day" in archiver.run("restore", "--day", "2024-01-01", expect=7).stderr


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_days_come_as_one_csv_with_one_header(archiver, reader, table, lake, container, compression):
    table.fill(120, 4)
    archiver.archive("--compression", compression)
    days = [f"2024-01-0{n}" for n in (1, 2, 3, 4)]
    outcome = reader.run("cat", "--from", "2024-01-01", "--to", "2024-01-04", expect=0)
    assert outcome.stdout == HEADER + content(lake, container, *days)
    assert outcome.summary["rows"] == 120 and outcome.summary["days"] == 4
    assert reader.run("cat", "--day", "2024-01-02", expect=0).stdout == HEADER + content(lake, container, "2024-01-02")
    assert reader.run("cat", "--from", "2024-01-03", expect=0).stdout == HEADER + content(lake, container, *days[2:])


def test_the_csv_can_be_loaded_again(archiver, reader, table, tmp_path):
    table.fill(50, 2)
    table.insert("2024-01-01 10:00", payload='{"text": "a \\"quoted\\", comma\\nline"}')
    table.execute('CREATE TABLE before AS TABLE "Event"; CREATE TABLE back (LIKE "Event")')
    archiver.archive()
    (tmp_path / "all.csv").write_bytes(reader.run("cat", "--from", "2024-01-01", expect=0).stdout.encode())
    with open(tmp_path / "all.csv", "rb") as file:
        table.connection.cursor().copy_expert("COPY back FROM STDIN (FORMAT csv, HEADER)", file)
    assert table.value("SELECT count(*) FROM (TABLE before EXCEPT ALL TABLE back) d") == 0
    assert table.value("SELECT count(*) FROM back") == 51


def test_uncommitted_rows_are_left_out_unless_asked_for(archiver, reader, table, lake, container):
    table.fill(20, 2)
    archiver.archive()
    settled = HEADER + content(lake, container, "2024-01-01", "2024-01-02")
    table.fill(10, 1, seed="b")
    table.insert("2024-01-07")
    archiver.archive("--dry-run")
    assert reader.run("cat", "--from", "2024-01-01", expect=0).stdout == settled
    every = reader.run("cat", "--from", "2024-01-01", "--pending", expect=0).stdout
    assert every == HEADER + content(lake, container, "2024-01-01", "2024-01-02", "2024-01-07")
    outcome = reader.run("cat", "--day", "2024-01-07", expect=3)
    assert "there are no archived rows of" in outcome.stderr and "--pending" in outcome.stderr and outcome.stdout == ""


def test_a_restored_day_is_still_in_its_file(archiver, reader, table, lake, container):
    table.fill(20, 2)
    archiver.archive()
    before = reader.run("cat", "--day", "2024-01-01", expect=0).stdout
    archiver.run("restore", "--day", "2024-01-01", expect=0)
    assert reader.run("cat", "--day", "2024-01-01", expect=0).stdout == before


def test_postgresql_judges_rows_and_the_bytes_are_those_of_the_file(archiver, table, lake, container):
    for number in range(40):
        table.insert(f"2024-01-0{1 + number % 3} 12:00", payload=f'{{"user": {number % 7}, "n": 1.50}}')
    archiver.archive()
    rows = content(lake, container, "2024-01-01", "2024-01-02", "2024-01-03").splitlines(keepends=True)
    wanted = [row for row in rows if '""user"": 5' in row]
    assert wanted
    outcome = archiver.run("cat", "--from", "2024-01-01", "--where", "payload->>'user' = '5' -- seven\n", expect=0)
    assert outcome.stdout == HEADER + "".join(wanted)
    assert outcome.summary["rows"] == len(wanted)
    nothing = archiver.run("cat", "--from", "2024-01-01", "--where", "created_at > '2030-01-01'", expect=0)
    assert nothing.stdout == HEADER and table.count() == 0


def test_a_condition_changes_nothing_and_is_one_condition(archiver, table):
    table.fill(5, 1)
    archiver.archive()
    table.fill_young(2)
    table.execute("CREATE FUNCTION loses() RETURNS boolean LANGUAGE sql AS $$ DELETE FROM \"Event\"; SELECT true $$")
    for condition in ("public.loses()", "true); DELETE FROM \"Event\"; SELECT (true", "true); COMMIT; DELETE FROM \"Event\" WHERE (true"):
        outcome = archiver.run("cat", "--day", "2024-01-01", "--where", condition)
        assert outcome.code in (1, 2, 3) and outcome.stdout == "", str(outcome)
        assert table.count() == 2


@pytest.mark.parametrize("condition, code, clause", [
    ("no_such_column = 1", 2, "--where"),
    ("id = ", 2, "--where"),
    ("payload", 2, "--where"),
    ("false) OR (true", 2, "parenthesis"),
    ("true) UNION (SELECT 1", 2, "parenthesis"),
    ("'open", 2, "--where"),
    ("id = $1", 2, "parameter"),
    ("(payload->>'secret')::int = 1", 3, "cannot judge a row of 'events_2024-01-01.csv'"),
])
def test_what_postgresql_says_of_a_condition_is_told(archiver, table, condition, code, clause):
    table.insert("2024-01-01", payload='{"secret": "hidden"}')
    archiver.archive()
    outcome = archiver.run("cat", "--day", "2024-01-01", "--where", condition, expect=code)
    assert clause in outcome.stderr and "hidden" not in outcome.stderr and outcome.stdout == ""


def test_a_type_that_has_changed_does_not_round(archiver, table):
    table.execute('ALTER TABLE "Event" ADD COLUMN price numeric')
    table.execute("""INSERT INTO "Event" (event_id, event_type, created_at, payload, price) VALUES ('e', 't', '2024-01-01 12:00', '{}', 99.999)""")
    archiver.archive()
    table.execute('ALTER TABLE "Event" ALTER COLUMN price TYPE numeric(10,2)')
    found = archiver.run("cat", "--day", "2024-01-01", "--where", "price = 99.999", expect=0).stdout
    assert "99.999" in found
    table.execute('ALTER TABLE "Event" DROP COLUMN price')
    assert "99.999" in archiver.run("cat", "--day", "2024-01-01", "--where", "price = '99.999'", expect=0).stdout


def test_files_with_other_columns_are_not_put_together(archiver, reader, table, lake, container):
    table.fill(10, 1)
    archiver.archive()
    lake.put_blob(container, "events_2024-01-05.csv", b"id,other\n1,x\n")
    outcome = reader.run("cat", "--from", "2024-01-01", expect=3)
    assert "'events_2024-01-05.csv' has other columns than 'events_2024-01-01.csv'" in outcome.stderr
    assert reader.run("cat", "--day", "2024-01-05", expect=0).stdout == "id,other\n1,x\n"
    table.execute('ALTER TABLE "Event" ADD COLUMN more text')
    table.insert("2024-01-03")
    archiver.archive()
    outcome = reader.run("cat", "--from", "2024-01-01", "--to", "2024-01-03", expect=3)
    assert "other columns" in outcome.stderr and outcome.stdout == ""  # as marks tell before anything is read


def test_a_file_of_windows_is_printed_as_copy_would_have_written_it(reader, lake, container):
    lake.create_container(container)
    lake.put_blob(container, "events_2024-01-05.csv", b'\xef\xbb\xbfid,text\r\n1,"a\r\nb"\r\n2,c')
    assert reader.run("cat", "--day", "2024-01-05", expect=0).stdout == 'id,text\n1,"a\r\nb"\n2,c\n'


@pytest.mark.parametrize("spoil, clause", [
    (lambda lake, container, name: lake.delete(container, name), "Nothing was printed"),
    (lambda lake, container, name: lake.put_blob(container, name, lake.get(container, name)[:-1] + b"x\n"), "events_2024-01-02.csv"),
    (lambda lake, container, name: lake.put_blob(container, name, b"id\n\"broken\n"), "events_2024-01-02.csv"),
], ids=["missing", "altered", "malformed"])
def test_what_is_not_as_it_was_archived_is_no_success(archiver, reader, table, lake, container, spoil, clause):
    table.fill(30, 3)
    archiver.archive()
    spoil(lake, container, "events_2024-01-02.csv")
    outcome = reader.run("cat", "--from", "2024-01-01")
    assert outcome.code in (3, 7) and clause in outcome.stderr and "2024-01-02" in outcome.stderr, str(outcome)
    assert reader.run("cat", "--day", "2024-01-03", expect=0).summary["rows"] == 10


def test_a_changed_byte_is_found(archiver, reader, table, lake, container):
    table.fill(30, 1)
    archiver.archive()
    blob = lake.head(container, "events_2024-01-01.csv")
    body = bytearray(lake.get(container, blob.name))
    body[-4] ^= 1
    lake.put_blob(container, blob.name, bytes(body), metadata=blob.metadata)
    outcome = reader.run("cat", "--day", "2024-01-01", expect=7)
    assert "CRC-64" in outcome.stderr


def test_what_was_given_wrong(reader):
    assert "cat needs the days" in reader.run("cat", expect=2).stderr
    assert "--day" in reader.run("cat", "--day", "2024-02-30", expect=2).stderr
    assert "--where" in reader.run("cat", "--day", "2024-01-01", "--where", "", expect=2).stderr
    assert "PG_CONNECTION_STRING" in reader.run("cat", "--day", "2024-01-01", "--where", "true", expect=2).stderr


def test_a_reader_that_has_enough_ends_it_quietly(archiver, reader, table):
    table.fill(60_000, 2)
    archiver.archive()
    environment = {**reader.settings, "PATH": os.environ["PATH"], "LOG_LEVEL": "info"}
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(f"set -o pipefail; {reader.binary} cat --from 2024-01-01 | head -n 2", shell=True, executable="/bin/bash",
                          capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith(HEADER) and done.stdout.count("\n") == 2, done.stderr
    assert '"level":"error"' not in done.stderr
    with open("/dev/full", "w") as full:
        done = subprocess.run([reader.binary, "cat", "--from", "2024-01-01"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment, timeout=60)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_rows_that_may_reach_a_terminal_are_not_mixed_with_a_bar(archiver, reader, table):
    table.fill(60_000, 2)
    archiver.archive()
    environment = {**reader.settings, "PATH": os.environ["PATH"], "TERM": "xterm", "LOG_FORMAT": "text", "LOG_LEVEL": "info"}
    environment = {name: value for name, value in environment.items() if value is not None}
    control, terminal = pty.openpty()
    subprocess.run(f"{reader.binary} cat --from 2024-01-01 | (sleep 1; cat >/dev/null)", shell=True, check=True, stderr=terminal, env=environment, timeout=60)
    os.write(terminal, b"end")
    told = os.read(control, 65536).decode()
    os.close(terminal)
    os.close(control)
    assert "\r\x1b[K" not in told and "0%" not in told, told


def test_sigterm_ends_it_before_a_reader_that_sleeps(archiver, reader, table):
    table.fill(20_000, 1)
    archiver.archive()
    environment = {name: value for name, value in reader.settings.items() if value is not None}
    process = subprocess.Popen([reader.binary, "cat", "--day", "2024-01-01"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    assert process.stdout.read(10)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 143
