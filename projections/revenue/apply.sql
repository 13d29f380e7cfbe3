-- {"userId": "user1", "name": "add_revenue" or "subtract_revenue", "value": 98}
-- A user whose events have other names gets a row with 0. A value that is no number, or none that an integer holds, is
-- refused; each is rounded by itself, so that the result does not depend on where a batch ends.
INSERT INTO users_revenue AS known (user_id, revenue)
SELECT e."userId",
       sum(CASE WHEN e.name IS NULL OR e.name NOT IN ('add_revenue', 'subtract_revenue') THEN 0
                WHEN e.value BETWEEN -2147483648 AND 2147483647
                    THEN CASE e.name WHEN 'add_revenue' THEN round(e.value) ELSE -round(e.value) END
                ELSE (e.name || ' without a value that fits')::numeric END)
FROM json_to_recordset($1) AS e("userId" varchar(255), name text, value numeric)
GROUP BY e."userId"
ORDER BY e."userId"
ON CONFLICT (user_id) DO UPDATE SET revenue = coalesce(known.revenue, 0) + excluded.revenue;
