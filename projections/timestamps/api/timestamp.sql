-- GET /api/v1/timestamp/{id}
-- row 404
SELECT id, id AS command_id,
       -- As to_json writes times, with as many digits of a second as there are; the table holds UTC.
       (to_json(event_timestamp) #>> '{}') || 'Z' AS event_timestamp,
       (to_json(created_at) #>> '{}') || 'Z' AS created_at
FROM timestamp_records
WHERE id = $1
