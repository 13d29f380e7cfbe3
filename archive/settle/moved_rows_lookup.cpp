#include "archive/settle/moved_rows_lookup.hpp"

#include "archive/table/row_key.hpp"
#include "csv/field_ends.hpp"
#include "csv/row_scanner.hpp"
#include "db/each_row.hpp"
#include "lake/mark_change.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace archive {

namespace {

// Asked for together: without an index by the rest of the key, a question reads the whole table.
constexpr std::size_t missing_rows_max = 10 * rows_per_query;

std::optional<std::uint64_t> number_of(std::string_view transaction) {
    std::uint64_t number = 0;
    const auto* const end = transaction.data() + transaction.size();
    const auto [stopped, failed] = std::from_chars(transaction.data(), end, number);
    if (failed != std::errc() || stopped != end)
        return std::nullopt;
    return number;
}

template <typename Element>
std::vector<Element> without(const std::vector<Element>& all, const std::vector<std::size_t>& places) {
    std::vector<Element> left;
    for (std::size_t at = 0; at < all.size(); ++at)
        if (std::ranges::find(places, at) == places.end())
            left.push_back(all[at]);
    return left;
}

std::string equal_keys(const table_description& table, std::string_view left) {
    std::vector<std::string> pairs;
    for (std::size_t at = 0; at < table.keys.size(); ++at)
        pairs.push_back(
            fmt::format("{}{} = event_archiver_keys.event_archiver_{}", left, table.keys[at].quoted, at));
    return fmt::format("{}", fmt::join(pairs, " AND "));
}

} // namespace

// A row has 32 bits of the number of its transaction.
std::string written_since(const db::transaction_mark& author, const db::server_position& here,
                          const std::vector<db::transaction_mark>& restores) {
    constexpr std::uint64_t numbers = std::uint64_t{1} << 32;
    const auto number = number_of(author.transaction);
    if (!number || db::compare_histories(author.position, here) != db::history::same)
        return {};
    auto text = fmt::format("(xmin::text::bigint - {1} + {2}) % {2} BETWEEN 1 AND (SELECT"
                            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint - {0})",
                            *number, *number % numbers, numbers);
    for (const auto& restore : restores)
        if (const auto other = number_of(restore.transaction);
            other && db::compare_histories(restore.position, here) == db::history::same)
            text += fmt::format(" AND xmin::text::bigint <> {}", *other % numbers);
    return text;
}

std::optional<moved_search> moved_since(const lake::file_mark& mark, const db::server_position& here) {
    moved_search search;
    search.since = written_since(lake::awaited(mark).value(), here);
    search.any = mark.restoring.has_value();
    if (!search.any && search.since.empty())
        return std::nullopt;
    return search;
}

moved_rows_lookup::moved_rows_lookup(db::connection& session, const table_description& table,
                                     const std::vector<std::string>& columns,
                                     const std::vector<std::string>& compared, moved_search search,
                                     bool narrowed)
    : session_(session)
    , table_(table)
    , search_(std::move(search))
    , narrowed_(narrowed)
    , by_rest_(table)
    , moments_(moments_in_key(table)) {
    if (!table.named.may_select_all) // it may not read xmin
        search_.since.clear();
    able_ = !moments_.empty() && moments_.size() < table.keys.size();
    if (!able_)
        return;
    alike_ = compared == columns && !search_.alike.empty() && !search_.since.empty();
    by_rest_.keys = without(table.keys, moments_);
    std::set<std::string> moments{table.time_column};
    for (const auto place : moments_)
        moments.insert(table.keys[place].quoted);
    for (const auto& column : columns) {
        left_out_.push_back(moments.contains(db::connection::identifier(column)));
        if (!left_out_.back())
            columns_.push_back(column);
    }
    ends_.resize(columns.size());
}

void moved_rows_lookup::note(std::string_view row) {
    if (!able_)
        return;
    if (!alike_) {
        crcs_.push_back(0);
        return;
    }
    if (csv::find_field_ends(row.substr(0, row.size() - 1), ends_) != ends_.size())
        throw csv::malformed("a row with another number of fields than the header", 0, 0);
    rest_.clear();
    for (std::size_t at = 0; at < ends_.size(); ++at)
        if (!left_out_[at])
            rest_.append(csv::raw_field(row, ends_, at)).push_back(',');
    rest_.back() = '\n'; // the rest of the key is there
    crcs_.push_back(row_crc(rest_));
}

wanted_row moved_rows_lookup::rest_of(const wanted_row& whole, std::uint64_t crc) const {
    return {without(whole.key, moments_), crc};
}

awaitable<void> moved_rows_lookup::take(std::span<const wanted_row> rows,
                                        std::span<const row_presence> found) {
    if (!able_ || std::ranges::find(found, row_presence::absent) == found.end()) {
        crcs_.clear();
        co_return;
    }
    std::unordered_map<std::string, std::size_t> times;
    for (std::size_t each = 0; each < rows.size(); ++each)
        ++times[joined_key(rest_of(rows[each], 0).key)];
    for (std::size_t each = 0; each < rows.size(); ++each) {
        if (found[each] != row_presence::absent)
            continue;
        auto rest = rest_of(rows[each], crcs_[each]);
        const bool shared = times[joined_key(rest.key)] > 1;
        missing_.push_back({rows[each], std::move(rest), shared});
    }
    crcs_.clear();
    if (missing_.size() >= missing_rows_max)
        co_await look();
}

awaitable<void> moved_rows_lookup::finish() {
    if (!missing_.empty())
        co_await look();
}

awaitable<void> moved_rows_lookup::look() {
    if (narrowed_)
        co_await leave_out_those_there();
    if (search_.any) {
        co_await look_for_any();
    } else {
        co_await look_for_the_only_one();
        if (alike_ && !missing_.empty())
            co_await look_for_alike();
    }
    missing_.clear();
}

awaitable<void> moved_rows_lookup::leave_out_those_there() {
    std::vector<wanted_row> rows;
    std::vector<std::string> names;
    for (const auto& row : missing_)
        rows.push_back(row.whole);
    for (const auto& key : table_.keys)
        names.push_back(key.name);
    const auto found = co_await rows_in_table(session_, table_, names, rows);
    auto next = found.begin();
    std::erase_if(missing_, [&next](const missing_row&) { return *next++ != row_presence::absent; });
}

// As a table of the keys of `rows`, numbered from 1 on.
std::string moved_rows_lookup::numbered_keys(const std::vector<wanted_row>& rows) const {
    std::vector<std::string> names;
    for (std::size_t at = 0; at < by_rest_.keys.size(); ++at)
        names.push_back(fmt::format("event_archiver_{}", at));
    return fmt::format("unnest({}) WITH ORDINALITY AS event_archiver_keys({}, event_archiver_number)",
                       key_arrays(by_rest_, rows), fmt::join(names, ", "));
}

std::string moved_rows_lookup::candidates(const std::string& where) const {
    return fmt::format("{}{}{}", own_rows(table_),
                       search_.since.empty() ? std::string() : fmt::format(" AND {}", search_.since),
                       where.empty() ? std::string() : fmt::format(" AND ({})", where));
}

awaitable<void> moved_rows_lookup::look_for_any() {
    std::vector<wanted_row> rows;
    for (const auto& row : missing_)
        rows.push_back(row.rest);
    const auto sql = fmt::format("SELECT count(*) FROM {} WHERE EXISTS (SELECT FROM {} AS event_archiver_rows"
                                 " WHERE {} AND {})",
                                 numbered_keys(rows), table_.name,
                                 equal_keys(by_rest_, "event_archiver_rows."), candidates(search_.where));
    const auto found = co_await session_.query(sql);
    moved_ += static_cast<std::uint64_t>(found.integer(0, 0));
}

// Of `rows`, by number, those whose rest of the key one row of the table has, and the time of that.
std::string moved_rows_lookup::the_only_ones_sql(const std::vector<wanted_row>& rows) const {
    std::vector<std::string> selected;
    std::vector<std::string> pairs;
    for (std::size_t at = 0; at < by_rest_.keys.size(); ++at) {
        selected.push_back(fmt::format("{} AS event_archiver_{}", by_rest_.keys[at].quoted, at));
        pairs.push_back(fmt::format(
            "event_archiver_rows.event_archiver_{0} = event_archiver_keys.event_archiver_{0}", at));
    }
    std::vector<std::string> same; // of two rows with the same rest of the key: they are one
    for (std::size_t at = 0; at < moments_.size(); ++at) {
        const auto& moment = table_.keys[moments_[at]].quoted;
        selected.push_back(fmt::format("{} AS event_archiver_moment_{}", moment, at));
        same.push_back(fmt::format("event_archiver_others.{} = event_archiver_rows.event_archiver_moment_{}",
                                   moment, at));
    }
    return fmt::format(
        "SELECT event_archiver_keys.event_archiver_number, min(event_archiver_rows.event_archiver_time)::text"
        " FROM {keys} JOIN (SELECT {selected}, {time} AS event_archiver_time FROM {table} WHERE {candidates})"
        " AS event_archiver_rows ON {pairs} WHERE NOT EXISTS (SELECT FROM {table} AS event_archiver_others"
        " WHERE {own} AND {equal} AND NOT ({same})) GROUP BY 1",
        fmt::arg("keys", numbered_keys(rows)), fmt::arg("selected", fmt::join(selected, ", ")),
        fmt::arg("time", table_.time_column), fmt::arg("table", table_.name),
        fmt::arg("candidates", candidates(search_.where)), fmt::arg("pairs", fmt::join(pairs, " AND ")),
        fmt::arg("own", own_rows(table_, "event_archiver_others.")),
        fmt::arg("equal", equal_keys(by_rest_, "event_archiver_others.")),
        fmt::arg("same", fmt::join(same, " AND ")));
}

// Counts the rows whose rest of the key one row of the table has, and takes them from those that are missing.
awaitable<void> moved_rows_lookup::look_for_the_only_one() {
    std::unordered_map<std::string, std::size_t> times;
    for (const auto& row : missing_)
        ++times[joined_key(row.rest.key)];
    std::vector<wanted_row> rows;
    std::vector<std::size_t> places;
    for (std::size_t each = 0; each < missing_.size(); ++each)
        if (!missing_[each].shared && times[joined_key(missing_[each].rest.key)] == 1) {
            rows.push_back(missing_[each].rest);
            places.push_back(each);
        }
    if (rows.empty())
        co_return;
    const auto sql = the_only_ones_sql(rows);
    const auto found = co_await session_.query(sql);
    std::vector<bool> told(missing_.size());
    for (int row = 0; row < found.rows(); ++row) {
        const auto place = places.at(static_cast<std::size_t>(found.integer(row, 0)) - 1);
        count(missing_[place], found.text(row, 1));
        told[place] = true;
    }
    auto next = told.begin();
    std::erase_if(missing_, [&next](const missing_row&) { return *next++; });
}

// One row of the table counts for one that is missing.
awaitable<void> moved_rows_lookup::look_for_alike() {
    std::unordered_multimap<std::string, const missing_row*> wanted;
    std::vector<wanted_row> rows;
    for (const auto& row : missing_) {
        wanted.emplace(joined_key(row.rest.key), &row);
        rows.push_back(row.rest);
    }
    std::vector<std::string> selected{table_.time_column};
    for (const auto& column : columns_)
        selected.push_back(db::connection::identifier(column));
    auto sql =
        fmt::format("COPY (SELECT {} FROM {} AS event_archiver_rows WHERE {} AND EXISTS (SELECT FROM {}"
                    " WHERE {})) TO STDOUT (FORMAT csv)",
                    fmt::join(selected, ", "), table_.name, candidates(search_.alike), numbered_keys(rows),
                    equal_keys(by_rest_, "event_archiver_rows."));
    row_key key_of(by_rest_, columns_);
    const db::row_function take = [&](std::string_view row) {
        const auto comma = row.find(',');
        const auto rest = row.substr(comma + 1);
        const auto crc = row_crc(rest);
        const auto [first, last] = wanted.equal_range(joined_key(key_of.fields_of(rest)));
        const auto same =
            std::find_if(first, last, [crc](const auto& entry) { return entry.second->rest.crc == crc; });
        if (same == last)
            return;
        count(*same->second, row.substr(0, comma));
        wanted.erase(same);
    };
    co_await db::for_each_row(session_, std::move(sql), take);
}

void moved_rows_lookup::count(const missing_row& row, std::string_view time) {
    ++moved_;
    if (shown_.size() < keys_shown)
        shown_.push_back(fmt::format("{} (now {})", fmt::join(row.whole.key, "/"), time));
}

} // namespace archive
