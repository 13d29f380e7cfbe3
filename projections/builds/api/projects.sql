-- GET /project
-- value
SELECT coalesce(to_json(array_agg(DISTINCT "projectId")), '[]') FROM build
