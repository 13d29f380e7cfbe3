#include "exports/task/encoding_check.hpp"

#include "async/ascii.hpp"
#include "async/error.hpp"
#include "db/lossy_encoding.hpp"
#include "exports/task/task_sql.hpp"

#include <fmt/format.h>

#include <string_view>

namespace exports {

namespace {

// Which has every character.
bool is_utf8(std::string_view encoding) {
    const auto name = async::uppercase(encoding);
    return name == "UTF8" || name == "UTF-8";
}

// Whether a row of the query has a text that this encoding does not give back.
awaitable<bool> loses_characters(db::connection& session, const std::string& task, const select_shape& select,
                                 std::string_view encoding) {
    const auto sql = fmt::format("SELECT EXISTS (SELECT FROM ({}\n) AS event_archiver_row WHERE {})",
                                 select.query, db::comes_back_otherwise("event_archiver_row", encoding));
    const auto found = co_await naming(task + "/select.sql", session.query(sql));
    co_return found.boolean(0, 0);
}

} // namespace

awaitable<void> must_come_back(db::connection& session, std::string task, const select_shape& select) {
    const auto of_database = co_await db::lossy_encoding(session);
    if (!of_database.empty() && co_await loses_characters(session, task, select, "UTF8"))
        throw async::error(
            async::failure::precondition,
            fmt::format("task '{}': rows have a character for which {} has two codes: in the file it would be"
                        " the other one, and they would be deleted",
                        task, of_database),
            db::usual_codes_hint("(the query of select.sql)"));
    if (!select.encoding.empty() && !is_utf8(select.encoding) &&
        co_await loses_characters(session, task, select, select.encoding))
        throw async::error(async::failure::precondition,
                           fmt::format("task '{}': rows have a character that ENCODING '{}' writes as another"
                                       " one, and they would be deleted",
                                       task, select.encoding),
                           "Remove ENCODING from select.sql: the file is then UTF-8, which has each "
                           "character. Or convert the file afterwards, where this loss is wanted.");
}

} // namespace exports
