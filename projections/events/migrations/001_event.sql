-- The table as the archive knows it. One that is there already is taken as it is, and its own default numbers the rows.
-- In a table that is made here, an event's id follows from its position, so that a table that was lost comes back with
-- the ids that archived rows have; the sequence numbers other writers' rows, far behind.
DO $$
BEGIN
    IF to_regclass(quote_ident(current_schema()) || '."Event"') IS NULL THEN
        CREATE SEQUENCE "Event_id_seq" AS integer START 1073741824;
        CREATE TABLE "Event" (
            id integer NOT NULL DEFAULT nextval('"Event_id_seq"'::regclass) CONSTRAINT "Event_pkey" PRIMARY KEY,
            event_id text NOT NULL,
            event_type text NOT NULL,
            created_at timestamp(3) without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
            processed_at timestamp(3) without time zone,
            payload jsonb NOT NULL
        );
        ALTER SEQUENCE "Event_id_seq" OWNED BY "Event".id;
        COMMENT ON TABLE "Event" IS 'event-archiver: the id of an event is its position and one';
        CREATE INDEX "Event_created_at_idx" ON "Event" (created_at);
    END IF;
END
$$;
CREATE INDEX IF NOT EXISTS "Event_event_id_idx" ON "Event" (event_id);
