-- GET /organization/{organization}/disk-usage
-- value
SELECT coalesce(sum(build."bytesReal"), 0)::text
FROM build_organization JOIN build USING ("buildId")
WHERE build_organization."organizationId" = $1 AND NOT build.reaped
