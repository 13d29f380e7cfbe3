// The way of events into the journal, which all APIs share. It counts memory and the events of each topic,
// and turns overload and a journal that refuses events into answers.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/serve/intake/intake_refusal.hpp"
#include "app/serve/memory_budget.hpp"
#include "async/error.hpp"
#include "async/log.hpp"
#include "events/journal/journal.hpp"
#include "http/server/router.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// The correlation id and the trace of a request, for the record's headers.
[[nodiscard]] std::vector<events::header> correlation_headers(const http::request& asked);

struct topic_counts {
    std::uint64_t appends = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0; // of their values
    std::chrono::nanoseconds waited{0};
    events::position end = 0; // behind the last event that was appended
};

class intake {
  public:
    // The form in which an API reports an error.
    using error_form = std::function<http::response(const intake_refusal&)>;

    // What it is given must outlive it.
    intake(events::journal& journal, std::size_t memory_bytes, const bool& stopping, async::log& log);
    intake(const intake&) = delete;
    intake& operator=(const intake&) = delete;

    // Call it before a body is read: whether there is room for it. `length`: nullopt if it comes in chunks.
    [[nodiscard]] http::admission admit(std::optional<std::uint64_t> length, std::size_t bytes_max,
                                        const error_form& form);

    // Returns once all are durable. `room` holds their memory until then; null: it
    // is taken here. Throws
    // async::error.
    [[nodiscard]] async::awaitable<events::appended> append(std::string topic, events::event_batch events,
                                                            std::shared_ptr<http::body_room> room);
    // Makes the topic if it is not there. Throws async::error(usage) if the journal has 1,000 others already.
    [[nodiscard]] async::awaitable<events::topic*> open(std::string topic);
    // The topic for reading; null if there is no topic of that name. Does not create it.
    [[nodiscard]] async::awaitable<events::topic*> find(std::string topic);

    // Called when the journal says that it accepts no more events.
    std::function<void(std::exception_ptr)> on_broken = [](std::exception_ptr) {};
    // A clause about the last append; empty if it succeeded, or failed some time ago.
    [[nodiscard]] std::string problem() const;

    [[nodiscard]] const std::map<std::string, topic_counts, std::less<>>& by_topic() const noexcept {
        return counts_;
    }
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& refused() const noexcept {
        return refused_;
    }
    [[nodiscard]] std::size_t bytes_pending() const noexcept { return budget_.taken(); }
    [[nodiscard]] std::size_t appends_pending() const noexcept { return begun_.size(); }
    // Zero if no append waits.
    [[nodiscard]] std::chrono::nanoseconds age_of_oldest() const;

  private:
    using clock = std::chrono::steady_clock;
    void must_have_room_for_a_topic() const;
    void refused(const std::exception_ptr& why, std::string_view topic);

    events::journal& journal_;
    memory_budget budget_;
    const bool& stopping_;
    async::log& log_;
    std::map<std::string, events::topic*, std::less<>> open_;
    std::map<std::string, topic_counts, std::less<>> counts_;
    std::map<std::string, std::uint64_t, std::less<>> refused_; // by reason
    std::multiset<clock::time_point> begun_;                    // appends that are not durable
    std::string problem_;
    bool broken_ = false;
    clock::time_point problem_at_;
    std::map<std::string, clock::time_point, std::less<>> warned_; // by reason
};

} // namespace app
