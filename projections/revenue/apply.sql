-- {"userId": "user1", "name": "add_revenue" or "subtract_revenue", "value": 98}
-- A user whose events have other names gets a row with 0. A value that is no number, or none that an integer holds, is
-- refused; each is rounded by itself, so that the result does not depend on where a batch ends. Nor does it depend on that
-- which event takes a sum out of range: where several of a user might, they are refused together, and tried one by one.
INSERT INTO users_revenue AS known (user_id, revenue)
SELECT s."userId",
       CASE WHEN s.events = 1 OR abs(coalesce(k.revenue, 0)::numeric) + s.most
                <= CASE pg_typeof(k.revenue) WHEN 'integer'::regtype THEN 2147483647 ELSE 9223372036854775807 END
            THEN s.total
            ELSE (abs(coalesce(k.revenue, 0)::numeric) + s.most)::integer END
FROM (SELECT each."userId", count(*) AS events, sum(each.change) AS total, sum(abs(each.change)) AS most
      FROM (SELECT e."userId",
                   CASE WHEN e.name IS NULL OR e.name NOT IN ('add_revenue', 'subtract_revenue') THEN 0
                        WHEN e.value BETWEEN -2147483648 AND 2147483647
                            THEN CASE e.name WHEN 'add_revenue' THEN round(e.value) ELSE -round(e.value) END
                        ELSE (e.name || ' without a value that fits')::numeric END AS change
            FROM json_to_recordset($1) AS e("userId" varchar(255), name text, value numeric)
            OFFSET 0) AS each
      GROUP BY each."userId") AS s
LEFT JOIN users_revenue AS k ON k.user_id = s."userId"
ORDER BY s."userId"
ON CONFLICT (user_id) DO UPDATE SET revenue = coalesce(known.revenue, 0) + excluded.revenue;
