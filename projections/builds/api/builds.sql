-- GET /build
-- value
SELECT coalesce(to_json(array_agg("buildId" ORDER BY "buildId")), '[]') FROM build
