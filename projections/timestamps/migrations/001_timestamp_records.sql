CREATE TABLE IF NOT EXISTS timestamp_records (
    id uuid PRIMARY KEY,
    event_timestamp timestamp,
    created_at timestamp
);
