// The rows of a query, in text form.
// Tested by tests/unit/db/connection_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace db {

class result {
  public:
    result() noexcept = default; // no rows
    // Takes ownership of a PGresult, passed as void* so that libpq's header stays inside this room.
    explicit result(void* handle);

    [[nodiscard]] int rows() const noexcept;
    [[nodiscard]] int columns() const noexcept;
    [[nodiscard]] bool is_null(int row, int column) const noexcept;
    // Valid as long as the result; empty for NULL.
    [[nodiscard]] std::string_view text(int row, int column) const noexcept;
    // Throws async::error(internal) if the field is NULL or not an integer.
    [[nodiscard]] std::int64_t integer(int row, int column) const;
    // True for 't'.
    [[nodiscard]] bool boolean(int row, int column) const noexcept;
    // "COMMIT", "ROLLBACK", "DELETE 12": the tag decides, not the status.
    [[nodiscard]] std::string_view command_tag() const noexcept;
    // The count in the command tag; 0 if it has none.
    [[nodiscard]] std::uint64_t rows_affected() const noexcept;

  private:
    std::shared_ptr<void> handle_;
};

} // namespace db
