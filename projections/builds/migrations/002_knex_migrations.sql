-- knex's own record, so that probo-db still finds its table made if somebody goes back to it.
CREATE TABLE IF NOT EXISTS knex_migrations (
    id serial PRIMARY KEY,
    name varchar(255),
    batch integer,
    migration_time timestamptz
);
CREATE TABLE IF NOT EXISTS knex_migrations_lock (
    index serial PRIMARY KEY,
    is_locked integer
);
INSERT INTO knex_migrations (name, batch, migration_time)
SELECT '20170519124040_build.js', 1, now()
WHERE NOT EXISTS (SELECT FROM knex_migrations WHERE name = '20170519124040_build.js');
INSERT INTO knex_migrations_lock (is_locked)
SELECT 0 WHERE NOT EXISTS (SELECT FROM knex_migrations_lock);
