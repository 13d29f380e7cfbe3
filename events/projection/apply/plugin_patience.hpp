// How often all of a batch is tried again for a plugin, before the plugin is left out of it. A plugin that
// fails affects only its own tables; a conflict with another writer of a row is no failure of a plugin.
// Tested by tests/unit/events/projection/apply/plugin_patience_test.cpp.
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
    // Conflicts in a row that are not held against a plugin. By then the tables are locked, and batches have
    // one event: a plugin that goes on so raises them itself.
    static constexpr int conflicts_of_following = 30;
    // Where a batch has no more than ARCHIVE_RETRIES: two tries are left with the tables locked, and one
    // without the plugin.
    static constexpr int conflicts_of_once = 3;

    explicit plugin_patience(scope of = scope::each_batch, int conflicts_max = conflicts_of_once)
        : of_(of)
        , conflicts_max_(conflicts_max) {}

    // After an error that deserves another try, as a deadlock or a full disk. `batch`: where it begins.
    // `is_conflict`: 40001 or 40P01, which passes once the other writer ends, or the tables are locked.
    [[nodiscard]] bool allows_another_try(position batch, const std::string& plugin, bool is_conflict);
    void note_applied(const std::string& plugin) { conflicts_.erase(plugin); }

    void note_ended_session(position batch, const std::string& plugin);
    [[nodiscard]] bool ends_each_session(position batch, const std::string& plugin);

  private:
    void begin(position batch);

    scope of_;
    int conflicts_max_;
    position batch_ = -1;
    int tries_ = 0;
    std::map<std::string, int, std::less<>> ended_sessions_;
    std::map<std::string, int, std::less<>> conflicts_; // in a row
};

} // namespace events
