-- {"version": 1, "data": {"event": "ready", "data": {...}, "build": {...}}}, with or without the version. Messages without
-- `data` and `build` share the topic and are not about builds.
--
-- A reaped build goes, whatever else is known of it. Otherwise the newest state stays: by `updatedAt`, and by the order of
-- the events where that is equal. A build without `updatedAt` counts as the oldest.
--
-- Each event is read as a whole, also where a later one of the batch has made it obsolete: which events are refused does
-- not depend on where a batch ends.
WITH said AS MATERIALIZED (
    SELECT e.n, b.*,
           coalesce(b.reaped::text, '') IN ('true', '1', '"1"') AS goes,
           -- These two may be null, and then are.
           b."reapedReason" IS NULL AND (message.build -> 'reapedReason') IS NULL AS "noReason",
           b."reapedReasonText" IS NULL AND (message.build -> 'reapedReasonText') IS NULL AS "noReasonText"
    FROM json_array_elements($1) WITH ORDINALITY AS e(value, n)
    -- OFFSET 0: parsed once, not at each use.
    CROSS JOIN LATERAL (SELECT e.value #> '{data,build}' AS build, e.value #> '{data,data}' AS data OFFSET 0) AS message
    CROSS JOIN LATERAL json_to_record(message.build) AS b(
        id uuid, "requestId" text, "projectId" text, "createdAt" text, "updatedAt" text, "diskSpace" json, config json,
        branch json, commit json, "pullRequest" json, reaped json, "reapedReason" text, "reapedReasonText" text,
        "reapedDate" text, pinned text, "submittedState" text, status text)
    -- What JavaScript takes for true. Only `id` is read of a reaped build: the other fields are text until it is known.
    WHERE (json_typeof(message.build) = 'object' OR message.build::text !~ '^(null|false|""|-?0(\.0*)?([eE].*)?)$')
      AND (json_typeof(message.data) = 'object' OR message.data::text !~ '^(null|false|""|-?0(\.0*)?([eE].*)?)$')
), gone AS MATERIALIZED (
    SELECT id, max(n) AS n FROM said WHERE goes GROUP BY id
), removed AS (
    -- Done before the first row is inserted, which waits for their number.
    DELETE FROM build USING gone WHERE build."buildId" = gone.id RETURNING 1
), fields AS (
    SELECT n,
           id,
           "requestId"::uuid,
           "projectId"::uuid,
           -- Milliseconds since 1970, or a date as ISO 8601 or RFC 5322 write it. What else PostgreSQL takes for a date is a mistake: `now`
           -- is another time in a replay, nothing is newer than `infinity`, and `GMT+0100` is a zone 100 hours west.
           -- The usual form is looked for first: its pattern takes a third of the time of the others'.
           CASE WHEN "createdAt" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN "createdAt"::timestamptz
                WHEN "createdAt" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp("createdAt"::numeric / 1000)
                WHEN "createdAt" !~* '^\s*(\d{4}-\d\d-\d\d|([a-z]{3},? )?\d\d?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4})([t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc?|gmt|[ecmp][sd]t|[+-]\d\d(:?\d\d)?)?)?\s*$'
                    THEN ('no date: ' || "createdAt")::timestamptz
                ELSE coalesce("createdAt"::timestamptz, '1970-02-01') END AS started,
           CASE WHEN "updatedAt" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN "updatedAt"::timestamptz
                WHEN "updatedAt" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp("updatedAt"::numeric / 1000)
                WHEN "updatedAt" !~* '^\s*(\d{4}-\d\d-\d\d|([a-z]{3},? )?\d\d?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4})([t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc?|gmt|[ecmp][sd]t|[+-]\d\d(:?\d\d)?)?)?\s*$'
                    THEN ('no date: ' || "updatedAt")::timestamptz
                ELSE coalesce("updatedAt"::timestamptz, '1970-02-01') END AS updated,
           CASE WHEN "reapedDate" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN "reapedDate"::timestamptz
                WHEN "reapedDate" ~ '^-?[0-9]+(\.[0-9]+)?$' THEN to_timestamp("reapedDate"::numeric / 1000)
                WHEN "reapedDate" <> '' AND "reapedDate" !~* '^\s*(\d{4}-\d\d-\d\d|([a-z]{3},? )?\d\d?[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{4})([t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc?|gmt|[ecmp][sd]t|[+-]\d\d(:?\d\d)?)?)?\s*$'
                    THEN ('no date: ' || "reapedDate")::timestamptz
                ELSE nullif("reapedDate", '')::timestamptz END AS reaped_date,
           coalesce(("diskSpace" ->> 'virtualBytes')::numeric::bigint, 0) AS bytes_virtual,
           coalesce(("diskSpace" ->> 'realBytes')::numeric::bigint, 0) AS bytes_real,
           coalesce(config, 'null') AS config,
           -- A cast to varchar(255) cuts off what is too long. This function, which an assignment calls, refuses it; 259
           -- is 255 and the 4 bytes of a length.
           "varchar"(branch ->> 'name', 259, false) AS branch_name,
           "varchar"(branch ->> 'htmlUrl', 259, false) AS branch_url,
           "varchar"(commit ->> 'htmlUrl', 259, false) AS commit_url,
           "varchar"(commit ->> 'ref', 259, false) AS commit_ref,
           "pullRequest" ->> 'description' AS description,
           "varchar"("pullRequest" ->> 'htmlUrl', 259, false) AS request_url,
           "pullRequest" ->> 'name' AS request_name,
           "varchar"("pullRequest" ->> 'number', 259, false) AS number,
           coalesce(reaped #>> '{}', 'true')::boolean AS reaped,
           CASE WHEN "noReason" THEN 0 ELSE "reapedReason"::integer END AS reaped_reason,
           CASE WHEN "noReasonText" THEN 'Old build with bad data.' ELSE "varchar"("reapedReasonText", 259, false) END
               AS reaped_reason_text,
           coalesce(pinned::boolean, false) AS pinned,
           CASE WHEN s.submitted IN ('pending', 'submitted', 'error', 'paused') THEN s.submitted
                ELSE ('submittedState is ' || s.submitted)::integer::text END AS status_submitted,
           CASE WHEN s.build IN ('pending', 'running', 'error', 'success', 'failed', 'successful') THEN s.build
                ELSE ('status is ' || s.build)::integer::text END AS status_build
    FROM said
    CROSS JOIN LATERAL (SELECT coalesce("submittedState", 'error') AS submitted, coalesce(status, 'error') AS build)
        AS s
    WHERE NOT goes
    -- Each event is read before the join leaves some out.
    OFFSET 0
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
-- An event without a project is refused by the table, so it gets there even if it is obsolete.
WHERE (fields.n > coalesce(gone.n, 0) OR "projectId" IS NULL) AND (SELECT count(*) FROM removed) >= 0
ORDER BY id, "projectId" IS NULL DESC, updated DESC, fields.n DESC
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
