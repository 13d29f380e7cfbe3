#include "exports/settle/comparison.hpp"

#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"
#include "db/connection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <variant>

namespace exports {

namespace {

using names = std::vector<std::string>;

constexpr std::string_view plain_options = "(FORMAT csv, HEADER)";

bool contains(const names& all, const std::string& one) { return std::ranges::find(all, one) != all.end(); }

bool contains(const names& all, const names& some) {
    return std::ranges::all_of(some, [&all](const auto& one) { return contains(all, one); });
}

// The names in the header, or why they cannot be told apart.
std::variant<names, std::string> names_in(const select_shape& select, std::string_view header,
                                          const target_table& target) {
    names found;
    try {
        if (select.usual_dialect)
            found = csv::split_row(header);
        else // in another dialect the server checks the columns
            found = target.columns;
    } catch (const std::invalid_argument&) {
        return std::string("the names in the header that select.sql sends are not understood");
    }
    if (target.columns.empty())
        return fmt::format("{} has no columns", target.name);
    const std::set<std::string> different(found.begin(), found.end());
    for (const auto& each : different)
        if (std::ranges::count(found, each) > 1)
            return fmt::format("select.sql has two columns '{}'", each);
    return found;
}

std::string foreign_column(const names& exported, const target_table& target) {
    const auto foreign =
        std::ranges::find_if(exported, [&](const auto& each) { return !contains(target.columns, each); });
    return foreign == exported.end() ? std::string() : *foreign;
}

std::string keys_of(const target_table& target) {
    if (target.keys.empty())
        return "it has no unique key";
    return fmt::format("a unique key of it is ({})", fmt::join(target.keys.front(), ", "));
}

} // namespace

comparison comparison_of(const select_shape& select, std::string_view header, const target_table& target) {
    comparison how;
    how.obstacle = target.obstacle;
    const auto read = names_in(select, header, target);
    if (const auto* why = std::get_if<std::string>(&read); why != nullptr && how.obstacle.empty())
        how.obstacle = *why;
    if (!how.obstacle.empty())
        return how;
    const auto& exported = std::get<names>(read);
    const auto foreign = foreign_column(exported, target);
    const bool whole_rows = contains(exported, target.columns);
    if (foreign.empty()) {
        const bool by_key = std::ranges::any_of(
            target.keys, [&exported](const auto& key) { return contains(exported, key); });
        how.columns = exported;
        how.options = select.options;
        for (const auto& each : target.columns)
            if (!contains(exported, each))
                how.left_out.push_back(each);
        if (!whole_rows && !by_key)
            how.obstacle = fmt::format("select.sql exports neither all columns of {} nor a unique key: {}",
                                       target.name, keys_of(target));
    } else if (whole_rows && select.plain_dialect) {
        how.columns = target.columns;
        how.options = plain_options;
        for (const auto& each : how.columns)
            how.positions.push_back(
                static_cast<std::size_t>(std::ranges::find(exported, each) - exported.begin()));
    } else {
        how.obstacle =
            fmt::format("'{}', which select.sql exports, is not a column of {}", foreign, target.name);
    }
    return how;
}

std::string copy_deleted_sql(const delete_shape& statement, const comparison& how) {
    std::string columns;
    for (const auto& each : how.columns)
        columns += fmt::format("{}{}.{}", columns.empty() ? "" : ", ", statement.column_qualifier,
                               db::connection::identifier(each));
    return fmt::format("COPY ({}\nRETURNING {}) TO STDOUT {}", statement.statement, columns, how.options);
}

void row_digest::add(std::string_view row) {
    if (positions_.empty())
        return value_.add(row);
    // The text of each field, and whether it is NULL: how it is quoted does not matter.
    ends_.resize(*std::ranges::max_element(positions_) + 1);
    if (csv::find_field_ends(row, ends_) < ends_.size())
        return value_.add(row); // it is not a row of this file: its digest will not match
    text_.clear();
    for (const auto position : positions_) {
        const auto raw = csv::raw_field(row, ends_, position);
        const auto text = csv::unquoted(raw, unquoted_);
        text_ += fmt::format("{}{}:", raw.empty() ? 'n' : 't', text.size());
        text_ += text;
    }
    value_.add(text_);
}

} // namespace exports
