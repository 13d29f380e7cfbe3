#include "archive/table/table_probe.hpp"

#include "async/number.hpp"
#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace archive {

namespace {

bool is_integer(std::string_view type) { return type == "smallint" || type == "integer" || type == "bigint"; }

// row_crc of the row: CRC-64 goes on from where it ended.
std::uint64_t with_line_end(std::uint64_t content, std::string_view row) {
    return row.ends_with('\n') ? azure::crc64(content, std::as_bytes(std::span("\n", 1))) : content;
}

} // namespace

table_probe::table_probe(db::connection& session, const table_description& table,
                         std::vector<std::string> columns, lake::difference_list& found)
    : session_(session)
    , table_(table)
    , found_(found)
    , columns_(std::move(columns))
    , comparable_(!columns_.empty())
    , integers_(table.keys.size() == 1 && is_integer(table.keys.front().type)) {
    if (!comparable_)
        for (const auto& key : table.keys)
            columns_.push_back(key.name);
}

void table_probe::add(const lake::placed_row& row, std::uint64_t content) {
    if (integers_) {
        const auto number = async::number_from<std::int64_t>(row.key.front());
        if (!number) {
            found_.add(lake::difference_kind::malformed, row.at, "its key is not an integer");
            return;
        }
        numbers_.push_back(*number);
    }
    for (const auto& field : row.key) {
        bytes_ += field.size();
        longest_ = std::max(longest_, field.size());
    }
    if (places_.size() == rows_.size())
        rows_.emplace_back();
    auto& wanted = rows_[places_.size()];
    wanted.key = row.key;
    wanted.crc = with_line_end(content, row.text);
    places_.push_back(row.at);
}

awaitable<void> table_probe::ask() {
    if (places_.empty())
        co_return;
    const bool none = integers_ && co_await none_in_range();
    if (!none) {
        const auto rows = std::span(rows_).first(places_.size());
        const auto seen = co_await rows_in_table(session_, table_, columns_, rows);
        for (std::size_t at = 0; at < places_.size(); ++at)
            if (seen[at] == row_presence::to_the_letter && comparable_)
                found_.add(lake::difference_kind::in_table, places_[at],
                           fmt::format("{} has the same row as well", table_.name));
            else if (seen[at] != row_presence::absent)
                found_.add(lake::difference_kind::key_in_table, places_[at],
                           fmt::format("{} has a row with its key{}", table_.name,
                                       comparable_ ? " and other content" : "; their columns differ"));
    }
    if (longest_ > kept_field_max)
        rows_.clear();
    longest_ = 0;
    numbers_.clear();
    places_.clear();
    bytes_ = 0;
}

// As a rule the table has no row in the range of a batch.
awaitable<bool> table_probe::none_in_range() {
    const auto [smallest, largest] = std::ranges::minmax_element(numbers_);
    const auto answer =
        co_await session_.query(fmt::format("SELECT EXISTS (SELECT FROM {1} WHERE {0} BETWEEN {2} AND {3})",
                                            table_.keys.front().quoted, table_.name, *smallest, *largest));
    co_return !answer.boolean(0, 0);
}

} // namespace archive
