"""The shipped projections, file by file, on a real PostgreSQL."""
import json
import uuid

import psycopg2
import pytest

from support.builds import BUILD, KEYS, build, message
from support.projections import Projection

OTHER = "207f5c8a-9902-40c5-b10a-d9640750b967"
PROJECT = BUILD["projectId"]


@pytest.fixture
def builds(database):
    return Projection(database.connection, "builds").migrate()


def row_of(builds, which: str = BUILD["id"]) -> dict | None:
    found = builds.answer("api/build.sql", which)
    return json.loads(found[0]) if found else None


def value_of(projection, file: str, *values: str):
    return list(json.loads(projection.answer(file, *values)[0]).values())[0]


@pytest.mark.parametrize("version", [1, None])
def test_a_build_is_answered_as_probo_db_answers_it(builds, version):
    builds.apply(message(BUILD, version=version))
    text = builds.answer("api/build.sql", BUILD["id"])[0]
    found = json.loads(text)
    assert list(found) == KEYS
    assert found["bytesReal"] == "13462483" and found["bytesVirtual"] == "1512017490"
    assert found["timeStarted"] == "2017-06-12T13:44:07.145Z"
    assert found["timeUpdated"] == "2017-06-12T13:45:35.391Z"
    assert found["reapedDate"] == "2017-06-12T12:31:59.287Z"
    assert found["config"] == BUILD["config"]
    assert list(found["config"]) == ["zeta", "assets", "image", "settings"], "as it was sent"
    assert found["prNumber"] == "7" and found["prDescription"] == ""
    assert found["reaped"] is False and found["reapedReason"] == 0 and found["reapedReasonText"] == ""
    assert (found["statusSubmitted"], found["statusBuild"]) == ("pending", "error")
    assert value_of(builds, "api/build_disk_usage.sql", BUILD["id"]) == "13462483"


def test_absent_fields_have_the_defaults_of_probo_db(builds):
    builds.apply(message({"id": BUILD["id"], "projectId": PROJECT}))
    found = row_of(builds)
    assert found["timeStarted"] == found["timeUpdated"] == "1970-02-01T00:00:00.000Z"
    assert found["bytesReal"] == found["bytesVirtual"] == "0"
    assert found["reaped"] is True and found["reapedReason"] == 0
    assert found["reapedReasonText"] == "Old build with bad data." and found["reapedDate"] is None
    assert found["statusBuild"] == found["statusSubmitted"] == "error" and found["pinned"] is False
    assert builds.rows("SELECT config::text FROM build") == [("null",)], "JSON null, not NULL"


@pytest.mark.parametrize("name", ["branch", "commit", "pullRequest", "diskSpace", "config", "requestId"])
def test_null_in_place_of_an_object_is_as_nothing(builds, name):
    given = build()
    given[name] = None
    builds.apply(message(given))
    assert row_of(builds)["buildId"] == BUILD["id"]


@pytest.mark.parametrize(
    "given, stored",
    [
        (1497270719287, "2017-06-12T12:31:59.287Z"),
        ("1497270719287", "2017-06-12T12:31:59.287Z"),
        ("2017-06-12T14:31:59.287+02:00", "2017-06-12T12:31:59.287Z"),
        ("", None),
    ],
)
def test_dates_come_in_each_form(builds, given, stored):
    builds.apply(message(build(reapedDate=given)))
    assert row_of(builds)["reapedDate"] == stored


def test_messages_about_other_things_are_passed_over(builds):
    builds.apply(
        {"version": 1, "data": {"event": "x", "data": {}, "build": None}},
        {"version": 1, "data": {"event": "x", "data": 0, "build": BUILD}},
        {"version": 1, "data": {"event": "x", "data": False, "build": BUILD}},
        {"version": 1, "data": {"event": "x", "data": "", "build": BUILD}},
        {"version": 1, "data": {"event": "x", "build": BUILD}},
        {"version": 1, "data": None},
        {"topic": "something else"},
        [],
        "text",
        5,
        None,
    )
    assert builds.rows("SELECT count(*) FROM build") == [(0,)]


@pytest.mark.parametrize("reaped", [True, 1, "1"])
def test_a_reaped_build_goes(builds, reaped):
    builds.apply(message(BUILD), message(build(id=OTHER)))
    builds.apply(message(build(reaped=reaped, status="of no known kind", updatedAt="2001-01-01T00:00:00Z")))
    assert builds.rows('SELECT "buildId"::text FROM build') == [(OTHER,)]


def test_the_order_within_a_batch_is_that_of_the_events(builds):
    newer = build(updatedAt="2017-06-12T14:00:00Z", status="success")
    builds.apply(message(BUILD), message(build(reaped=True)), message(newer), message(build(id=OTHER)), message(build(id=OTHER, reaped=True)))
    assert [row[0] for row in builds.rows('SELECT "buildId"::text FROM build')] == [BUILD["id"]]
    assert row_of(builds)["statusBuild"] == "success"


def test_a_stored_build_that_is_reaped_and_told_again_is_a_new_row(builds):
    builds.apply(message(build(updatedAt="2018-01-01T00:00:00Z")))
    before = builds.rows("SELECT id FROM build")
    builds.apply(message(build(reaped=True)), message(build(status="success")))
    assert row_of(builds)["statusBuild"] == "success", "although it is older than the one that was reaped"
    assert builds.rows("SELECT id FROM build") != before and builds.rows("SELECT count(*) FROM build") == [(1,)]


@pytest.mark.parametrize("name", ["é" * 255, "b" * 255 + "  "])
def test_255_characters_fit_and_spaces_behind_them_are_cut_off(builds, name):
    builds.apply(message(build(branch={"name": name}, reapedReasonText=name)))
    assert row_of(builds)["branchName"] == row_of(builds)["reapedReasonText"] == name[:255]


def test_an_older_event_does_not_undo_a_newer_one(builds):
    newer = build(updatedAt="2017-06-12T14:00:00Z", status="success")
    builds.apply(message(newer), message(BUILD))
    assert row_of(builds)["statusBuild"] == "success"
    builds.apply(message(BUILD))
    assert row_of(builds)["statusBuild"] == "success"
    builds.apply(message(build(updatedAt="2017-06-12T14:00:00Z", status="failed")))
    assert row_of(builds)["statusBuild"] == "failed", "of the same time, the later one counts"


def test_twenty_copies_are_one_row_and_a_second_delivery_changes_nothing(builds):
    told = [message(BUILD)] * 20 + [message(build(id=OTHER)), message(build(id=OTHER, reaped=True))]
    builds.apply(*told)
    once = builds.rows("SELECT * FROM build")
    for each in told:
        builds.apply(each)
    builds.apply(*told)
    assert builds.rows("SELECT * FROM build") == once and len(once) == 1


REFUSED = [
    (build(status="of no known kind"), "22P02", "status is of no known kind"),
    (build(submittedState="lost"), "22P02", "submittedState is lost"),
    (build(branch={"name": "b" * 256, "htmlUrl": ""}), "22001", "too long"),
    (build(commit={"ref": "c" * 256}), "22001", "too long"),
    (build(pullRequest={"number": "1" * 256}), "22001", "too long"),
    (build(reapedReasonText="r" * 256), "22001", "too long"),
    (build(id="not-a-uuid"), "22P02", "uuid"),
    (build(id=None), "23502", "buildId"),
    (build(projectId=None), "23502", "projectId"),
    (build(updatedAt="yesterday at noon"), "22007", "timestamp"),
    (build(updatedAt="infinity"), "22007", "timestamp"),
    (build(updatedAt="Now"), "22007", "timestamp"),
    (build(createdAt="12:00 today"), "22007", "timestamp"),
    (build(createdAt="-Infinity"), "22007", "timestamp"),
    (build(reapedDate=" tomorrow"), "22007", "timestamp"),
    (build(reapedDate="epoch"), "22007", "timestamp"),
    (build(updatedAt="Tue Nov 10 2020 10:00:00 GMT+0100"), "22007", "timestamp"),
    (build(createdAt="2017-06-12T10:00:00 gmt+2"), "22007", "timestamp"),
    (build(reapedDate="2017-06-12 UTC-05:00"), "22007", "timestamp"),
    (build(diskSpace={"realBytes": 10**19}), "22003", "bigint"),
    ("text", "22023", ""),
    ([1], "22023", ""),
]


@pytest.mark.parametrize("followed", [False, True])
@pytest.mark.parametrize("bad, state, words", REFUSED)
def test_what_is_refused_leaves_the_stored_build(builds, bad, state, words, followed):
    """Also where a later event of the batch would have made it obsolete."""
    builds.apply(message(BUILD))
    told = [message(bad, data={"id": 1})] if not isinstance(bad, dict) else [message(bad)]
    if followed:
        told.append(message(build(updatedAt="2018-01-01T00:00:00Z")))
    with pytest.raises(psycopg2.Error, match=words) as said:
        builds.apply(*told)
    assert said.value.pgcode == state
    assert row_of(builds)["timeUpdated"] == "2017-06-12T13:45:35.391Z"


def test_ids_and_sums(builds):
    assert builds.answer("api/builds.sql") == ['{"coalesce":[]}'] and value_of(builds, "api/projects.sql") == []
    builds.apply(
        message(build(diskSpace={"realBytes": 234567})),
        message(build(id=OTHER, diskSpace={"realBytes": 234567})),
        message({"id": str(uuid.UUID(int=7)), "projectId": PROJECT, "diskSpace": {"realBytes": 5}}),  # reaped, but kept
    )
    assert value_of(builds, "api/builds.sql") == sorted([BUILD["id"], OTHER, str(uuid.UUID(int=7))])
    assert value_of(builds, "api/projects.sql") == [PROJECT]
    assert value_of(builds, "api/project_disk_usage.sql", PROJECT) == "469134"
    assert value_of(builds, "api/project_disk_usage.sql", OTHER) == "0"
    assert value_of(builds, "api/version.sql") == "probodb version 1.0.0"
    assert builds.answer("api/build.sql", PROJECT) == []
    assert builds.answer("api/build_disk_usage.sql", PROJECT) == []


def test_a_database_of_probo_db_is_taken_over_as_it_is(database):
    builds = Projection(database.connection, "builds").migrate()
    builds.execute("DROP TABLE build_organization", "UPDATE knex_migrations SET migration_time = '2019-01-01'")
    builds.execute(
        f"""INSERT INTO build ("buildId", "projectId", "timeStarted", "timeUpdated") VALUES ('{OTHER}', '{PROJECT}', now(), now())"""
    )
    before = builds.rows("SELECT * FROM build"), builds.rows("SELECT * FROM knex_migrations")
    builds.migrate()
    assert (builds.rows("SELECT * FROM build"), builds.rows("SELECT * FROM knex_migrations")) == before
    assert builds.rows("SELECT name, batch FROM knex_migrations") == [("20170519124040_build.js", 1)]
    assert builds.rows("SELECT count(*) FROM knex_migrations_lock") == [(1,)]
    builds.apply(message(BUILD))
    assert builds.rows("SELECT count(*) FROM build") == [(2,)]


def test_the_plugin_adds_up_what_an_organization_uses(builds):
    file = "plugins/organization/api/disk_usage.sql"
    assert value_of(builds, file, "acme") == "0"
    builds.apply(
        message(build(organizationId="acme", diskSpace={"realBytes": 234567})),
        message(build(id=OTHER, project={"organization": {"id": "acme"}}, diskSpace={"realBytes": 234567})),
        message(build(id=str(uuid.UUID(int=7)))),
    )
    assert value_of(builds, file, "acme") == "469134"
    builds.apply(message(build(id=OTHER, reaped=True, project={"organization": {"id": "acme"}})))
    assert value_of(builds, file, "acme") == "234567"
    assert builds.rows("SELECT count(*) FROM build_organization") == [(1,)]


OF_ORGANIZATIONS = {
    "saved again after its end": [dict(organizationId="x", updatedAt="2020-01-01T00:00:00Z"), dict(reaped=True), dict(updatedAt="2020-01-02T00:00:00Z")],
    "an older event": [dict(organizationId="new", updatedAt="2020-01-05T00:00:00Z"), dict(organizationId="old", updatedAt="2020-01-01T00:00:00Z")],
    "an older event before a newer one that names none": [dict(organizationId="x", updatedAt="2020-01-01T00:00:00Z"), dict(updatedAt="2020-01-02T00:00:00Z")],
    "a newer event": [dict(organizationId="old", updatedAt=1577836800000), dict(organizationId="new", updatedAt="2020-01-02T00:00:00Z")],
    "moved and back, within its time": [dict(organizationId=each, updatedAt="2020-01-01T00:00:00Z") for each in ("a", "b", "a")],
    "reaped twice, with a time that is none": [dict(organizationId="x", reaped=True, updatedAt="no time"), dict(organizationId="y"), dict(reaped=True)],
}


@pytest.mark.parametrize("case", OF_ORGANIZATIONS)
def test_the_plugin_does_not_depend_on_where_a_batch_ends(builds, case):
    told = [message(build(**each)) for each in OF_ORGANIZATIONS[case]]
    found = []
    for sizes in ([len(told)], [1] * len(told), [len(told), len(told)], [1, len(told) - 1]):
        builds.execute("TRUNCATE build, build_organization")
        first = 0
        for size in sizes:
            first %= len(told)
            builds.apply(*told[first:first + size], first=first)
            first += size
        found.append(builds.rows('SELECT "organizationId" FROM build_organization'))
    assert found == [found[0]] * len(found)


@pytest.fixture
def events(database):
    return Projection(database.connection, "events")


def test_events_become_rows_once(events):
    events.migrate()
    told = [
        {"userId": "u", "name": "add_revenue", "value": 1.10},
        {"event_type": "login", "created_at": "2020-02-29T23:59:59.9994+02:00", "type": "other"},
        {"type": "typed", "created_at": "2020-03-01 00:00:00"},
        [1],
    ]
    events.apply(*told, first=40)
    rows = events.rows('SELECT id, event_id, event_type, created_at::text, processed_at, payload::text FROM "Event" ORDER BY id')
    assert [row[0] for row in rows] == [41, 42, 43, 44], "the position and one"
    assert [row[2] for row in rows] == ["add_revenue", "login", "typed", "event"]
    assert [row[3] for row in rows] == ["2026-11-29 12:00:00.123", "2020-02-29 21:59:59.999", "2020-03-01 00:00:00", "2026-11-29 12:00:00.123"]
    assert rows[0][5] == '{"name": "add_revenue", "value": 1.1, "userId": "u"}' and rows[0][4] is None
    assert uuid.UUID(rows[0][1]).version == 5 and rows[0][1] == str(uuid.uuid5(events.journal, "40"))
    events.apply(*told[:2], first=40)
    events.apply(*told[1:], first=41)
    assert events.rows('SELECT count(*) FROM "Event"') == [(4,)]
    with pytest.raises(psycopg2.Error) as said:
        events.apply({"created_at": "no date"}, first=44)
    assert said.value.pgcode == "22007"


WORDS = ["now", "today", "Yesterday", "tomorrow 12:00", "12:00 today", "infinity", "-infinity", "epoch", "allballs",
         "Tue Nov 10 2020 10:00:00 GMT+0100", "2024-05-01T10:00:00 UTC+2", "2024-05-01 10:00 est -5", "2024-05-01T10:00:00 EET+2", "2024-05-01T10:00Z+3",
         "01/02/2024", "2.1.2024", "2024.123", "J2451187", "20240501", "2024-05-01 BC", "2024-05-01 America/New_York", "2024-05-01T10:00:00 IST", "2024-05-01 10:00 BST", "2024-05-01 10:00 EET", "2024-05-01 10:00 ROK"]
DATES = ["2024-05-01T08:00:00Z", "2024-05-01T10:00:00.000+02:00", "2024-05-01 10:00:00+0200", "2024-05-01t08:00z", "2024-05-01 08:00 UTC", "2024-05-01T08:00:00"]


@pytest.mark.parametrize("date", DATES)
def test_a_date_as_iso_8601_writes_it_is_taken(events, database, date):
    events.migrate()
    timestamps = Projection(database.connection, "timestamps").migrate()
    events.apply({"created_at": date})
    timestamps.apply({"command_id": BUILD["id"], "event_timestamp": date})
    with database.connection.cursor() as cursor:
        cursor.execute('SELECT created_at::text, (SELECT event_timestamp::text FROM timestamp_records) FROM "Event"')
        assert cursor.fetchone() == ("2024-05-01 08:00:00", "2024-05-01 08:00:00")


@pytest.mark.parametrize("number, count", [("1e131000", 200), ("1e-16383", 2_000), ("-1.5E+99", 200_000)])
def test_numbers_that_grow_when_they_are_written_out_are_refused(events, number, count):
    events.migrate()
    events.apply('{"v": [1e300, 1e131000, 1e-16383, ' + ",".join(['"\\\\\\"1e131000"'] * 200) + "]}", raw=True)
    with pytest.raises(psycopg2.Error) as said:
        events.apply('{"v": [' + ",".join([number] * count) + "]}", first=44, raw=True)
    assert said.value.pgcode == "22P02"


@pytest.mark.parametrize("word", WORDS)
def test_words_are_no_dates(events, database, word):
    events.migrate()
    timestamps = Projection(database.connection, "timestamps").migrate()
    for each, value in ((events, {"created_at": word}), (timestamps, {"command_id": BUILD["id"], "event_timestamp": word})):
        with pytest.raises(psycopg2.Error, match="timestamp") as said:
            each.apply(value)
        assert said.value.pgcode == "22007"


@pytest.mark.parametrize("text", ["2020-03-01T01:00:00+01:00", "2020-03-01", "Sun, 01 Mar 2020 00:00:00 GMT", "2020-03-01 00:00:00 UTC", "01-Mar-2020", "2020-03-01 01:00:00 +01", "2020-02-29 19:00 EST"])
def test_dates_are_dates(events, text):
    events.migrate()
    events.apply({"created_at": text})
    assert events.rows('SELECT created_at::text FROM "Event"') == [("2020-03-01 00:00:00",)]


def test_an_id_that_somebody_has_taken_does_not_lose_an_event(events):
    events.migrate()
    events.execute("""INSERT INTO "Event" (id, event_id, event_type, payload) VALUES (1, 'mine', 't', '{}')""")
    events.execute("""INSERT INTO "Event" (event_id, event_type, payload) VALUES ('mine', 't', '{}')""")
    events.apply({"a": 1}, {"a": 2})
    assert events.rows("""SELECT id, payload ->> 'a' FROM "Event" WHERE event_id <> 'mine' ORDER BY 2""") == [(1073741825, "1"), (2, "2")]


def test_each_stream_has_ids_of_its_own_whichever_is_applied_first(events):
    events.migrate()
    streams = ("live/0", "live/1", "other/0")
    for each in streams:
        events.apply({"s": each}, {"s": each}, first=5, stream=each)
        events.journal = uuid.uuid4()
    there = """SELECT payload ->> 's', id FROM "Event" ORDER BY id"""
    before = events.rows(there)
    ids = [row[1] for row in before]
    assert [row for row in before if row[0] == "live/0"] == [("live/0", 6), ("live/0", 7)]
    assert len(set(ids)) == 6 and all(each < 2**53 for each in ids) and ids[2] > 2**52
    events.execute('TRUNCATE "Event"')
    for each in reversed(streams):
        events.apply({"s": each}, {"s": each}, first=5, stream=each)
        events.journal = uuid.uuid4()
    assert events.rows(there) == before


def test_a_table_of_version_0_1_0_keeps_its_ids(events):
    events.migrate()
    events.execute("""ALTER TABLE "Event" ALTER id TYPE integer""", """COMMENT ON TABLE "Event" IS 'event-archiver: the id of an event is its position and one'""")
    events.apply({"a": 1}, first=5, stream="other/0")
    assert events.rows("""SELECT id, payload ->> 'a' FROM "Event" """) == [(6, "1")]


def test_a_table_that_is_there_numbers_its_rows_itself(events, table):
    table.insert("2024-01-01 00:00:00")
    events.execute("""SELECT setval('"Event_id_seq"', 500)""")
    events.migrate()
    events.apply({"a": 1}, {"a": 2}, {"a": 3}, first=7)
    events.apply({"a": 3}, {"a": 4}, first=9)
    rows = events.rows("""SELECT id, payload ->> 'a' FROM "Event" WHERE payload ? 'a' ORDER BY id""")
    assert rows == [(501, "1"), (502, "2"), (503, "3"), (504, "4")]


def applied_in_pieces(revenue, values: list) -> list:
    """As the engine does it: halves of what is refused. Returns the values that are refused alone."""
    try:
        revenue.apply(*({"userId": "u", "name": "add_revenue", "value": each} for each in values))
        return []
    except psycopg2.Error as refused:
        assert refused.pgcode == "22003"
    half = len(values) // 2
    return values if half == 0 else applied_in_pieces(revenue, values[:half]) + applied_in_pieces(revenue, values[half:])


def test_the_event_that_takes_a_sum_out_of_range_is_the_same_in_any_batch(database):
    values = [2_000_000_000, 147_000_001, 700_000_000, -100, 483_646, -1, 5, 102, -2_000_000_002, 3]
    refused, kept = [700_000_000, 102], sum(values) - 700_000_102
    for batch in (1, 3, len(values)):
        revenue = Projection(database.connection, "revenue")
        revenue.execute("DROP TABLE IF EXISTS users_revenue")
        revenue.migrate()
        found = [each for at in range(0, len(values), batch) for each in applied_in_pieces(revenue, values[at : at + batch])]
        assert (found, revenue.rows("SELECT revenue FROM users_revenue")) == (refused, [(kept,)]), f"batches of {batch}"


def test_revenue_is_answered_as_a_row_of_its_user(database):
    revenue = Projection(database.connection, "revenue")
    revenue.execute("CREATE TABLE users_revenue (user_id varchar(255) PRIMARY KEY, revenue int)")
    revenue.execute("INSERT INTO users_revenue VALUES ('u6', -7), ('a/b c', 1)")
    assert revenue.answer("api/user_events.sql", "u6") == ['{"user_id":"u6","revenue":-7}']
    assert revenue.answer("api/user_events.sql", "nobody") == []


def test_a_timestamp_is_answered_in_utc(database):
    timestamps = Projection(database.connection, "timestamps")
    timestamps.execute("CREATE TABLE timestamp_records (id uuid PRIMARY KEY, event_timestamp timestamp, created_at timestamp)")
    timestamps.execute(
        f"INSERT INTO timestamp_records VALUES ('{OTHER}', '2006-01-02 15:04:05', '2020-08-31 15:04:05.123456')",
        f"INSERT INTO timestamp_records VALUES ('{PROJECT}', '2006-01-02 15:04:05.5', '2020-08-31 15:04:05')",
    )
    assert timestamps.answer("api/timestamp.sql", OTHER) == [
        f'{{"id":"{OTHER}","command_id":"{OTHER}","event_timestamp":"2006-01-02T15:04:05Z","created_at":"2020-08-31T15:04:05.123456Z"}}'
    ]
    assert json.loads(timestamps.answer("api/timestamp.sql", PROJECT)[0])["event_timestamp"] == "2006-01-02T15:04:05.5Z"
