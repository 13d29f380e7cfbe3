#include "events/projection/dead_letter.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/fault_point.hpp"
#include "db/transaction.hpp"
#include "events/projection/apply_events.hpp"
#include "events/projection/schema.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace events {

namespace {

using async::failure;

constexpr std::string_view letter_columns =
    "d.topic, d.partition, d.position, (pg_catalog.extract('epoch', d.at) OPERATOR(pg_catalog.*)"
    " 1000000)::pg_catalog.int8, d.key, d.headers::pg_catalog.text,"
    " pg_catalog.encode(d.value, 'hex'), d.sqlstate, d.reason,"
    " pg_catalog.to_char(d.failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
constexpr std::string_view letter_order = " ORDER BY d.topic, d.partition, d.position";

std::string bytes_from_hex(std::string_view hex) {
    std::string bytes(hex.size() / 2, '\0');
    for (std::size_t each = 0; each < bytes.size(); ++each) {
        unsigned value = 0;
        std::from_chars(hex.data() + 2 * each, hex.data() + 2 * each + 2, value, 16);
        bytes[each] = static_cast<char>(value);
    }
    return bytes;
}

std::string hex_of(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\x";
    text.reserve(2 + 2 * bytes.size());
    for (const char each : bytes) {
        const auto value = static_cast<unsigned char>(each);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

std::vector<header> headers_from(std::string_view object) {
    std::vector<header> headers;
    const auto parsed = boost::json::parse(boost::json::string_view(object.data(), object.size()));
    for (const auto& [name, value] : parsed.as_object())
        headers.push_back({std::string(name), std::string(value.as_string())});
    return headers;
}

dead_letter letter_from(const db::result& rows, int row, const std::string& projection) {
    dead_letter letter;
    letter.key = {projection, std::string(rows.text(row, 0)),
                  static_cast<std::int32_t>(rows.integer(row, 1))};
    letter.refused.at = rows.integer(row, 2);
    letter.refused.time = event_time(std::chrono::microseconds(rows.integer(row, 3)));
    if (!rows.is_null(row, 4))
        letter.refused.content.key = std::string(rows.text(row, 4));
    letter.refused.content.headers = headers_from(rows.text(row, 5));
    letter.refused.content.value = bytes_from_hex(rows.text(row, 6));
    letter.sqlstate = rows.text(row, 7);
    letter.reason = rows.text(row, 8);
    letter.failed_at = rows.text(row, 9);
    return letter;
}

// {1,2,3} as a parameter; nothing: all.
std::optional<std::string> array_of(const std::vector<position>& positions) {
    if (positions.empty())
        return std::nullopt;
    std::string array = "{";
    for (const auto each : positions)
        array += (array.size() == 1 ? "" : ",") + std::to_string(each);
    return array + "}";
}

awaitable<std::vector<dead_letter>> chosen_letters(db::connection& session, std::string projection,
                                                   std::vector<position> positions) {
    const auto sql = fmt::format("SELECT {} FROM event_archiver.dead_letter d"
                                 " WHERE d.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                                 " AND ($2::pg_catalog.int8[] IS NULL OR d.position OPERATOR(pg_catalog.=)"
                                 " ANY ($2::pg_catalog.int8[])){}",
                                 letter_columns, letter_order);
    const auto wanted = array_of(positions);
    const auto parameter = wanted ? db::parameter(*wanted) : db::parameter();
    const auto rows = co_await session.query(sql, projection, parameter);
    std::vector<dead_letter> letters;
    for (int row = 0; row < rows.rows(); ++row)
        letters.push_back(letter_from(rows, row, projection));
    co_return letters;
}

constexpr std::string_view of_the_letter = " WHERE projection = $1 AND topic = $2 AND partition = "
                                           "$3::pg_catalog.int4 AND position = $4::pg_catalog.int8";

// Within a transaction. True: it was there, and is applied; false: it stays, or somebody else has taken it.
awaitable<bool> retry_one(db::connection& session, const projection_definition& definition,
                          dead_letter letter, bool& refused, async::log& log) {
    const auto partition = std::to_string(letter.key.partition);
    const auto at = std::to_string(letter.refused.at);
    const auto removal = fmt::format("DELETE FROM event_archiver.dead_letter{}", of_the_letter);
    const auto removed =
        co_await session.query(removal, letter.key.projection, letter.key.topic, partition, at);
    if (removed.rows_affected() == 0)
        co_return false;
    async::fault_point("dead-letter-removed");
    const auto row = co_await look_at(session, letter.key);
    const event_source from{row ? row->journal : std::string(), letter.key.topic, letter.key.partition};
    const events_to_apply one{event_list(&letter.refused, 1), from};
    std::string state = "22P02";
    auto reason = json_mistake(letter.refused.content.value);
    if (reason.empty()) {
        co_await session.execute(search_path_statement(definition) + "; SET CONSTRAINTS ALL IMMEDIATE");
        const auto said = co_await try_events(session, definition.apply, one, failure_reach::events);
        if (said) {
            state = said->state();
            reason = said->server_words().empty() ? said->message() : said->server_words();
        }
    }
    if (!reason.empty()) {
        refused = true;
        co_await session.execute("SET LOCAL search_path = pg_catalog, pg_temp");
        letter.sqlstate = state;
        letter.reason = reason;
        co_await write_down(session, std::move(letter));
        co_return false;
    }
    for (const auto& each : definition.plugins) {
        if (each.apply.statements.empty())
            continue;
        const auto said = co_await try_events(session, each.apply, one, failure_reach::statement);
        if (said)
            log.warn("projection.plugin_failed", "a plugin could not be applied to some events",
                     {{"projection", letter.key.projection},
                      {"plugin", each.name},
                      {"first_position", letter.refused.at},
                      {"events", 1},
                      {"error.message", said->message()}});
    }
    co_return true;
}

} // namespace

awaitable<void> write_down(db::connection& session, dead_letter letter) {
    const auto partition = std::to_string(letter.key.partition);
    const auto at = std::to_string(letter.refused.at);
    const auto time = time_text(letter.refused.time);
    const auto headers = headers_object(letter.refused.content);
    const auto value = hex_of(letter.refused.content.value);
    std::optional<std::string> event_key;
    if (letter.refused.content.key)
        event_key = as_text(*letter.refused.content.key);
    const auto reason = as_text(letter.reason);
    const auto key_parameter = event_key ? db::parameter(*event_key) : db::parameter();
    (void)co_await session.query(
        "INSERT INTO event_archiver.dead_letter AS d (projection, topic, partition, position, at, key, "
        "headers, value,"
        " sqlstate, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (projection, topic, partition, position) DO UPDATE SET sqlstate = excluded.sqlstate,"
        " reason = excluded.reason, failed_at = excluded.failed_at",
        letter.key.projection, letter.key.topic, partition, at, time, key_parameter, headers, value,
        letter.sqlstate, reason);
}

awaitable<std::vector<dead_letter>> dead_letters(db::connection& session, std::string projection) {
    std::vector<position> all;
    co_return co_await chosen_letters(session, std::move(projection), std::move(all));
}

awaitable<retried_letters> retry_letters(db::connection& session, const projection_definition& definition,
                                         std::string projection, std::vector<position> positions,
                                         async::log& log) {
    retried_letters result;
    auto letters = co_await chosen_letters(session, std::move(projection), std::move(positions));
    for (auto& each : letters) {
        auto open = co_await db::transaction::begin(session, db::transaction_options());
        bool refused = false;
        auto done = co_await async::outcome_of(retry_one(session, definition, std::move(each), refused, log));
        if (done.failed) {
            if (session.usable())
                co_await open.rollback();
            std::rethrow_exception(done.failed);
        }
        async::fault_point("dead-letter-applied");
        const auto outcome =
            co_await async::shielded(open.commit(async::deadline::after(db::commit_patience)));
        if (outcome != db::commit_outcome::committed)
            throw open.refusal().value_or(
                db::error(failure::temporary, "the answer to COMMIT was lost", {}, false));
        result.applied += *done.value ? 1 : 0;
        result.refused += refused ? 1 : 0;
    }
    co_return result;
}

awaitable<std::size_t> drop_letters(db::connection& session, std::string projection,
                                    std::vector<position> positions) {
    const auto array = array_of(positions).value_or("{}");
    const auto removed =
        co_await session.query("DELETE FROM event_archiver.dead_letter d WHERE d.projection "
                               "OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                               " AND d.position OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.int8[])",
                               projection, array);
    co_return removed.rows_affected();
}

} // namespace events
