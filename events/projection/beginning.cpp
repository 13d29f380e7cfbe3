#include "events/projection/beginning.hpp"

#include "async/error.hpp"
#include "db/in_transaction.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace events {

namespace {

// Whether the projection has applied an event under this name of its positions. Names need no schema: a
// transaction of ours finds them in pg_catalog alone.
constexpr std::string_view has_applied_query =
    "SELECT EXISTS (SELECT FROM event_archiver.position p WHERE p.next > 0"
    " AND p.projection = $1)";

// The journals of which it has applied events under other names: those of other groups.
std::string journals_query() {
    return fmt::format("SELECT DISTINCT p.journal FROM event_archiver.position p WHERE p.next > 0"
                       " AND {} AND {} = $1",
                       p_is_no_rebuild, projection_of_p);
}

// Other projections that fill the table $2 and have applied events of the topics $3.
std::string predecessors_query() {
    return fmt::format("SELECT o.projection, p.topic, p.next FROM event_archiver.table_origin o"
                       " JOIN event_archiver.position p ON {} = o.projection"
                       " WHERE o.projection <> $1 AND o.name = $2 AND p.topic = ANY ($3::text[])"
                       " AND p.next > 0 AND {} ORDER BY p.next DESC, o.projection",
                       projection_of_p, p_is_no_rebuild);
}

// Their names have no quotes.
std::string array_of_topics(const projection_definition& which) {
    return fmt::format("{{\"{}\"}}", fmt::join(which.settings.topics, "\",\""));
}

awaitable<void> must_not_be_renamed(db::connection& session, const projection_definition& which,
                                    const table_name& table, const std::vector<std::string>& defined) {
    const auto shown = table.shown();
    const auto topics = array_of_topics(which);
    const auto sql = predecessors_query();
    const auto found = co_await session.query(sql, which.name, shown, topics);
    for (int row = 0; row < found.rows(); ++row) {
        const auto before = found.text(row, 0);
        if (std::ranges::find(defined, before) != defined.end())
            continue;
        throw async::error(
            async::failure::precondition,
            fmt::format("projection '{}' would apply events a second time: '{}', which no directory defines"
                        " any more, has applied topic '{}' up to position {} to the table {}",
                        which.name, before, found.text(row, 1), found.integer(row, 2), shown),
            fmt::format(
                "If the directory was renamed, give it its old name back, or empty the table first. If"
                " '{0}' is in another directory, name that in PROJECTIONS_PATH too. If its events are"
                " to be applied on top: event-archiver projections forget '{0}'",
                before));
    }
}

awaitable<rows_before> look(db::connection& session, const projection_definition& which,
                            const std::string& name, const std::vector<std::string>& defined) {
    const auto has_applied = co_await session.query(has_applied_query, name);
    rows_before found;
    if (has_applied.boolean(0, 0))
        co_return found;
    const auto filled = co_await tables_with_rows(session, which);
    for (const auto& each : filled) {
        if (!defined.empty())
            co_await must_not_be_renamed(session, which, each, defined);
        found.tables += (found.tables.empty() ? "" : ", ") + each.shown();
    }
    const auto sql = journals_query();
    const auto groups = co_await session.query(sql, which.name);
    for (int row = 0; row < groups.rows(); ++row)
        found.journals.emplace_back(groups.text(row, 0));
    co_return found;
}

} // namespace

bool rows_before::may_be_of(const std::string& id) const {
    return !tables.empty() && (journals.empty() || std::ranges::find(journals, id) != journals.end());
}

awaitable<rows_before> rows_before_the_first_event(db::connection& session,
                                                   const projection_definition& which, std::string name,
                                                   std::vector<std::string> defined) {
    if (which.settings.replay == replay_policy::keep)
        co_return rows_before();
    co_return co_await db::read_in_transaction(session, db::transaction_options(),
                                               look(session, which, name, defined));
}

void say_where_it_begins(async::log& log, const position_key& which, const extent& there) {
    if (there.begin > 0)
        log.warn(
            "projection.begins_late",
            "a projection begins with a topic of which the journal has removed events: they are not applied",
            {{"projection", which.projection},
             {"topic", which.topic},
             {"position", there.begin},
             {"events_gone", there.begin}});
    else
        log.info("projection.begun", "a projection begins with a topic",
                 {{"projection", which.projection}, {"topic", which.topic}, {"position", there.begin}});
}

} // namespace events
