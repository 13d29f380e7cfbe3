#include "events/projection/position_state.hpp"

#include <fmt/format.h>

#include <utility>

namespace events {

namespace {

constexpr std::string_view of_files = "its files cannot be used: ";

std::string clearing_failure() {
    return fmt::format("UPDATE event_archiver.position AS p SET state = 'running', reason = '' WHERE{}"
                       " AND p.state OPERATOR(pg_catalog.=) 'failed'::pg_catalog.text",
                       of_the_key);
}

} // namespace

awaitable<void> note_failure(db::connection& session, position_key key, std::string reason) {
    const auto partition = std::to_string(key.partition);
    const auto sql = fmt::format(
        "UPDATE event_archiver.position AS p SET state = 'failed', reason = $4, at = pg_catalog.now() WHERE{}"
        " AND p.state OPERATOR(pg_catalog.=) 'running'::pg_catalog.text",
        of_the_key);
    (void)co_await session.query(sql, key.projection, key.topic, partition, reason);
}

awaitable<void> clear_failure(db::connection& session, position_key key) {
    const auto partition = std::to_string(key.partition);
    (void)co_await session.query(clearing_failure(), key.projection, key.topic, partition);
}

std::string unusable_files(std::string_view why) { return fmt::format("{}{}", of_files, why); }

bool is_of_unusable_files(std::string_view reason) noexcept { return reason.starts_with(of_files); }

awaitable<void> note_unusable_files(db::connection& session, std::string projection,
                                    std::vector<std::string> topics, std::string why) {
    for (const auto& each : topics) {
        position_key key{projection, each, 0};
        co_await begin_at(session, std::move(key), std::string(), 0);
    }
    const auto reason = unusable_files(why);
    (void)co_await session.query("UPDATE event_archiver.position AS p SET state = 'failed', reason = $2,"
                                 " at = pg_catalog.now() WHERE p.projection OPERATOR(pg_catalog.=)"
                                 " $1::pg_catalog.text AND p.state OPERATOR(pg_catalog.<>)"
                                 " 'paused'::pg_catalog.text",
                                 projection, reason);
}

awaitable<void> go_on_beside(db::connection& session, position_key key, std::string reason) {
    const auto partition = std::to_string(key.partition);
    const auto sql = clearing_failure() + " AND p.reason OPERATOR(pg_catalog.=) $4::pg_catalog.text";
    (void)co_await session.query(sql, key.projection, key.topic, partition, reason);
}

awaitable<std::vector<reached_position>> positions_of(db::connection& session, std::string projection) {
    const auto rows = co_await session.query(
        "SELECT p.topic, p.partition, p.next, p.read_files FROM event_archiver.position p"
        " WHERE p.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
        " ORDER BY p.topic, p.partition",
        projection);
    std::vector<reached_position> all;
    for (int row = 0; row < rows.rows(); ++row)
        all.push_back(
            {{projection, std::string(rows.text(row, 0)), static_cast<std::int32_t>(rows.integer(row, 1))},
             rows.integer(row, 2),
             rows.integer(row, 3)});
    co_return all;
}

} // namespace events
