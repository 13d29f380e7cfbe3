-- An event's id follows from its topic, partition and position, however many there are of each; that takes a bigint. A table
-- that has rows keeps the ids that it has: of topic live, partition 0, they are the same.
DO $$
BEGIN
    IF obj_description('"Event"'::regclass, 'pg_class') = 'event-archiver: the id of an event is its position and one'
       AND NOT EXISTS (SELECT FROM "Event") THEN
        ALTER TABLE "Event" ALTER COLUMN id TYPE bigint;
        ALTER SEQUENCE "Event_id_seq" AS bigint;
        COMMENT ON TABLE "Event" IS 'event-archiver: the id of an event is made of its topic, partition and position';
    END IF;
END
$$;
