#include "archive/run/digest_of_copy.hpp"

#include "db/each_row.hpp"

#include <string_view>
#include <utility>

namespace archive {

awaitable<lake::content_digest> digest_of_copy(db::connection& session, std::string copy_sql) {
    lake::content_digest rows;
    const db::row_function add = [&rows](std::string_view row) { rows.add(row); };
    co_await db::for_each_row(session, std::move(copy_sql), add);
    co_return rows;
}

} // namespace archive
