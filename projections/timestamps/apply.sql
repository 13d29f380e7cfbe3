-- {"command_id": "<uuid>", "event_timestamp": "2006-01-02T15:04:05Z"}; the table holds UTC.
INSERT INTO timestamp_records (id, event_timestamp, created_at)
SELECT e.command_id,
       -- `now` and the like are no times: they would be others in a replay.
       CASE WHEN e.event_timestamp ~* '(now|today|tomorrow|yesterday|infinity|epoch|allballs|\m(gmt|utc?|[ecmp][sd]t|ce?st|cet|bst|ist|jst) *[+-])' THEN 'no date: ' || e.event_timestamp
            ELSE e.event_timestamp END::timestamptz AT TIME ZONE 'UTC',
       now() AT TIME ZONE 'UTC'
FROM json_to_recordset($1) AS e(command_id uuid, event_timestamp text)
ON CONFLICT (id) DO NOTHING;
