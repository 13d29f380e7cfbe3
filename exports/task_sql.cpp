#include "exports/task_sql.hpp"

#include "exports/placeholders.hpp"

#include <fmt/format.h>

namespace exports {

namespace {

// As the service that this one replaces writes it: midnight without a zone, which PostgreSQL reads in the
// session's zone wherever a zone matters.
std::string literal_of(lake::day boundary) {
    return fmt::format("'{}T00:00:00'::timestamp", boundary.text());
}

} // namespace

std::string bound_sql_of(std::string_view sql, lake::day boundary) {
    auto result = bind_boundary(sql, literal_of(boundary));
    if (!result.mistake.empty())
        throw async::error(async::failure::precondition, result.mistake);
    return std::move(result.text);
}

void throw_unequal(const std::string& task, std::uint64_t exported, std::string_view did,
                   std::uint64_t other) {
    throw async::error(
        async::failure::integrity,
        fmt::format("task '{}': {} rows were exported, but the server {} {}", task, exported, did, other),
        "select.sql and delete.sql do not mean the same rows, or a trigger or a row security policy "
        "stands between. Nothing was deleted.");
}

} // namespace exports
