-- Any event. Its type is its `event_type`, `type` or `name`; its time is its own `created_at`, or when it was accepted.
--
-- $6 has an id for each event, made of the journal's id and the position: an event that is applied a second time finds its
-- row. No unique index is asked of the table, because rows of other writers may share an event_id; one process at a time
-- moves the position, so nobody else inserts the same event.
--
-- $7 has the times of rows that were archived before a replay. The column may round a time, and the archive goes by what
-- the table has, so the time is looked at as the column has it.
WITH told AS MATERIALIZED (
    SELECT $4 + e.n - 1 AS position,
           ($6)[e.n]::text AS event_id,
           coalesce(v.value ->> 'event_type', v.value ->> 'type', v.value ->> 'name', 'event') AS event_type,
           coalesce((v.value ->> 'created_at')::timestamptz, ($2)[e.n]) AT TIME ZONE 'UTC' AS created_at,
           v.value AS payload
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value::jsonb AS value OFFSET 0) AS v
)
-- A table that the migration has made.
INSERT INTO "Event" (id, event_id, event_type, created_at, payload)
SELECT CASE WHEN told.position < 1073741823
                 AND NOT EXISTS (SELECT FROM "Event" AS known WHERE known.id = told.position + 1)
            THEN told.position + 1
            ELSE nextval(pg_get_serial_sequence('"Event"', 'id')) END,
       event_id, event_type, created_at, payload
FROM told
WHERE obj_description('"Event"'::regclass, 'pg_class') = 'event-archiver: the id of an event is its position and one'
  AND NOT EXISTS (SELECT FROM "Event" AS known WHERE known.event_id = told.event_id)
  AND (cardinality($7) = 0 OR NOT (SELECT kept.created_at AT TIME ZONE 'UTC'
           FROM json_populate_record(NULL::"Event", json_build_object('created_at', told.created_at)) AS kept) <@ ANY ($7))
ORDER BY told.position;

-- Another table: its own default numbers the rows.
WITH told AS MATERIALIZED (
    SELECT e.n,
           ($6)[e.n]::text AS event_id,
           coalesce(v.value ->> 'event_type', v.value ->> 'type', v.value ->> 'name', 'event') AS event_type,
           coalesce((v.value ->> 'created_at')::timestamptz, ($2)[e.n]) AT TIME ZONE 'UTC' AS created_at,
           v.value AS payload
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value::jsonb AS value OFFSET 0) AS v
)
INSERT INTO "Event" (event_id, event_type, created_at, payload)
SELECT event_id, event_type, created_at, payload
FROM told
WHERE obj_description('"Event"'::regclass, 'pg_class')
          IS DISTINCT FROM 'event-archiver: the id of an event is its position and one'
  AND NOT EXISTS (SELECT FROM "Event" AS known WHERE known.event_id = told.event_id)
  AND (cardinality($7) = 0 OR NOT (SELECT kept.created_at AT TIME ZONE 'UTC'
           FROM json_populate_record(NULL::"Event", json_build_object('created_at', told.created_at)) AS kept) <@ ANY ($7))
ORDER BY told.n;
