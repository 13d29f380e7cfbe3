#include "db/result.hpp"

#include "async/error.hpp"
#include "async/number.hpp"
#include "db/impl/libpq.hpp"

namespace db {

namespace {

PGresult* of(const std::shared_ptr<void>& handle) { return static_cast<PGresult*>(handle.get()); }

} // namespace

result::result(void* handle)
    : handle_(handle, [](void* owned) { PQclear(static_cast<PGresult*>(owned)); }) {}

int result::rows() const noexcept { return PQntuples(of(handle_)); }

int result::columns() const noexcept { return PQnfields(of(handle_)); }

bool result::is_null(int row, int column) const noexcept {
    return PQgetisnull(of(handle_), row, column) != 0;
}

std::string_view result::text(int row, int column) const noexcept {
    const char* value = PQgetvalue(of(handle_), row, column);
    if (value == nullptr) // a row or column that does not exist
        return {};
    return {value, static_cast<std::size_t>(PQgetlength(of(handle_), row, column))};
}

std::int64_t result::integer(int row, int column) const {
    const auto value = async::number_from<std::int64_t>(text(row, column));
    if (!value)
        throw async::error(async::failure::internal, "a query's result is not the integer that was expected");
    return *value;
}

bool result::boolean(int row, int column) const noexcept { return text(row, column) == "t"; }

std::string_view result::command_tag() const noexcept { return PQcmdStatus(of(handle_)); }

std::uint64_t result::rows_affected() const noexcept {
    return async::number_from<std::uint64_t>(PQcmdTuples(of(handle_))).value_or(0);
}

} // namespace db
