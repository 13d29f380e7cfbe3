#include "exports/task/task_check.hpp"

#include "db/in_transaction.hpp"
#include "exports/task/delete_statement.hpp"
#include "exports/task/select_shape.hpp"
#include "exports/task/task_sql.hpp"

#include <string>

namespace exports {

namespace {

using async::failure;

enum class which_file : unsigned char { select_sql, delete_sql };

std::string statement_of(const task& planned, which_file file, lake::day boundary) {
    if (file == which_file::select_sql)
        return shape_of_select(bound_sql_of(planned.select_sql, boundary)).query;
    return shape_of_delete(bound_sql_of(planned.delete_sql, boundary)).statement;
}

awaitable<void> explain(db::connection& session, const settings& exporting, const task& planned,
                        which_file file) {
    co_await session.execute("SET LOCAL TimeZone = " + db::connection::literal(exporting.time_zone));
    const auto asked = co_await session.query(
        "SELECT pg_catalog.to_char(current_date::pg_catalog.timestamp, 'YYYY-MM-DD'::pg_catalog.text)");
    const auto today = lake::day::from_text(asked.text(0, 0));
    if (!today)
        throw async::error(failure::precondition, "the database server's clock shows no usual date");
    const auto statement = statement_of(planned, file, exporting.boundary.value_or(*today));
    const auto name = planned.name + (file == which_file::select_sql ? "/select.sql" : "/delete.sql");
    static_cast<void>(co_await naming(name, session.query("EXPLAIN " + statement)));
}

awaitable<void> plan(db::connection& session, const settings& exporting, const task& planned,
                     which_file file) {
    db::transaction_options options(db::access::read_only);
    options.runs = db::statements::users;
    co_await db::read_in_transaction(session, options, explain(session, exporting, planned, file));
}

} // namespace

awaitable<void> plan_select(db::connection& session, const settings& exporting, const task& planned) {
    return plan(session, exporting, planned, which_file::select_sql);
}

awaitable<void> plan_delete(db::connection& session, const settings& exporting, const task& planned) {
    return plan(session, exporting, planned, which_file::delete_sql);
}

} // namespace exports
