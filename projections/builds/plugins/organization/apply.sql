-- Which organization a build belongs to, as far as its events say. What its disk usage is, and whether it is reaped, is
-- in `build`, where apply.sql of the projection has stored or deleted it already.
WITH said AS MATERIALIZED (
    SELECT e.n, b.id,
           coalesce(b."organizationId", b.organization ->> 'id', b.project ->> 'organizationId',
                    b.project #>> '{organization,id}') AS organization
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value #> '{data,build}' AS build OFFSET 0) AS message
    CROSS JOIN LATERAL json_to_record(CASE json_typeof(message.build) WHEN 'object' THEN message.build ELSE '{}' END)
        AS b(id uuid, "organizationId" text, organization json, project json)
    WHERE b.id IS NOT NULL
), gone AS (
    DELETE FROM build_organization AS known USING (SELECT DISTINCT id FROM said) AS each
    WHERE known."buildId" = each.id AND NOT EXISTS (SELECT FROM build WHERE build."buildId" = each.id)
)
INSERT INTO build_organization AS known ("buildId", "organizationId")
SELECT DISTINCT ON (id) id, organization
FROM said
WHERE organization IS NOT NULL AND EXISTS (SELECT FROM build WHERE build."buildId" = said.id)
ORDER BY id, n DESC
ON CONFLICT ("buildId") DO UPDATE SET "organizationId" = excluded."organizationId"
WHERE known."organizationId" <> excluded."organizationId";
