#include "archive/table_probe.hpp"

#include "archive/key_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

namespace archive {

namespace {

constexpr std::size_t integers_per_question = 8'192;
// Where the range holds more rows than this, each key is asked for.
constexpr int range_rows_max = 1'000;

} // namespace

table_probe::table_probe(db::connection& session, const table_description& table, difference_list& found)
    : session_(session)
    , table_(table)
    , found_(found)
    , integers_(table.key_type == "smallint" || table.key_type == "integer" || table.key_type == "bigint")
    , batch_(integers_ ? integers_per_question : keys_per_query) {}

void table_probe::add(std::string_view key, row_place at) {
    if (integers_) {
        std::int64_t number = 0;
        const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), number);
        if (failed != std::errc() || end != key.data() + key.size()) {
            found_.add(difference_kind::malformed, at, "its key is not an integer");
            return;
        }
        numbers_.push_back(number);
    } else {
        texts_.emplace_back(key);
        bytes_ += key.size();
    }
    places_.push_back(at);
}

awaitable<void> table_probe::ask() {
    if (places_.empty())
        co_return;
    const bool answered = integers_ && co_await ask_for_range();
    if (!answered)
        co_await ask_for_each();
    numbers_.clear();
    texts_.clear();
    places_.clear();
    bytes_ = 0;
}

// False if too many rows lie in the range.
awaitable<bool> table_probe::ask_for_range() {
    const auto [smallest, largest] = std::ranges::minmax_element(numbers_);
    const auto sql = fmt::format("SELECT {0}::text FROM {1} WHERE {0} BETWEEN {2} AND {3} LIMIT {4}",
                                 table_.key_column, table_.name, *smallest, *largest, range_rows_max + 1);
    const auto answer = co_await session_.query(sql);
    if (answer.rows() > range_rows_max)
        co_return false;
    std::vector<std::string> present;
    for (int row = 0; row < answer.rows(); ++row)
        present.emplace_back(answer.text(row, 0));
    note(std::move(present));
    co_return true;
}

awaitable<void> table_probe::ask_for_each() {
    if (integers_)
        for (const auto number : numbers_)
            texts_.push_back(std::to_string(number));
    note(co_await keys_in_table(session_, table_, texts_));
}

void table_probe::note(std::vector<std::string> present) {
    if (present.empty())
        return;
    const std::unordered_set<std::string> keys(present.begin(), present.end());
    for (std::size_t at = 0; at < places_.size(); ++at)
        if (keys.contains(integers_ ? std::to_string(numbers_[at]) : texts_[at]))
            found_.add(difference_kind::in_table, places_[at],
                       fmt::format("{} has a row with its key as well", table_.name));
}

} // namespace archive
