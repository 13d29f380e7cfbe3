-- 300,000 events over the 40 days around "one year ago": half of the days are due, half are not.
-- Text in every column is what a careless CSV writer stumbles over.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SEQUENCE "Event_id_seq";
CREATE TABLE public."Event" (
    id integer NOT NULL DEFAULT nextval('"Event_id_seq"'::regclass),
    event_id text NOT NULL,
    event_type text NOT NULL,
    created_at timestamp(3) without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    processed_at timestamp(3) without time zone,
    payload jsonb NOT NULL,
    PRIMARY KEY (id)
);

INSERT INTO public."Event" (event_id, event_type, created_at, processed_at, payload)
WITH words AS (
    SELECT ARRAY['order.created', 'order.paid', 'user "signed up"', 'mail,sent', E'two\nlines', E'\\.', '', '😀 ünï'] AS types,
           ARRAY['Große Straße 7', 'say "hi", she said', E'C:\\temp\\new', E'line one\r\nline two', '東京都, 日本',
                 '👩‍👩‍👧', E'\ttab', 'it''s; DROP TABLE x; --', E'\\.', '   ', 'null', ''] AS texts),
-- In the order in which an application would have inserted them.
spread AS (
    SELECT i, date_trunc('day', now() AT TIME ZONE 'UTC') - interval '1 year 20 days' + i * interval '40 days' / 300000 AS at
    FROM generate_series(0, 299999) AS i),
-- Ten quiet minutes from "one year ago" on: what is due does not change while the demo runs.
events AS (
    SELECT i, at + CASE WHEN at - (now() AT TIME ZONE 'UTC' - interval '1 year') BETWEEN '0' AND '10 minutes'
                        THEN interval '10 minutes' ELSE '0' END AS at
    FROM spread)
SELECT CASE i % 997 WHEN 0 THEN '' WHEN 1 THEN E'evt "quoted",\r\nsecond line' ELSE 'evt_' || md5(i::text) END,
       types[1 + i % 8],
       at,
       CASE WHEN i % 7 > 0 THEN at + i % 5000 * interval '1 ms' END,
       CASE WHEN i % 1000 = 0 THEN (ARRAY['null', '{}', '[]', '"bare, \"text\""'])[1 + i / 1000 % 4]::jsonb
            WHEN i % 20000 = 1 THEN jsonb_build_object('large', repeat(md5(i::text), 2048))
            ELSE jsonb_build_object('id', i, 'customer', texts[1 + i % 12], 'note', texts[1 + i / 12 % 12],
                                    'lines', jsonb_build_array(i % 9, texts[1 + i / 144 % 12]), 'trace', md5(i::text)) END
FROM events CROSS JOIN words
ORDER BY i;

CREATE INDEX "Event_created_at_idx" ON public."Event" (created_at);
ANALYZE public."Event";
