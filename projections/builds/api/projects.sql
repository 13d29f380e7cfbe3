-- GET /project
-- value
SELECT coalesce(json_agg(DISTINCT "projectId"), '[]') FROM build
