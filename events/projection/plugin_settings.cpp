#include "events/projection/plugin_settings.hpp"

namespace events {

awaitable<void> plugin_settings::note(db::connection& session) {
    const auto found = co_await session.query(
        "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('role'),"
        " (SELECT COALESCE(pg_catalog.jsonb_object_agg(s.name, s.setting), '{}')::pg_catalog.text"
        " FROM pg_catalog.pg_settings s WHERE s.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text"
        " AND s.name OPERATOR(pg_catalog.<>) 'search_path'::pg_catalog.text)");
    search_path_ = found.text(0, 0);
    role_ = found.text(0, 1);
    others_ = found.text(0, 2);
}

// Names are found again before the second statement, which has operators of its own.
awaitable<void> plugin_settings::set_back(db::connection& session) const {
    (void)co_await session.query("SELECT pg_catalog.set_config('role', $1, true),"
                                 " pg_catalog.set_config('search_path', $2, true)",
                                 role_, search_path_);
    (void)co_await session.query(
        "SELECT pg_catalog.set_config(c.name, c.value, true) FROM"
        " (SELECT s.name, s.setting, COALESCE($1::pg_catalog.jsonb OPERATOR(pg_catalog.->>) s.name,"
        " s.reset_val) AS value FROM pg_catalog.pg_settings s"
        " WHERE s.name OPERATOR(pg_catalog.<>) 'search_path'::pg_catalog.text"
        " AND (s.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text"
        " OR $1::pg_catalog.jsonb OPERATOR(pg_catalog.?) s.name)) c"
        " WHERE c.setting OPERATOR(pg_catalog.<>) c.value",
        others_);
}

} // namespace events
