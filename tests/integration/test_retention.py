"""How old is old: what is accepted, what is refused, and where exactly the line runs."""
import pytest

REFUSED = [
    "1",
    "0",
    "-1 year",
    "soon",
    "1 year'; DROP TABLE",
    '1 year\'; DROP TABLE "Event"; --',
    "365",
    "0 days",
    "1.5",
    "P0D",
    "-P1Y",
    "1 year ago",
    "1 day -2 days",
    "12:00:00",
    "1 fortnightly",
    "year",
    "infinity",
    "1 year 1",
    "@ 1 year ago",
    "1e3 days",
    "NaN",
]


@pytest.mark.parametrize("period", REFUSED)
def test_an_invalid_period_is_refused(archiver, table, oracle, period):
    table.fill(10, 2)
    oracle.remember()
    outcome = archiver.archive(settings={"EVENT_RETENTION_PERIOD": period}, expect=2)
    assert "EVENT_RETENTION_PERIOD" in outcome.stderr or "retention" in outcome.stderr
    assert oracle.check().files == {}
    archiver.archive("--retention=" + period, expect=2)
    assert table.count() == 10


# The youngest row that must go and the oldest that must stay, as intervals before now.
ACCEPTED = {
    "1 year": ("1 year 2 seconds", "1 year -20 seconds"),
    "90 days": ("90 days 2 seconds", "90 days -20 seconds"),
    "P1Y2M": ("1 year 2 months 2 seconds", "1 year 2 months -20 seconds"),
    "18 months": ("18 months 2 seconds", "18 months -20 seconds"),
    "2 weeks": ("14 days 2 seconds", "14 days -20 seconds"),
    "36 hours": ("36 hours 2 seconds", "36 hours -20 seconds"),
    "1 year 2 months 3 days": ("1 year 2 months 3 days 2 seconds", "1 year 2 months 3 days -20 seconds"),
}


@pytest.mark.parametrize("period", ACCEPTED)
def test_the_line_runs_where_postgresql_says(archiver, table, oracle, database, period):
    gone, stays = ACCEPTED[period]
    table.execute(f"ALTER DATABASE {database.name} SET timezone = 'Pacific/Kiritimati'")
    for age in (gone, stays):
        table.execute(
            """INSERT INTO "Event" (event_id, event_type, created_at, payload)
                         VALUES (%s, 'edge', now() AT TIME ZONE 'UTC' - %s::interval, '{}')""",
            (age, age),
        )
    oracle.remember()
    archiver.archive(settings={"EVENT_RETENTION_PERIOD": period})
    oracle.check()
    assert table.execute('SELECT event_id FROM "Event"') == [(stays,)]


def test_one_year_is_the_default(archiver, table, oracle):
    for age in ("367 days", "364 days"):
        table.execute(
            """INSERT INTO "Event" (event_id, event_type, created_at, payload)
                         VALUES (%s, 'edge', now() AT TIME ZONE 'UTC' - %s::interval, '{}')""",
            (age, age),
        )
    oracle.remember()
    archiver.archive()
    oracle.check()
    assert table.execute('SELECT event_id FROM "Event"') == [("364 days",)]


def test_a_flag_beats_the_variable(archiver, table, oracle):
    table.fill(10, 1)
    oracle.remember()
    archiver.archive("--retention", "500 years", settings={"EVENT_RETENTION_PERIOD": "1 day"})
    assert oracle.check().left == 10
