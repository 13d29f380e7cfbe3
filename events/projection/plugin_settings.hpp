// The settings of a session that decide what statements mean: those that a plugin changes are set back behind
// it.
// Tested by tests/integration/test_plugin_sessions.py.
#pragma once

#include "db/connection.hpp"

#include <string>

namespace events {

using async::awaitable;

class plugin_settings {
  public:
    // Notes the settings of the transaction that is open.
    [[nodiscard]] awaitable<void> note(db::connection& session);
    // Within the same transaction. Throws db::error where the server refuses one (a transaction that was made
    // read-only): only a savepoint helps then.
    [[nodiscard]] awaitable<void> set_back(db::connection& session) const;

  private:
    std::string search_path_;
    std::string role_;   // which pg_settings does not show
    std::string others_; // a JSON object: those that are not as a new session has them
};

} // namespace events
