-- GET /project/{project}/disk-usage
-- value
SELECT coalesce(sum("bytesReal"), 0)::text FROM build WHERE "projectId" = $1 AND NOT reaped
