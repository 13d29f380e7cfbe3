#include "archive/settle/moved_rows_lookup.hpp"

#include "archive/settle/alike_rows.hpp"
#include "archive/table/row_key.hpp"
#include "async/error.hpp"
#include "csv/field_ends.hpp"
#include "csv/row_scanner.hpp"
#include "db/each_row.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace archive {

namespace {

// Asked for together: without an index by the rest of the key, a question reads the whole table.
constexpr std::size_t missing_rows_max = 10 * rows_per_query;

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
    by_rest_.keys = without(table.keys, moments_);
    has_rest_ = !moments_.empty() && !by_rest_.keys.empty();
    can_look_ = !moments_.empty() || table.keys.size() > 1;
    compares_ = compared == columns && !search_.other_types;
    std::set<std::string> apart{table.time_column};
    for (const auto& key : table.keys)
        apart.insert(key.quoted);
    for (const auto& column : columns) {
        left_out_.push_back(apart.contains(db::connection::identifier(column)));
        if (!left_out_.back())
            columns_.push_back(column);
    }
    ends_.resize(columns.size());
}

std::uint64_t moved_rows_lookup::crc_apart(std::string_view row) {
    if (csv::find_field_ends(row.substr(0, row.size() - 1), ends_) != ends_.size())
        throw csv::malformed("a row with another number of fields than the header", 0, 0);
    apart_.clear();
    for (std::size_t at = 0; at < ends_.size(); ++at)
        if (!left_out_[at])
            apart_.append(csv::raw_field(row, ends_, at)).push_back(',');
    return row_crc(apart_);
}

void moved_rows_lookup::note(std::string_view row) {
    if (can_look_)
        crcs_.push_back(compares_ && search_.alike ? crc_apart(row) : 0);
}

wanted_row moved_rows_lookup::rest_of(const wanted_row& whole, std::uint64_t crc) const {
    return {without(whole.key, moments_), crc};
}

awaitable<void> moved_rows_lookup::take(std::span<const wanted_row> rows,
                                        std::span<const row_presence> found) {
    const auto crcs = std::exchange(crcs_, {});
    if (!can_look_ || moved_ > keys_shown || std::ranges::find(found, row_presence::absent) == found.end())
        co_return;
    std::unordered_map<std::string, std::size_t> times;
    for (const auto& each : rows)
        ++times[joined_key(rest_of(each, 0).key)];
    for (std::size_t each = 0; each < rows.size(); ++each) {
        if (found[each] != row_presence::absent)
            continue;
        auto rest = rest_of(rows[each], crcs[each]);
        const bool shared = times[joined_key(rest.key)] > 1;
        missing_.push_back({rows[each], std::move(rest), shared});
    }
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
    if (search_.any && has_rest_)
        co_await look_for_any();
    else if (has_rest_)
        co_await look_for_the_only_one();
    if (search_.alike && !missing_.empty())
        co_await look_for_alike();
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
    std::vector<bool> there;
    for (const auto each : found)
        there.push_back(each != row_presence::absent);
    leave_out(there);
}

void moved_rows_lookup::leave_out(const std::vector<bool>& told) {
    std::vector<missing_row> left;
    for (std::size_t each = 0; each < missing_.size(); ++each)
        if (!told[each])
            left.push_back(std::move(missing_[each]));
    missing_ = std::move(left);
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
    leave_out(told);
}

std::string moved_rows_lookup::alike_sql(const std::vector<wanted_row>& rows) const {
    std::vector<std::string> selected{table_.time_column, search_.own_day};
    for (const auto& key : by_rest_.keys)
        selected.push_back(key.quoted);
    if (compares_)
        for (const auto& column : columns_)
            selected.push_back(db::connection::identifier(column));
    std::vector<std::string> shared;
    for (std::size_t part = 0; part < by_rest_.keys.size(); ++part)
        shared.push_back(
            fmt::format("{} = ANY({})", by_rest_.keys[part].quoted, key_array(by_rest_, rows, part)));
    if (shared.empty())
        shared.emplace_back("true");
    return fmt::format(
        "COPY (SELECT {} FROM {} AS event_archiver_rows WHERE {} AND ({})) TO STDOUT (FORMAT csv)",
        fmt::join(selected, ", "), table_.name, candidates(*search_.alike), fmt::join(shared, " OR "));
}

// Which columns of the key a row lost with its time is not known where one holds the day as a number or a
// text. So one of them is enough on another day, and where all are times, what stands beside the key.
awaitable<void> moved_rows_lookup::look_for_alike() {
    std::vector<wanted_row> rows;
    for (const auto& row : missing_)
        rows.push_back(row.rest);
    alike_rows wanted(rows);
    std::string storage;
    constexpr std::size_t in_front = 2; // the time, and whether it is of the file's day
    const auto apart_from = in_front + by_rest_.keys.size();
    std::vector<std::size_t> ends(apart_from + (compares_ ? columns_.size() : 0));
    const db::row_function take = [&](std::string_view row) {
        if (csv::find_field_ends(row, ends) != ends.size())
            throw async::error(async::failure::internal, "PostgreSQL has sent a row of other columns");
        wanted_row there;
        for (std::size_t at = in_front; at < apart_from; ++at)
            there.key.emplace_back(csv::unquoted(csv::raw_field(row, ends, at), storage));
        apart_.clear();
        for (std::size_t at = apart_from; at < ends.size(); ++at)
            apart_.append(csv::raw_field(row, ends, at)).push_back(',');
        there.crc = compares_ ? row_crc(apart_) : 0;
        const bool own_day = csv::raw_field(row, ends, 1) == "t";
        const bool tells_little = !compares_ && has_rest_;
        const auto shared = own_day || tells_little ? key_share::all_columns : key_share::a_column;
        if (const auto same = wanted.take(there, shared))
            count(missing_[*same], csv::raw_field(row, ends, 0));
    };
    auto sql = alike_sql(rows);
    co_await db::for_each_row(session_, std::move(sql), take);
}

void moved_rows_lookup::count(const missing_row& row, std::string_view time) {
    ++moved_;
    if (shown_.size() < keys_shown)
        shown_.push_back(fmt::format("{} (now {})", fmt::join(row.whole.key, "/"), time));
}

} // namespace archive
