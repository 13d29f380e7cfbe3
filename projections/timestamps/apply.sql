-- {"command_id": "<uuid>", "event_timestamp": "2006-01-02T15:04:05Z"}; the table holds UTC.
INSERT INTO timestamp_records (id, event_timestamp, created_at)
SELECT e.command_id,
       -- As ISO 8601 or RFC 5322 write it: `now` would be another time in a replay, and zones such as `GMT+1` are read the other way round.
       CASE WHEN e.event_timestamp ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN e.event_timestamp -- the usual form, in a third of the time
            WHEN e.event_timestamp !~* '^\s*(\d{4}-\d\d-\d\d|([a-z]{3},? )?\d\d?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4})([t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc?|gmt|[ecmp][sd]t|[+-]\d\d(:?\d\d)?)?)?\s*$' THEN 'no date: ' || e.event_timestamp
            ELSE e.event_timestamp END::timestamptz AT TIME ZONE 'UTC',
       now() AT TIME ZONE 'UTC'
FROM json_to_recordset($1) AS e(command_id uuid, event_timestamp text)
ON CONFLICT (id) DO NOTHING;
