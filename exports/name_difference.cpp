// Which columns select.sql writes otherwise than the table has them, for the message of a difference.
// Tested by tests/integration/test_export_rows.py.

#include "csv/dialect.hpp"
#include "db/each_row.hpp"
#include "db/error.hpp"
#include "exports/attempt.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <stdexcept>

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

// The deleted rows are in the table for this look: it has the same snapshot, before the DELETE. Returns a
// clause with the names; empty if the sampled rows are in the table as they were exported.
awaitable<std::string> exporter::columns_that_differ(attempt& work) const {
    const auto& known = work.sampled.taken();
    std::set<std::string> names;
    try {
        co_await work.session.execute("ROLLBACK TO SAVEPOINT deleting");
        for (std::size_t at = 0; at < known.rows.size(); ++at) {
            const auto& exported = work.sampled.texts()[at];
            const db::row_function compare = [&names, &known, &exported](std::string_view row) {
                if (!exported.empty())
                    names.merge(different_fields(known.columns, exported, row));
            };
            co_await db::for_each_row(work.session, look_sql(known, known.rows[at]), compare);
        }
    } catch (const db::error&) { // a key that is written in another way may be no value of its type
    }
    co_return names.empty() ? std::string()
                            : fmt::format(": '{}' differs from what the table has", fmt::join(names, "', '"));
}

} // namespace exports
