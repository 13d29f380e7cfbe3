// Tested by tests/unit/db/copy_test.cpp.
#include "db/each_row.hpp"

namespace db {

awaitable<std::uint64_t> for_each_row(connection& session, std::string sql, row_function take,
                                      std::optional<std::uint64_t> rows_expected) {
    auto copy = co_await session.start_copy_out(sql, rows_expected);
    do {
        while (const auto row = copy.next())
            take(row->text());
    } while (co_await copy.wait());
    co_return copy.rows_sent();
}

} // namespace db
