// How a dead letter is written down.
// Tested by tests/integration/test_letters_of_journals.py.
#include "async/utc_time.hpp"
#include "events/projection/apply/apply_events.hpp"
#include "events/projection/apply/dead_letter.hpp"
#include "events/projection/apply/letter_texts.hpp"

#include <fmt/format.h>

namespace events {

namespace {

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

// What is ASCII can be stored in any database.
awaitable<bool> takes_any_text(db::connection& session, bool is_ascii) {
    if (is_ascii)
        co_return true;
    const auto found = co_await session.query("SELECT pg_catalog.getdatabaseencoding()::pg_catalog.text");
    const auto name = found.text(0, 0);
    co_return name == "UTF8" || name == "SQL_ASCII";
}

} // namespace

async::error letter_of_another_event(const position_key& key, position at) {
    return {async::failure::precondition,
            fmt::format(
                "the dead letter of projection '{}' at position {} of topic '{}', partition {}, is that of"
                " another event, of a journal that was read before",
                key.projection, at, key.topic, key.partition),
            fmt::format("Nothing is written over it. `event-archiver dead-letters {0}` shows it: apply it"
                        " (--retry) or drop it (--drop), then `event-archiver projections resume {0}`.",
                        projection_of(key.projection))};
}

awaitable<void> write_down(db::connection& session, dead_letter letter) {
    const auto partition = std::to_string(letter.key.partition);
    const auto at = std::to_string(letter.refused.at);
    const auto time = async::utc_text(letter.refused.time);
    const auto value = hex_of(letter.refused.content.value);
    auto texts = texts_of(letter.refused.content, letter.reason);
    const bool any_text = co_await takes_any_text(session, is_ascii(texts));
    if (!any_text)
        texts = ascii_texts_of(letter.refused.content, letter.reason);
    const auto key_parameter = texts.key ? db::parameter(*texts.key) : db::parameter();
    const auto written = co_await session.query(
        "INSERT INTO event_archiver.dead_letter AS d (projection, topic, partition, position, at, key, "
        "headers, value,"
        " sqlstate, reason, journal) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (projection, topic, partition, position) DO UPDATE SET sqlstate = excluded.sqlstate,"
        " reason = excluded.reason, failed_at = excluded.failed_at, journal = excluded.journal"
        " WHERE d.at = excluded.at AND d.value = excluded.value AND d.journal IN ('', excluded.journal)",
        letter.key.projection, letter.key.topic, partition, at, time, key_parameter, texts.headers, value,
        letter.sqlstate, texts.reason, letter.journal);
    if (written.rows_affected() == 0)
        throw letter_of_another_event(letter.key, letter.refused.at);
}

} // namespace events
