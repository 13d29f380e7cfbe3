// The text of a transaction's first round trip.
#pragma once

#include "db/transaction.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace db {

// What is read back, in this order, before synchronous_commit. SHOW takes no snapshot; a SELECT would.
struct expectation {
    std::string_view setting;
    std::string_view value;
    bool set_by_us = true;
};
[[nodiscard]] std::vector<expectation> expectations(const transaction_options& options);

[[nodiscard]] std::string begin_statement(const transaction_options& options, int server_version);

} // namespace db
