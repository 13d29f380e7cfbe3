-- {"command_id": "<uuid>", "event_timestamp": "2006-01-02T15:04:05Z"}; the table holds UTC.
INSERT INTO timestamp_records (id, event_timestamp, created_at)
SELECT e.command_id, e.event_timestamp AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
FROM json_to_recordset($1) AS e(command_id uuid, event_timestamp timestamptz)
ON CONFLICT (id) DO NOTHING;
