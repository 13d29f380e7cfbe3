#include "archive/run/digest_of_copy.hpp"

namespace archive {

awaitable<lake::content_digest> digest_of_copy(db::connection& session, std::string copy_sql) {
    auto copy = co_await session.start_copy_out(copy_sql);
    lake::content_digest rows;
    do {
        while (const auto row = copy.next())
            rows.add(row->text());
    } while (co_await copy.wait());
    co_return rows;
}

} // namespace archive
