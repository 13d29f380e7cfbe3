-- Which organization a build belongs to, as the newest of its events says that names one. What its disk usage is, and
-- whether it is reaped, is in `build`, where apply.sql of the projection has stored or deleted it already.
--
-- As there, a reaping makes whatever was told before obsolete, and the result depends neither on where a batch ends nor on
-- events that are met again.
WITH said AS MATERIALIZED (
    SELECT e.n, b.id,
           coalesce(b."organizationId", b.organization ->> 'id', b.project ->> 'organizationId',
                    b.project #>> '{organization,id}') AS organization,
           coalesce(b.reaped::text, '') IN ('true', '1', '"1"') AS goes,
           -- The base has applied the event, so it is a time.
           CASE WHEN coalesce(b.reaped::text, '') IN ('true', '1', '"1"') THEN NULL
                WHEN b."updatedAt" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp(b."updatedAt"::numeric / 1000)
                ELSE coalesce(b."updatedAt"::timestamptz, '1970-02-01') END AS updated
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value #> '{data,build}' AS build, e.value #> '{data,data}' AS data OFFSET 0) AS message
    CROSS JOIN LATERAL json_to_record(CASE json_typeof(message.build) WHEN 'object' THEN message.build ELSE '{}' END)
        AS b(id uuid, "organizationId" text, organization json, project json, reaped json, "updatedAt" text)
    WHERE b.id IS NOT NULL
      AND (json_typeof(message.data) = 'object' OR message.data::text !~ '^(null|false|""|-?0(\.0*)?([eE].*)?)$')
), reapings AS MATERIALIZED (
    SELECT id, max(n) AS n FROM said WHERE goes GROUP BY id
), removed AS (
    -- Done before the first row is inserted, which waits for their number.
    DELETE FROM build_organization AS known USING (SELECT DISTINCT id FROM said) AS each
    WHERE known."buildId" = each.id
      AND (EXISTS (SELECT FROM reapings WHERE reapings.id = each.id)
           OR NOT EXISTS (SELECT FROM build WHERE build."buildId" = each.id))
    RETURNING 1
)
INSERT INTO build_organization AS known ("buildId", "organizationId", "timeUpdated")
SELECT DISTINCT ON (id) id, organization, updated
FROM said LEFT JOIN reapings USING (id)
WHERE organization IS NOT NULL AND NOT goes AND said.n > coalesce(reapings.n, 0)
  AND EXISTS (SELECT FROM build WHERE build."buildId" = said.id) AND (SELECT count(*) FROM removed) >= 0
ORDER BY id, updated DESC, said.n DESC
ON CONFLICT ("buildId") DO UPDATE SET "organizationId" = excluded."organizationId", "timeUpdated" = excluded."timeUpdated"
WHERE excluded."timeUpdated" >= known."timeUpdated"
  AND (known."organizationId", known."timeUpdated") IS DISTINCT FROM (excluded."organizationId", excluded."timeUpdated");
