-- GET /build/{build}/disk-usage
-- value 404
SELECT "bytesReal"::text FROM build WHERE "buildId" = $1
