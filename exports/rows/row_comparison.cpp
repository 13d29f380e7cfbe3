#include "exports/rows/row_comparison.hpp"

#include "csv/dialect.hpp"
#include "db/each_row.hpp"
#include "db/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>

namespace exports {

namespace {

// Names of the fields in which the two rows differ; empty if they are not rows of these columns.
std::set<std::string> different_fields(const std::vector<std::string>& columns, std::string_view one,
                                       std::string_view other) {
    std::set<std::string> found;
    try {
        const auto left = csv::split_row(one);
        const auto right = csv::split_row(other);
        if (left.size() == columns.size() && right.size() == columns.size())
            for (std::size_t at = 0; at < columns.size(); ++at)
                if (left[at] != right[at])
                    found.insert(columns[at]);
    } catch (const std::invalid_argument&) {
        return {};
    }
    return found;
}

} // namespace

std::string row_comparison::plan(const select_shape& select, std::string_view header, std::string time_zone) {
    if (!target_)
        return {};
    how_ = comparison_of(select, header, *target_);
    if (!how_.obstacle.empty())
        return how_.obstacle;
    header_ = header;
    exported_ = row_digest(how_.positions);
    std::vector<std::size_t> positions(how_.positions.size());
    std::iota(positions.begin(), positions.end(), 0U);
    deleted_ = row_digest(std::move(positions));
    evidence_ = evidence_taker(how_, *target_, select.plain_dialect, std::move(time_zone));
    if (how_.positions.empty())
        sampled_ = evidence_;
    return {};
}

void row_comparison::add_exported(std::string_view row) {
    if (!target_)
        return;
    exported_.add(row);
    sampled_.add(row);
}

bool row_comparison::add_deleted(std::string_view line) {
    if (std::exchange(header_due_, false))
        return !how_.positions.empty() || line == header_;
    deleted_.add(line);
    evidence_.add(line);
    return true;
}

// The deleted rows are in the table for this look: it has the same snapshot, before the DELETE.
awaitable<std::string> row_comparison::columns_that_differ(db::connection& session) const {
    const auto& known = sampled_.taken();
    std::set<std::string> names;
    try {
        co_await session.execute("ROLLBACK TO SAVEPOINT deleting");
        for (std::size_t at = 0; at < known.rows.size(); ++at) {
            const auto& exported = sampled_.texts()[at];
            const db::row_function compare = [&names, &known, &exported](std::string_view row) {
                if (!exported.empty())
                    names.merge(different_fields(known.columns, exported, row));
            };
            co_await db::for_each_row(session, look_sql(known, std::span(&known.rows[at], 1)), compare);
        }
    } catch (const db::error&) { // a key that is written in another way may be no value of its type
    }
    co_return names.empty() ? std::string()
                            : fmt::format(": '{}' differs from what the table has", fmt::join(names, "', '"));
}

} // namespace exports
