// Whether the table has each row of an exported file, and not only those that its mark remembers.
// Tested by tests/unit/exports/settle/file_rows_test.cpp and tests/fault/test_export_evidence.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "exports/settle/evidence.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

using async::awaitable;

// The rows of a file as evidence. Its columns may stand in another order, beside others.
class file_rows {
  public:
    // `known` must outlive it.
    explicit file_rows(const file_evidence& known)
        : known_(known) {}

    // The next line, with its newline; the first one may be a header.
    void take(std::string_view line);
    // Those that were taken since, without the header.
    [[nodiscard]] std::vector<row_evidence>& taken() noexcept { return taken_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; } // of all
    // False once a line is no row with the columns of the evidence.
    [[nodiscard]] bool readable() const noexcept { return readable_; }

  private:
    // True if it is the header.
    [[nodiscard]] bool begin(const std::vector<std::string>& fields);

    const file_evidence& known_;
    std::vector<std::size_t> positions_; // of the columns of the evidence, in a row
    std::vector<std::size_t> key_;       // of the key, in a row
    std::vector<std::size_t> ends_;
    std::vector<row_evidence> taken_;
    std::uint64_t count_ = 0;
    bool begun_ = false;
    bool readable_ = true;
};

using stored_bytes = std::function<awaitable<void>(std::span<const std::byte>)>;
// Streams the bytes of the file, as stored.
using file_reader = std::function<awaitable<void>(stored_bytes to)>;

// True if the table has each of the file's `rows` rows as the file has it. False also where that cannot be
// told. `evidence`: the text in the mark. Needs an open transaction, and leaves it usable.
[[nodiscard]] awaitable<bool> has_each_row(db::connection& session, std::string evidence, file_reader read,
                                           std::uint64_t rows);

} // namespace exports
