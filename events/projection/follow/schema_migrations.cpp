// Migrations of projections, as events/projection/schema.hpp declares them.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#include "async/fault_point.hpp"
#include "db/in_transaction.hpp"
#include "events/projection/apply/apply_events.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace events {

namespace {

using async::failure;
using async::fault_point;

constexpr std::chrono::seconds lock_patience{60}; // for a lock on the table of migrations

// SHA-256 of the file's text, in the database's encoding of it as UTF-8.
constexpr std::string_view checksum_sql =
    "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($3::pg_catalog.text, 'UTF8')), 'hex')";

// The text of a file that was applied, and that the directory no longer has under the name it had then, would
// be applied a second time.
awaitable<void> must_not_be_renamed(db::connection& session, const projection_definition& which,
                                    const migration& file) {
    const auto sql = fmt::format("SELECT m.name FROM event_archiver.migration m"
                                 " WHERE m.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                                 " AND m.name OPERATOR(pg_catalog.<>) $2::pg_catalog.text"
                                 " AND m.checksum OPERATOR(pg_catalog.=) {} ORDER BY m.name",
                                 checksum_sql);
    const auto same = co_await session.query(sql, which.name, file.name, file.sql);
    for (int row = 0; row < same.rows(); ++row)
        if (std::ranges::find(which.migrations, same.text(row, 0), &migration::name) ==
            which.migrations.end())
            throw async::error(
                failure::precondition,
                fmt::format("'{0}/{1}' was applied as '{0}/{2}'", which.name, file.name, same.text(row, 0)),
                "Give it its old name back. If it is to be applied a second time, change its "
                "text: a comment will do.");
}

// Whether the migration has been applied. Throws if that was another text, or under another name.
awaitable<bool> is_recorded(db::connection& session, const projection_definition& which,
                            const migration& file) {
    const auto sql = fmt::format("SELECT m.checksum OPERATOR(pg_catalog.=) {} FROM event_archiver.migration m"
                                 " WHERE m.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                                 " AND m.name OPERATOR(pg_catalog.=) $2::pg_catalog.text",
                                 checksum_sql);
    const auto found = co_await session.query(sql, which.name, file.name, file.sql);
    if (found.rows() == 0) {
        co_await must_not_be_renamed(session, which, file);
        co_return false;
    }
    if (!found.boolean(0, 0))
        throw async::error(
            failure::precondition,
            fmt::format("'{}/{}' was changed after it had been applied", which.name, file.name),
            "Put it back as it was, and make the change in a new file.");
    co_return true;
}

std::string_view folder_of(std::string_view file) { return file.substr(0, file.rfind('/')); }

// A file of the same directory that comes behind this one and was applied before; empty: there is no such
// file.
std::string_view applied_later_file(const projection_definition& which, const std::vector<bool>& known,
                                    std::size_t at) {
    const auto& files = which.migrations;
    for (auto later = at + 1; later < files.size(); ++later)
        if (known[later] && folder_of(files[later].name) == folder_of(files[at].name))
            return files[later].name;
    return {};
}

// Within a transaction.
awaitable<bool> apply_migration(db::connection& session, const projection_definition& which,
                                const migration& file) {
    // Unlike a query it takes no snapshot: later statements see what the process before has committed.
    co_await lock_tables_of_projections(session);
    const bool done = co_await is_recorded(session, which, file);
    if (done)
        co_return false;
    auto had_rows = co_await tables_with_rows(session, which);
    co_await session.execute(search_path_statement(which));
    co_await session.execute(file.sql);
    co_await session.execute("SET LOCAL search_path = pg_catalog, pg_temp");
    fault_point("projection-migrated");
    const auto record =
        fmt::format("INSERT INTO event_archiver.migration (projection, name, checksum) VALUES ($1, $2, {})",
                    checksum_sql);
    (void)co_await session.query(record, which.name, file.name, file.sql);
    co_await note_origin(session, which, std::move(had_rows));
    co_return true;
}

awaitable<bool> apply_in_transaction(db::connection& session, const projection_definition& which,
                                     const migration& file) {
    db::transaction_options options;
    options.lock_timeout = lock_patience;
    db::transaction_body body = [&](db::connection& one) { return apply_migration(one, which, file); };
    co_return co_await db::in_transaction(session, options, std::move(body), "projection-migration-applied",
                                          db::commit_shield::none);
}

// Notes the origin of tables that no migration makes.
awaitable<void> note_other_tables(db::connection& session, const projection_definition& which) {
    const auto noted =
        co_await session.query("SELECT pg_catalog.count(*) FROM event_archiver.table_origin o"
                               " WHERE o.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text",
                               which.name);
    if (noted.integer(0, 0) >= std::ssize(which.settings.tables))
        co_return;
    db::transaction_options options;
    options.lock_timeout = lock_patience;
    db::transaction_body body = [&which](db::connection& one) -> awaitable<bool> {
        auto had_rows = co_await tables_with_rows(one, which);
        co_await note_origin(one, which, std::move(had_rows));
        co_return true;
    };
    (void)co_await db::in_transaction(session, options, std::move(body), "projection-origin-noted",
                                      db::commit_shield::none);
}

// What the server refuses is a mistake in the file, or does not fit what the database has. Another try does
// not help.
void throw_if_the_file_is_wrong(const async::error& failed, const projection_definition& which) {
    const auto* const said = dynamic_cast<const db::error*>(&failed);
    if (said == nullptr || failed.kind() != failure::unclassified)
        return;
    const std::string_view state = said->state();
    if (!state.starts_with("42") && !state.starts_with("0A") && refusal_of(*said) != refusal::event)
        return;
    auto hint = said->hint().empty() ? fmt::format("Fix the file in '{}'; files before it stay applied.",
                                                   which.directory.string())
                                     : said->hint();
    throw db::error(failure::precondition, said->message(), said->state(), said->connection_usable(),
                    std::move(hint));
}

} // namespace

awaitable<std::size_t> migrate(db::connection& session, const projection_definition& which, async::log& log) {
    std::size_t applied = 0;
    std::vector<bool> known;
    for (const auto& file : which.migrations) {
        const bool is_known = co_await is_recorded(session, which, file);
        known.push_back(is_known);
    }
    for (std::size_t at = 0; at < known.size(); ++at) {
        const auto& file = which.migrations[at];
        if (known[at])
            continue;
        bool did = false;
        try {
            did = co_await apply_in_transaction(session, which, file);
        } catch (async::error& said) {
            said.add_context(fmt::format("migration '{}/{}'", which.name, file.name));
            throw_if_the_file_is_wrong(said, which);
            throw;
        }
        if (did) {
            ++applied;
            if (const auto later = applied_later_file(which, known, at); !later.empty())
                log.warn("projection.migrated_late",
                         "a migration was applied behind one whose name comes later",
                         {{"projection", which.name}, {"file", file.name}, {"later", later}});
            log.info("projection.migrated", "a migration was applied",
                     {{"projection", which.name}, {"file", file.name}});
        }
    }
    co_await note_other_tables(session, which);
    co_return applied;
}

awaitable<void> migrate_within(db::connection& session, const projection_definition& which) {
    for (const auto& file : which.migrations) {
        try {
            (void)co_await apply_migration(session, which, file);
        } catch (async::error& said) {
            said.add_context(fmt::format("migration '{}/{}'", which.name, file.name));
            throw_if_the_file_is_wrong(said, which);
            throw;
        }
    }
}

awaitable<void> migrate_again(db::connection& session, const projection_definition& which) {
    (void)co_await session.query("DELETE FROM event_archiver.migration m WHERE m.projection"
                                 " OPERATOR(pg_catalog.=) $1::pg_catalog.text",
                                 which.name);
    co_await migrate_within(session, which);
}

} // namespace events
