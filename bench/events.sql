-- psql -v rows=N -v days=N -f events.sql: the seed's table, with made-up rows over the days before 2025-01-01.
-- Each value is a function of the row's number alone, so every machine measures the same bytes. Rows lie in the order
-- in which an application would have written them. Payloads are orders as a shop would log them: 250 to 600 bytes.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
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

INSERT INTO public."Event"
WITH words AS (
    SELECT ARRAY['order.created', 'order.paid', 'order.shipped', 'user.signed_up', 'mail.sent', 'cart, "abandoned"'] AS types,
           ARRAY['Große Straße 7', 'say \"hi\", she said', 'two\nlines', '東京都, 日本', 'plain', '', 'C:\\temp', '😀 ünï'] AS texts),
made AS (
    SELECT i, md5(i::text) AS hash, (i * 7919::bigint % 100003)::int AS dice,
           timestamp '2025-01-01' - (1 - i::float8 / :rows) * :days * interval '1 day' AS at
    FROM generate_series(0, :rows - 1) AS i)
SELECT i + 1, 'evt_' || hash, types[1 + dice % 6], at,
       CASE WHEN dice % 16 > 0 THEN at + dice % 900 * interval '1 second' END,
       format('{"id": "%s", "user": {"id": %s, "name": "%s", "tags": ["%s", "returning"], "prefs": {"dark": true}}, "lines": '
              '[{"sku": "%s", "count": %s, "price": %s.99}, {"sku": "%s", "count": 1, "price": 12.50}], "total": %s.49, '
              '"note": "%s %s"}',
              hash, dice, texts[1 + dice % 8], types[1 + dice % 5], left(hash, 8), dice % 9, dice % 500, right(hash, 8), dice,
              texts[1 + dice / 8 % 8], left(repeat('please leave it at the door, ', 9), dice % 250))::jsonb
FROM made CROSS JOIN words
ORDER BY i;
VACUUM ANALYZE public."Event";
