-- {"version": 1, "data": {"event": "ready", "data": {...}, "build": {...}}}, with or without the version. Messages without
-- `data` and `build` share the topic and are not about builds.
--
-- A reaped build goes, whatever else is known of it. Otherwise the newest state stays: by `updatedAt`, and by the order of
-- the events where that is equal. A build without `updatedAt` counts as the oldest.
--
-- Each event is read as a whole, also where a later one of the batch has made it obsolete: which events are refused does
-- not depend on where a batch ends.
DELETE FROM build USING (
    SELECT DISTINCT (said.build ->> 'id')::uuid AS id
    FROM json_array_elements($1) AS e(value)
    CROSS JOIN LATERAL (SELECT e.value -> 'data' AS data OFFSET 0) AS message
    CROSS JOIN LATERAL (SELECT message.data -> 'build' AS build, message.data -> 'data' AS data OFFSET 0) AS said
    -- Few builds are reaped: what cannot be one of them is not parsed. A name may be written with escapes.
    WHERE e.value::text ~ '"reaped"\s*:\s*(true|1|"1")|\\u'
      AND (said.build -> 'reaped')::text IN ('true', '1', '"1"')
      AND said.data::text !~ '^(null|false|""|-?0(\.0*)?([eE].*)?)$'
) AS gone
WHERE build."buildId" = gone.id;

WITH said AS MATERIALIZED (
    SELECT e.n, said.build, coalesce((said.build -> 'reaped')::text, '') IN ('true', '1', '"1"') AS reaped
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    CROSS JOIN LATERAL (SELECT e.value -> 'data' AS data OFFSET 0) AS message
    CROSS JOIN LATERAL (SELECT message.data -> 'build' AS build, message.data -> 'data' AS data OFFSET 0) AS said
    -- What JavaScript takes for true.
    WHERE said.build::text !~ '^(null|false|""|-?0(\.0*)?([eE].*)?)$'
      AND said.data::text !~ '^(null|false|""|-?0(\.0*)?([eE].*)?)$'
), gone AS MATERIALIZED (
    SELECT (build ->> 'id')::uuid AS id, max(n) AS n FROM said
    WHERE reaped
    GROUP BY 1
), fields AS MATERIALIZED (
    SELECT said.n,
           b.id,
           b."requestId",
           b."projectId",
           -- Milliseconds since 1970, or a date as ISO 8601 writes it.
           CASE WHEN b."createdAt" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp(b."createdAt"::numeric / 1000)
                ELSE coalesce(b."createdAt"::timestamptz, '1970-02-01') END AS started,
           CASE WHEN b."updatedAt" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp(b."updatedAt"::numeric / 1000)
                ELSE coalesce(b."updatedAt"::timestamptz, '1970-02-01') END AS updated,
           CASE WHEN b."reapedDate" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp(b."reapedDate"::numeric / 1000)
                ELSE nullif(b."reapedDate", '')::timestamptz END AS reaped_date,
           coalesce((b."diskSpace" ->> 'virtualBytes')::numeric::bigint, 0) AS bytes_virtual,
           coalesce((b."diskSpace" ->> 'realBytes')::numeric::bigint, 0) AS bytes_real,
           coalesce(b.config, 'null') AS config,
           branch.name AS branch_name,
           branch."htmlUrl" AS branch_url,
           commit."htmlUrl" AS commit_url,
           commit.ref AS commit_ref,
           request.description,
           request."htmlUrl" AS request_url,
           request.name AS request_name,
           request.number,
           coalesce(b.reaped #>> '{}', 'true')::boolean AS reaped,
           -- These two may be null, and then are.
           CASE WHEN b."reapedReason" IS NOT NULL THEN b."reapedReason"
                WHEN said.build -> 'reapedReason' IS NULL THEN 0 END AS reaped_reason,
           CASE WHEN b."reapedReasonText" IS NOT NULL THEN b."reapedReasonText"
                WHEN said.build -> 'reapedReasonText' IS NULL THEN 'Old build with bad data.' END AS reaped_reason_text,
           coalesce(b.pinned, false) AS pinned,
           CASE WHEN s.submitted IN ('pending', 'submitted', 'error', 'paused') THEN s.submitted
                ELSE ('submittedState is ' || s.submitted)::integer::text END AS status_submitted,
           CASE WHEN s.build IN ('pending', 'running', 'error', 'success', 'failed', 'successful') THEN s.build
                ELSE ('status is ' || s.build)::integer::text END AS status_build
    FROM said
    CROSS JOIN LATERAL json_to_record(said.build) AS b(
        id uuid, "requestId" uuid, "projectId" uuid, "createdAt" text, "updatedAt" text, "diskSpace" json, config json,
        branch json, commit json, "pullRequest" json, reaped json, "reapedReason" integer, "reapedReasonText" varchar(255), "reapedDate" text,
        pinned boolean, "submittedState" text, status text)
    CROSS JOIN LATERAL json_to_record(CASE json_typeof(b.branch) WHEN 'object' THEN b.branch ELSE '{}' END)
        AS branch(name varchar(255), "htmlUrl" varchar(255))
    CROSS JOIN LATERAL json_to_record(CASE json_typeof(b.commit) WHEN 'object' THEN b.commit ELSE '{}' END)
        AS commit(ref varchar(255), "htmlUrl" varchar(255))
    CROSS JOIN LATERAL json_to_record(CASE json_typeof(b."pullRequest") WHEN 'object' THEN b."pullRequest" ELSE '{}' END)
        AS request(description text, "htmlUrl" varchar(255), name text, number varchar(255))
    CROSS JOIN LATERAL (SELECT coalesce(b."submittedState", 'error') AS submitted, coalesce(b.status, 'error') AS build)
        AS s
    WHERE NOT said.reaped
)
INSERT INTO build AS known (
    "buildId", "requestId", "projectId", "timeStarted", "timeUpdated", "bytesVirtual", "bytesReal", config, "branchName",
    "branchUrl", "commitUrl", "commitRef", "prDescription", "prUrl", "prName", "prNumber", reaped, "reapedReason",
    "reapedReasonText", "reapedDate", pinned, "statusSubmitted", "statusBuild")
SELECT DISTINCT ON (id)
    id, "requestId", "projectId", started, updated, bytes_virtual, bytes_real, config, branch_name,
    branch_url, commit_url, commit_ref, description, request_url, request_name, number, reaped, reaped_reason,
    reaped_reason_text, reaped_date, pinned, status_submitted, status_build
FROM fields LEFT JOIN gone USING (id)
WHERE fields.n > coalesce(gone.n, 0)
ORDER BY id, updated DESC, fields.n DESC
ON CONFLICT ("buildId") DO UPDATE SET
    "requestId" = excluded."requestId",
    "projectId" = excluded."projectId",
    "timeStarted" = excluded."timeStarted",
    "timeUpdated" = excluded."timeUpdated",
    "bytesVirtual" = excluded."bytesVirtual",
    "bytesReal" = excluded."bytesReal",
    config = excluded.config,
    "branchName" = excluded."branchName",
    "branchUrl" = excluded."branchUrl",
    "commitUrl" = excluded."commitUrl",
    "commitRef" = excluded."commitRef",
    "prDescription" = excluded."prDescription",
    "prUrl" = excluded."prUrl",
    "prName" = excluded."prName",
    "prNumber" = excluded."prNumber",
    reaped = excluded.reaped,
    "reapedReason" = excluded."reapedReason",
    "reapedReasonText" = excluded."reapedReasonText",
    "reapedDate" = excluded."reapedDate",
    pinned = excluded.pinned,
    "statusSubmitted" = excluded."statusSubmitted",
    "statusBuild" = excluded."statusBuild"
WHERE excluded."timeUpdated" >= known."timeUpdated";
