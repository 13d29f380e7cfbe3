#include "archive/table/row_lookup.hpp"

#include "archive/table/row_key.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "db/array_text.hpp"
#include "db/each_row.hpp"
#include "db/error.hpp"
#include "db/in_savepoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace archive {

using async::failure;

namespace {

// One column of the keys.
std::string array_literal(std::span<const wanted_row> rows, std::size_t column) {
    db::array_text array;
    for (const auto& row : rows)
        array.add(row.key.at(column));
    return db::connection::literal(array.text());
}

// format_type names it "character", which as a type's name means one character.
std::string_view array_type(std::string_view type) noexcept { return type == "character" ? "bpchar" : type; }

std::string lookup_sql(const table_description& table, const std::vector<std::string>& columns,
                       std::span<const wanted_row> rows, std::string_view where) {
    std::vector<std::string> selected;
    for (const auto& column : columns)
        selected.push_back(db::connection::identifier(column));
    std::vector<std::string> names;
    std::vector<std::string> looked_up;
    for (std::size_t at = 0; at < table.keys.size(); ++at) {
        names.push_back(table.keys[at].quoted);
        looked_up.push_back(fmt::format("event_archiver_{}", at));
    }
    const auto arrays = key_arrays(table, rows);
    const auto matches = names.size() == 1
                             ? fmt::format("{} = ANY({})", names.front(), arrays)
                             : fmt::format("({}) IN (SELECT {} FROM unnest({}) AS event_archiver_keys({}))",
                                           fmt::join(names, ", "), fmt::join(looked_up, ", "), arrays,
                                           fmt::join(looked_up, ", "));
    return fmt::format("COPY (SELECT {} FROM {} WHERE {} AND {}{}) TO STDOUT (FORMAT csv)",
                       fmt::join(selected, ", "), table.name, matches, own_rows(table),
                       where.empty() ? std::string() : fmt::format(" AND ({})", where));
}

awaitable<void> look_up(db::connection& session, std::string sql, row_key& key_of,
                        std::span<const wanted_row> rows, std::vector<row_presence>& result) {
    std::unordered_multimap<std::string, std::uint64_t> there; // key, CRC
    std::unordered_set<std::string> keys;
    for (const auto& wanted : rows)
        keys.insert(joined_key(wanted.key));
    std::size_t otherwise = 0; // rows of a key that is equal by its type, and has another text
    const db::row_function add = [&](std::string_view row) {
        auto key = joined_key(key_of.fields_of(row));
        otherwise += keys.contains(key) ? 0 : 1;
        there.emplace(std::move(key), row_crc(row));
    };
    co_await db::for_each_row(session, std::move(sql), add);
    for (const auto& wanted : rows) {
        auto [first, last] = there.equal_range(joined_key(wanted.key));
        auto seen = first == last ? row_presence::absent : row_presence::other_content;
        if (first == last && otherwise > 0) {
            seen = row_presence::other_content; // which of them it is does not matter
            --otherwise;
        }
        const auto same =
            std::find_if(first, last, [&wanted](const auto& entry) { return entry.second == wanted.crc; });
        if (same != last) {
            seen = row_presence::to_the_letter;
            same->second = ~wanted.crc; // it counts for this row only
        }
        result.push_back(seen);
    }
}

// The sample's key in the order of the table's; nullopt if it is of other columns.
std::optional<wanted_row> wanted_sample(const lake::file_mark& mark, const table_description& table) {
    const auto& sample = mark.now.sample;
    if (!sample || mark.table != table.named.in_mark() || sample->key_columns.size() != table.keys.size())
        return std::nullopt;
    wanted_row row;
    for (const auto& key : table.keys) {
        const auto found = std::ranges::find(sample->key_columns, key.name);
        if (found == sample->key_columns.end())
            return std::nullopt;
        row.key.push_back(sample->key[static_cast<std::size_t>(found - sample->key_columns.begin())]);
    }
    row.crc = sample->row_crc.value_or(0);
    return row;
}

sample_seen seen_of(row_presence presence, const lake::file_mark& mark, const table_description& table) {
    if (presence == row_presence::absent)
        return sample_seen::not_in_table;
    const auto header = csv::header_line(table.columns);
    const bool comparable = mark.now.sample->row_crc && mark.now.header == row_crc(header) &&
                            (mark.now.types == 0 || mark.now.types == table.types);
    if (presence == row_presence::to_the_letter && mark.now.sample->row_crc)
        return sample_seen::to_the_letter;
    return comparable ? sample_seen::not_in_table : sample_seen::key_only;
}

} // namespace

std::string key_array(const table_description& table, std::span<const wanted_row> rows, std::size_t column) {
    return fmt::format("{}::{}[]", array_literal(rows, column), array_type(table.keys[column].type));
}

std::string key_arrays(const table_description& table, std::span<const wanted_row> rows) {
    std::vector<std::string> arrays;
    for (std::size_t at = 0; at < table.keys.size(); ++at)
        arrays.push_back(key_array(table, rows, at));
    return fmt::format("{}", fmt::join(arrays, ", "));
}

awaitable<std::vector<row_presence>> rows_in_table(db::connection& session, const table_description& table,
                                                   const std::vector<std::string>& columns,
                                                   std::span<const wanted_row> rows, std::string where) {
    std::vector<row_presence> result;
    row_key key_of(table, columns);
    for (std::size_t from = 0; from < rows.size(); from += rows_per_query) {
        const auto part = rows.subspan(from, std::min(rows_per_query, rows.size() - from));
        co_await look_up(session, lookup_sql(table, columns, part, where), key_of, part, result);
    }
    co_return result;
}

namespace {

awaitable<void> add_rows(db::connection& session, const table_description& table,
                         const std::vector<wanted_row>& rows, std::string where,
                         std::vector<row_presence>& seen) {
    seen = co_await rows_in_table(session, table, table.columns, rows, where);
}

// nullopt if one of them is no value of the key's types.
awaitable<std::optional<std::vector<row_presence>>> rows_if_keys(db::connection& session,
                                                                 const table_description& table,
                                                                 const std::vector<wanted_row>& rows,
                                                                 std::string where) {
    std::vector<row_presence> seen;
    const auto refused = co_await db::in_savepoint(session, add_rows(session, table, rows, where, seen));
    if (!refused)
        co_return seen;
    if (!refused->state().starts_with("22")) // data exception
        throw db::error(*refused);
    co_return std::nullopt;
}

} // namespace

awaitable<std::map<const lake::listed_file*, sample_seen>>
look_for_samples(db::connection& session, const table_description& table,
                 const std::vector<const lake::listed_file*>& files, std::string where) {
    std::map<const lake::listed_file*, sample_seen> seen;
    std::vector<const lake::listed_file*> asked;
    std::vector<wanted_row> wanted;
    for (const auto* file : files) {
        auto row = file->mark.mark ? wanted_sample(*file->mark.mark, table) : std::nullopt;
        if (!row) {
            seen.emplace(file, sample_seen::no_sample);
            continue;
        }
        asked.push_back(file);
        wanted.push_back(std::move(*row));
    }
    if (wanted.empty())
        co_return seen;
    // A mark may have been edited. A sample that is not a key must not look like a failure of the database.
    const auto found = co_await rows_if_keys(session, table, wanted, where);
    for (std::size_t each = 0; !found && each < wanted.size(); ++each) {
        const std::vector<wanted_row> one{wanted[each]};
        const auto alone = co_await rows_if_keys(session, table, one, where);
        if (!alone)
            throw async::error(
                failure::precondition,
                fmt::format("'{}': its metadata cannot be read: its 'sample' is not a key of {}",
                            asked[each]->properties.name, table.name),
                "Restore its metadata, or move the file away. docs/protocol.md names the fields.");
    }
    if (!found)
        throw async::error(failure::internal,
                           "PostgreSQL refuses the samples together, but none of them alone");
    for (std::size_t each = 0; each < asked.size(); ++each)
        seen.emplace(asked[each], seen_of((*found)[each], *asked[each]->mark.mark, table));
    co_return seen;
}

} // namespace archive
