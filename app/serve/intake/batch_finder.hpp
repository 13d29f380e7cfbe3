// Batches with an Idempotency-Key, found again in a topic.
// Tested by tests/unit/app/serve/intake/batch_finder_test.cpp.
#pragma once

#include "app/serve/intake/key_book.hpp"
#include "events/event.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace app {

// Finds the batches with a key among the events of one partition, read in order. A batch counts only if all
// of its events are there: Kafka may keep a part of one whose outcome was reported as unknown, or compact it.
class batch_finder {
  public:
    // Beyond this number of unfinished batches, the oldest is given up. Writers side by side have far fewer.
    static constexpr std::size_t begun_max = 10'000;

    explicit batch_finder(std::int32_t partition) noexcept
        : partition_(partition) {}

    struct found_batch {
        std::string key;
        key_book::entry kept;
        events::event_time since; // of its first event
    };
    // The batch that is whole with this event.
    [[nodiscard]] std::optional<found_batch> take(const events::recorded_event& next);
    // Batches that are not whole yet.
    [[nodiscard]] std::size_t begun() const noexcept { return by_append_.size() + (in_a_row_ ? 1 : 0); }

  private:
    struct unfinished {
        void take(const events::recorded_event& next);
        [[nodiscard]] bool has_all() const noexcept { return count == batch.kept.batch.count; }
        [[nodiscard]] bool is_whole() const noexcept { return has_all() && crc == batch.kept.batch.values; }

        found_batch batch;
        std::uint64_t crc = 0;   // of its values so far
        std::uint64_t count = 0; // of them
    };
    void begin(unfinished begun, std::string_view append);
    [[nodiscard]] std::optional<found_batch> take_in_a_row(const events::recorded_event& next);
    [[nodiscard]] std::optional<found_batch> take_of(const events::recorded_event& next,
                                                     std::string_view append);

    std::int32_t partition_;
    std::optional<unfinished> in_a_row_; // without append_header: its events follow each other
    std::map<std::string, unfinished, std::less<>> by_append_; // by append_header, of writers side by side
    std::map<events::position, std::string> oldest_first_;     // of `by_append_`, by the first event
};

} // namespace app
