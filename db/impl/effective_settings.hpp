// The settings of a connection with those that libpq adds to the ones that are given.
// Tested by tests/unit/db/host_list_test.cpp.
#pragma once

#include "db/impl/conninfo.hpp"
#include "db/impl/libpq.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace db {

// Reads the service file and asks the system for the user's name: make it where a call may block.
class effective_settings {
  public:
    explicit effective_settings(settings given);

    // As libpq finds it: what is given (the last of a keyword), the service of PGSERVICE, the environment,
    // the compiled-in value.
    [[nodiscard]] std::string operator[](std::string_view keyword) const;
    [[nodiscard]] bool given(std::string_view keyword) const;

  private:
    settings given_;
    conninfo_handle defaults_;
};

// The parts of a list such as "a,b,": three, and the last is empty.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view list);

} // namespace db
