-- Which organization a build belongs to, as far as its events say. What its disk usage is, and whether it is reaped, is
-- in `build`.
INSERT INTO build_organization AS known ("buildId", "organizationId")
SELECT DISTINCT ON (b.id) b.id, b.organization
FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
CROSS JOIN LATERAL (
    SELECT (e.value #>> '{data,build,id}')::uuid AS id,
           coalesce(e.value #>> '{data,build,organizationId}', e.value #>> '{data,build,organization,id}',
                    e.value #>> '{data,build,project,organizationId}',
                    e.value #>> '{data,build,project,organization,id}') AS organization
) AS b
WHERE b.id IS NOT NULL AND b.organization IS NOT NULL
ORDER BY b.id, e.n DESC
ON CONFLICT ("buildId") DO UPDATE SET "organizationId" = excluded."organizationId"
WHERE known."organizationId" <> excluded."organizationId";

DELETE FROM build_organization
WHERE "buildId" IN (SELECT (e.value #>> '{data,build,id}')::uuid FROM json_array_elements($1) AS e(value))
  AND NOT EXISTS (SELECT FROM build WHERE build."buildId" = build_organization."buildId");
