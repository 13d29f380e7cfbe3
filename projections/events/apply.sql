-- Any event. Its type is its `event_type`, `type` or `name`; its time is its own `created_at`, or when it was accepted.
-- Only a date as ISO 8601 or RFC 5322 write it is one. `yesterday` would be another time in a replay, and of `GMT+0100`, as JavaScript
-- prints it, PostgreSQL makes a zone 100 hours west.
--
-- jsonb writes out each digit of 1e100000 and 1e-16383: an event of some kilobytes could become a row that no program can
-- read. So the exponents outside quotes are added up, which prints nothing, and more than 16 MiB are refused.
--
-- $6 has an id for each event, made of the journal's id, the position and the time: an event that is applied a second time
-- finds its row. No unique index is asked of the table, because rows of other writers may share an event_id; one process at
-- a time moves the position, so nobody else inserts the same event.
--
-- $7 has the times of rows that were archived before a replay. The column may round a time, and the archive goes by what
-- the table has, so the time is looked at as the column has it.
WITH told AS MATERIALIZED (
    SELECT $4 + e.n - 1 AS position,
           ($6)[e.n]::text AS event_id,
           coalesce(v.value ->> 'event_type', v.value ->> 'type', v.value ->> 'name', 'event') AS event_type,
           coalesce((CASE WHEN v.value ->> 'created_at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN ''
                          WHEN v.value ->> 'created_at' !~* '^\s*(\d{4}-\d\d-\d\d|([a-z]{3},? )?\d\d?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4})([t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc?|gmt|[ecmp][sd]t|[+-]\d\d(:?\d\d)?)?)?\s*$' THEN 'no date: '
                          ELSE '' END || (v.value ->> 'created_at'))::timestamptz, ($2)[e.n]) AT TIME ZONE 'UTC' AS created_at,
           CASE WHEN e.value::text ~* '\de[-+]?\d\d' AND
                     (SELECT octet_length(e.value::text) + sum(abs(m[1]::numeric)) > 16777216
                      FROM regexp_matches(regexp_replace(e.value::text, '"([^"\\]|\\.)*"', '', 'g'), '\de([-+]?\d+)', 'gi') AS m)
                THEN ('no numbers to be written out: ' || e.n)::jsonb ELSE v.value END AS payload
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value::jsonb AS value OFFSET 0) AS v
),
-- A table that the migration has made: an event has one id, whenever it is applied, so that `archive` knows its row again.
-- $8 is its topic and partition. Of live/0 the id is the position and one; of another stream it has a number made of the
-- stream's name before that, 2^52 or more, and exact in a JavaScript number. Tables of version 0.1.0 have integers.
numbered AS (
    SELECT told.*,
           CASE WHEN $8 = 'live/0' OR (SELECT obj_description('"Event"'::regclass, 'pg_class'))
                                      = 'event-archiver: the id of an event is its position and one'
                THEN CASE WHEN position < 1073741823 THEN position + 1 END
                WHEN position < 4294967295
                THEN ((1048576 + ('x' || left(md5($8), 5))::bit(20)::int)::bigint << 32) + position + 1 END AS id
    FROM told
)
INSERT INTO "Event" (id, event_id, event_type, created_at, payload)
SELECT CASE WHEN numbered.id IS NULL OR EXISTS (SELECT FROM "Event" AS known WHERE known.id = numbered.id)
            THEN nextval(pg_get_serial_sequence('"Event"', 'id'))
            ELSE numbered.id END,
       event_id, event_type, created_at, payload
FROM numbered
WHERE obj_description('"Event"'::regclass, 'pg_class') LIKE 'event-archiver: the id of an event is %'
  AND NOT EXISTS (SELECT FROM "Event" AS known WHERE known.event_id = numbered.event_id)
  AND (cardinality($7) = 0 OR NOT (SELECT kept.created_at AT TIME ZONE 'UTC'
           FROM json_populate_record(NULL::"Event", json_build_object('created_at', numbered.created_at)) AS kept) <@ ANY ($7))
ORDER BY position;

-- Another table: its own default numbers the rows.
WITH told AS MATERIALIZED (
    SELECT e.n,
           ($6)[e.n]::text AS event_id,
           coalesce(v.value ->> 'event_type', v.value ->> 'type', v.value ->> 'name', 'event') AS event_type,
           coalesce((CASE WHEN v.value ->> 'created_at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN ''
                          WHEN v.value ->> 'created_at' !~* '^\s*(\d{4}-\d\d-\d\d|([a-z]{3},? )?\d\d?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4})([t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc?|gmt|[ecmp][sd]t|[+-]\d\d(:?\d\d)?)?)?\s*$' THEN 'no date: '
                          ELSE '' END || (v.value ->> 'created_at'))::timestamptz, ($2)[e.n]) AT TIME ZONE 'UTC' AS created_at,
           CASE WHEN e.value::text ~* '\de[-+]?\d\d' AND
                     (SELECT octet_length(e.value::text) + sum(abs(m[1]::numeric)) > 16777216
                      FROM regexp_matches(regexp_replace(e.value::text, '"([^"\\]|\\.)*"', '', 'g'), '\de([-+]?\d+)', 'gi') AS m)
                THEN ('no numbers to be written out: ' || e.n)::jsonb ELSE v.value END AS payload
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value::jsonb AS value OFFSET 0) AS v
)
INSERT INTO "Event" (event_id, event_type, created_at, payload)
SELECT event_id, event_type, created_at, payload
FROM told
WHERE coalesce(obj_description('"Event"'::regclass, 'pg_class'), '') NOT LIKE 'event-archiver: the id of an event is %'
  AND NOT EXISTS (SELECT FROM "Event" AS known WHERE known.event_id = told.event_id)
  AND (cardinality($7) = 0 OR NOT (SELECT kept.created_at AT TIME ZONE 'UTC'
           FROM json_populate_record(NULL::"Event", json_build_object('created_at', told.created_at)) AS kept) <@ ANY ($7))
ORDER BY told.n;
