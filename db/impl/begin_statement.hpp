// The text of a transaction's first round trip.
#pragma once

#include "db/transaction.hpp"

#include <array>
#include <string>
#include <string_view>

namespace db {

// What is read back. SHOW fixes no snapshot, a SELECT would.
struct expectation {
    std::string_view setting;
    std::string_view value;
};
inline constexpr std::array expectations{
    expectation{"transaction_isolation", "repeatable read"},
    expectation{"TimeZone", "UTC"},
    expectation{"DateStyle", "ISO, MDY"},
    expectation{"client_encoding", "UTF8"},
    expectation{"idle_in_transaction_session_timeout", "0"},
};

[[nodiscard]] std::string begin_statement(const transaction_options& options, int server_version);

} // namespace db
