CREATE TABLE IF NOT EXISTS build_organization (
    "buildId" uuid PRIMARY KEY,
    "organizationId" text NOT NULL
);
CREATE INDEX IF NOT EXISTS build_organization_organizationid_index ON build_organization ("organizationId");
