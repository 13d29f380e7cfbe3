// Logs that the server sent NOTICE and WARNING messages, never their texts.
// Tested by tests/unit/db/connection_test.cpp.
#pragma once

#include "async/log.hpp"
#include "db/impl/libpq.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace db {

// libpq calls back on whichever thread it runs, amid its own C frames: so the callback only keeps what it is
// given, and `pass_to` writes the log afterwards.
class notices {
  public:
    // Must outlive the connection.
    void listen(PGconn* handle);
    void pass_to(async::log& log);

  private:
    static void receive(void* self, const PGresult* notice) noexcept;

    struct notice {
        async::log_level level;
        std::string state;
        std::string message;
        std::int64_t count = 1; // alike, one after another
    };
    std::vector<notice> waiting_;
};

} // namespace db
