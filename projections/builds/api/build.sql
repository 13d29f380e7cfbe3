-- GET /build/{build}
-- row 404
SELECT id, "buildId", "requestId", "projectId",
       to_char("timeStarted" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "timeStarted",
       to_char("timeUpdated" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "timeUpdated",
       -- Digits in strings: a bigint does not fit into a number of JavaScript.
       "bytesVirtual"::text, "bytesReal"::text,
       config, "branchName", "branchUrl", "commitUrl", "commitRef", "prDescription", "prUrl", "prName", "prNumber",
       reaped, "reapedReason", "reapedReasonText",
       to_char("reapedDate" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "reapedDate",
       pinned, "statusSubmitted", "statusBuild"
FROM build
WHERE "buildId" = $1
