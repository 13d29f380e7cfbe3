-- The table as knex made it for probo-db. What is there already is taken as it is, with its rows.
CREATE TABLE IF NOT EXISTS build (
    id serial PRIMARY KEY,
    "buildId" uuid NOT NULL CONSTRAINT build_buildid_unique UNIQUE,
    "requestId" uuid,
    "projectId" uuid NOT NULL,
    "timeStarted" timestamptz NOT NULL,
    "timeUpdated" timestamptz NOT NULL,
    "bytesVirtual" bigint NOT NULL DEFAULT 0,
    "bytesReal" bigint NOT NULL DEFAULT 0,
    config json,
    "branchName" varchar(255),
    "branchUrl" varchar(255),
    "commitUrl" varchar(255),
    "commitRef" varchar(255),
    "prDescription" text,
    "prUrl" varchar(255),
    "prName" text,
    "prNumber" varchar(255),
    reaped boolean NOT NULL DEFAULT false,
    "reapedReason" integer,
    "reapedReasonText" varchar(255),
    "reapedDate" timestamptz,
    pinned boolean NOT NULL DEFAULT false,
    "statusSubmitted" text NOT NULL DEFAULT 'pending'
        CHECK ("statusSubmitted" IN ('pending', 'submitted', 'error', 'paused')),
    "statusBuild" text NOT NULL DEFAULT 'pending'
        CHECK ("statusBuild" IN ('pending', 'running', 'error', 'success', 'failed', 'successful'))
);
CREATE INDEX IF NOT EXISTS build_buildid_index ON build ("buildId");
CREATE INDEX IF NOT EXISTS build_requestid_index ON build ("requestId");
CREATE INDEX IF NOT EXISTS build_projectid_index ON build ("projectId");
CREATE INDEX IF NOT EXISTS build_reapedreason_index ON build ("reapedReason");
