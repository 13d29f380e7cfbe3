// How often all of a batch is tried again for a plugin, before the plugin is left out of it. A plugin that
// fails affects only its own tables; a conflict with another writer of a row is no failure of a plugin.
// Tested by tests/unit/events/projection/plugin_patience_test.cpp.
#pragma once

#include "events/event.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace events {

class plugin_patience {
  public:
    enum class scope : std::uint8_t {
        each_batch,
        // What a plugin has used up is used up for the batches behind as well: each try costs all of them
        // one.
        all_batches,
    };
    explicit plugin_patience(scope of = scope::each_batch)
        : of_(of) {}

    // After an error that deserves another try, as a deadlock or a full disk. `batch`: where it begins.
    // `is_conflict`: 40001 or 40P01, which passes once the other writer ends, or the tables are locked.
    [[nodiscard]] bool allows_another_try(position batch, const std::string& plugin, bool is_conflict);
    void note_applied(const std::string& plugin) { conflicts_.erase(plugin); }

    void note_ended_session(position batch, const std::string& plugin);
    [[nodiscard]] bool ends_each_session(position batch, const std::string& plugin);

  private:
    void begin(position batch);

    scope of_;
    position batch_ = -1;
    int tries_ = 0;
    std::map<std::string, int, std::less<>> ended_sessions_;
    std::map<std::string, int, std::less<>> conflicts_; // in a row
};

} // namespace events
