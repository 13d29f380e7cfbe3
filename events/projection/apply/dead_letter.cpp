#include "events/projection/apply/dead_letter.hpp"

#include "async/caught.hpp"
#include "async/fault_point.hpp"
#include "db/in_transaction.hpp"
#include "events/projection/apply/apply_events.hpp"
#include "events/projection/apply/letter_texts.hpp"
#include "events/projection/schema.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace events {

namespace {

using async::failure;

constexpr std::string_view serialization_failure = "40001";

constexpr std::string_view letter_columns =
    "d.topic, d.partition, d.position, (pg_catalog.extract('epoch', d.at) OPERATOR(pg_catalog.*)"
    " 1000000)::pg_catalog.int8, d.key, d.headers::pg_catalog.text,"
    " pg_catalog.encode(d.value, 'hex'), d.sqlstate, d.reason,"
    " pg_catalog.to_char(d.failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    " d.journal";
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
    take_key_from_headers(letter.refused.content);
    letter.refused.content.value = bytes_from_hex(rows.text(row, 6));
    letter.sqlstate = rows.text(row, 7);
    letter.reason = rows.text(row, 8);
    letter.failed_at = rows.text(row, 9);
    letter.journal = rows.text(row, 10);
    return letter;
}

// {1,2,3} as a parameter; NULL: all.
std::optional<std::string> array_of(const std::vector<position>& positions) {
    if (positions.empty())
        return std::nullopt;
    std::string array = "{";
    for (const auto each : positions)
        array += (array.size() == 1 ? "" : ",") + std::to_string(each);
    return array + "}";
}

constexpr std::string_view of_the_choice =
    " FROM event_archiver.dead_letter d"
    " WHERE d.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
    " AND ($2::pg_catalog.int8[] IS NULL OR d.position OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.int8[]))"
    " AND ($3::pg_catalog.text IS NULL OR d.topic OPERATOR(pg_catalog.=) $3::pg_catalog.text)"
    " AND ($4::pg_catalog.int4 IS NULL OR d.partition OPERATOR(pg_catalog.=) $4::pg_catalog.int4)";

// $1 to $4 of it.
class choice_parameters {
  public:
    choice_parameters(std::string projection, const letter_choice& which)
        : projection_(std::move(projection))
        , topic_(which.topic)
        , positions_(array_of(which.positions)) {
        if (which.partition)
            partition_ = std::to_string(*which.partition);
        values_.at(0) = db::parameter(projection_);
        if (positions_)
            values_.at(1) = db::parameter(*positions_);
        if (!topic_.empty())
            values_.at(2) = db::parameter(topic_);
        if (!partition_.empty())
            values_.at(3) = db::parameter(partition_);
    }
    choice_parameters(const choice_parameters&) = delete;
    choice_parameters& operator=(const choice_parameters&) = delete;
    [[nodiscard]] std::span<const db::parameter> values() const noexcept { return values_; }

  private:
    std::string projection_;
    std::string topic_;
    std::string partition_;
    std::optional<std::string> positions_;
    std::array<db::parameter, 4> values_;
};

// A position is no name of an event where there are several topics or partitions.
awaitable<void> must_mean_one_each(db::connection& session, const choice_parameters& which) {
    const auto sql = fmt::format("SELECT d.position, pg_catalog.string_agg(pg_catalog.concat_ws('/'::"
                                 "pg_catalog.text, d.topic, d.partition), ' and '::pg_catalog.text){}"
                                 " AND $2::pg_catalog.int8[] IS NOT NULL"
                                 " GROUP BY d.position HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1"
                                 " ORDER BY d.position LIMIT 1",
                                 of_the_choice);
    const auto found = co_await session.query(sql, which.values());
    if (found.rows() > 0)
        throw async::error(
            failure::precondition,
            fmt::format("position {} is that of dead letters in {}", found.integer(0, 0), found.text(0, 1)),
            "Say which: TOPIC/PARTITION:POSITIONS, such as live/0:3,5.");
}

// Without the events: a million of them may be chosen.
struct letter_place {
    position_key key;
    position at = 0;
};

awaitable<std::vector<letter_place>> chosen_places(db::connection& session, std::string projection,
                                                   const choice_parameters& which) {
    const auto sql = fmt::format("SELECT d.topic, d.partition, d.position{}{}", of_the_choice, letter_order);
    const auto rows = co_await session.query(sql, which.values());
    std::vector<letter_place> places;
    for (int row = 0; row < rows.rows(); ++row)
        places.push_back(
            {{projection, std::string(rows.text(row, 0)), static_cast<std::int32_t>(rows.integer(row, 1))},
             rows.integer(row, 2)});
    co_return places;
}

async::error no_letter(const std::string& projection, const letter_choice& which, position at) {
    const auto topic = which.topic.empty() ? std::string() : fmt::format(" of topic '{}'", which.topic);
    return {failure::precondition,
            fmt::format("projection '{}' has no dead letter at position {}{}", projection, at, topic),
            "`event-archiver dead-letters` lists those that there are. Nothing was changed."};
}

constexpr std::string_view of_the_letter = " WHERE projection = $1 AND topic = $2 AND partition = "
                                           "$3::pg_catalog.int4 AND position = $4::pg_catalog.int8";

// Removes it, within a transaction. nullopt: another process has removed it, or found it refused again.
awaitable<std::optional<dead_letter>> take_out(db::connection& session, letter_place place) {
    const auto partition = std::to_string(place.key.partition);
    const auto at = std::to_string(place.at);
    const auto removal =
        fmt::format("DELETE FROM event_archiver.dead_letter d{} RETURNING {}", of_the_letter, letter_columns);
    std::optional<db::result> removed;
    try {
        removed = co_await session.query(removal, place.key.projection, place.key.topic, partition, at);
    } catch (const db::error& said) {
        if (said.state() != serialization_failure)
            throw;
    }
    if (!removed || removed->rows() == 0)
        co_return std::nullopt;
    auto letter = letter_from(*removed, 0, place.key.projection);
    if (letter.journal.empty()) { // an earlier version wrote it
        const auto row = co_await look_at(session, letter.key);
        letter.journal = row ? row->journal : std::string();
    }
    co_return letter;
}

// Applies its event, but for plugins. The mistake has no reason if the event is applied.
awaitable<value_mistake> apply_again(db::connection& session, const projection_definition& definition,
                                     const events_to_apply& one) {
    auto mistake = mistake_in(one.events.front().content.value);
    if (!mistake.reason.empty())
        co_return mistake;
    co_await session.execute(search_path_statement(definition) + "; SET CONSTRAINTS ALL IMMEDIATE");
    const auto said = co_await try_events(session, definition.apply, one, refusal::passing);
    if (said && said->state() == cancelled_state)
        throw db::error(*said);
    if (said)
        mistake = {said->state(), said->server_words().empty() ? said->message() : said->server_words()};
    co_return mistake;
}

enum class retry_outcome : std::uint8_t { gone, applied, refused };

// Within a transaction. `gone`: another process has it.
awaitable<retry_outcome> retry_one(db::connection& session, const projection_definition& definition,
                                   letter_place place, plugin_patience& patience, async::log& log) {
    auto letter = co_await take_out(session, std::move(place));
    if (!letter)
        co_return retry_outcome::gone;
    async::fault_point("dead-letter-removed");
    const event_source from{letter->journal, letter->key.topic, letter->key.partition};
    const events_to_apply one{event_list(&letter->refused, 1), from};
    auto mistake = co_await apply_again(session, definition, one);
    if (!mistake.reason.empty()) {
        co_await session.execute("SET LOCAL role = DEFAULT; SET LOCAL search_path = pg_catalog, pg_temp");
        letter->sqlstate = std::move(mistake.sqlstate);
        letter->reason = std::move(mistake.reason);
        co_await write_down(session, std::move(*letter));
        co_return retry_outcome::refused;
    }
    const plugin_batch batch{letter->key.projection, letter->refused.at, one, {{0, 1}}, &patience};
    const auto failures = co_await apply_plugins(session, definition.plugins, batch, log);
    if (failures == 0) // else it is left out of the letters behind this one
        patience = plugin_patience(plugin_patience::scope::all_batches);
    co_return retry_outcome::applied;
}

} // namespace

awaitable<std::vector<dead_letter>> dead_letters(db::connection& session, std::string projection) {
    const letter_choice all;
    const choice_parameters parameters(projection, all);
    const auto sql = fmt::format("SELECT {}{}{}", letter_columns, of_the_choice, letter_order);
    const auto rows = co_await session.query(sql, parameters.values());
    std::vector<dead_letter> letters;
    for (int row = 0; row < rows.rows(); ++row)
        letters.push_back(letter_from(rows, row, projection));
    co_return letters;
}

awaitable<std::size_t> count_letters(db::connection& session, std::string projection, letter_choice which) {
    const choice_parameters parameters(projection, which);
    const auto places = co_await chosen_places(session, projection, parameters);
    const auto is_missing = [&places](position at) {
        return std::ranges::find(places, at, &letter_place::at) == places.end();
    };
    const auto missing = std::ranges::find_if(which.named, is_missing);
    if (missing != which.named.end())
        throw no_letter(projection, which, *missing);
    if (!which.positions.empty() && places.empty())
        throw no_letter(projection, which, which.positions.front());
    co_return places.size();
}

awaitable<void> retry_letters(db::connection& session, const projection_definition& definition,
                              std::string projection, letter_choice which, retried_letters& so_far,
                              async::log& log) {
    const choice_parameters parameters(projection, which);
    co_await must_mean_one_each(session, parameters);
    so_far.refused = 0; // they are all tried again
    auto places = co_await chosen_places(session, std::move(projection), parameters);
    const auto is_in_doubt = [&so_far](const letter_place& each) {
        return std::pair(each.key, each.at) == *so_far.in_doubt;
    };
    if (so_far.in_doubt && std::ranges::none_of(places, is_in_doubt)) {
        ++so_far.applied;
        so_far.in_doubt.reset();
    }
    for (auto& each : places) {
        auto outcome = retry_outcome::gone;
        const std::pair place(each.key, each.at);
        db::transaction_body body = [&](db::connection& one) -> awaitable<bool> {
            outcome = co_await retry_one(one, definition, std::move(each), so_far.patience, log);
            co_return outcome != retry_outcome::gone;
        };
        const auto tried = co_await async::outcome_of(
            db::in_transaction(session, db::transaction_options(), std::move(body), "dead-letter-applied"));
        if (tried.failed && outcome == retry_outcome::applied)
            so_far.in_doubt = place;
        if (tried.failed)
            std::rethrow_exception(tried.failed);
        // It was being committed when the places were looked up.
        const bool was_in_doubt = so_far.in_doubt == place;
        const bool was_applied = outcome == retry_outcome::gone && was_in_doubt;
        if (was_in_doubt)
            so_far.in_doubt.reset();
        so_far.applied += outcome == retry_outcome::applied || was_applied ? 1 : 0;
        so_far.refused += outcome == retry_outcome::refused ? 1 : 0;
    }
}

awaitable<void> drop_letters(db::connection& session, std::string projection, letter_choice which) {
    if (which.positions.empty())
        co_return;
    const choice_parameters parameters(std::move(projection), which);
    co_await must_mean_one_each(session, parameters);
    const auto sql = fmt::format("DELETE{}", of_the_choice);
    (void)co_await session.query(sql, parameters.values());
}

} // namespace events
