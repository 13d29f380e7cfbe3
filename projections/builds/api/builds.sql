-- GET /build
-- value
SELECT coalesce(json_agg("buildId" ORDER BY "buildId"), '[]') FROM build
