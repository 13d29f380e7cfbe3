-- Of the event that the organization is from.
ALTER TABLE build_organization ADD COLUMN IF NOT EXISTS "timeUpdated" timestamptz NOT NULL DEFAULT '1970-02-01';
