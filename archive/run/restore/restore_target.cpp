#include "archive/run/restore/restore_target.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace archive {

using async::failure;

awaitable<void> must_be_insertable(db::connection& session, const table_description& table,
                                   restore_target kind) {
    const auto oid = std::to_string(table.named.oid);
    const auto found = co_await session.query(
        "SELECT has_table_privilege($1::oid, 'INSERT'::text), quote_ident(current_user::text),"
        " (SELECT count(*) FROM pg_class WHERE relpersistence = 'u' AND (oid = $1::oid OR oid IN"
        " (SELECT relid::oid FROM pg_partition_tree($1::oid::regclass))))",
        std::string_view(oid));
    if (!found.boolean(0, 0))
        throw async::error(failure::refused,
                           fmt::format("role {} may not insert into {}", found.text(0, 1), table.name),
                           fmt::format("GRANT INSERT ON {} TO {};", table.name, found.text(0, 1)));
    if (kind == restore_target::the_table_itself && found.integer(0, 2) > 0)
        throw async::error(
            failure::precondition,
            fmt::format("{} is unlogged: a crash of the server would empty it", table.name),
            fmt::format("ALTER TABLE {} SET LOGGED, or restore with --into TABLE.", table.name));
}

} // namespace archive
