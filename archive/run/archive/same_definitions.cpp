#include "archive/run/archive/same_definitions.hpp"

#include "archive/table/type_definitions.hpp"
#include "db/in_transaction.hpp"
#include "db/session_scope.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <functional>

namespace archive {

awaitable<void> must_have_kept_definitions(const run_context& context, const run_transaction& opened) {
    const auto known =
        co_await read_definitions(opened.session, opened.table.named.oid); // by the run's snapshot
    if (known.lines.empty())
        co_return;
    type_definitions now;
    const std::function<awaitable<void>(db::connection&)> ask =
        [&now, &opened](db::connection& session) -> awaitable<void> {
        const db::transaction_options options(db::access::read_only);
        now = co_await db::read_in_transaction(session, options,
                                               read_definitions(session, opened.table.named.oid));
    };
    co_await db::with_session(context.access(), ask);
    if (now != known)
        throw lake::conflict(fmt::format("the types of columns of {} were changed while its rows were read",
                                         opened.table.name));
}

} // namespace archive
