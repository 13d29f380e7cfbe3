// Appends with an Idempotency-Key: a batch that is sent again gets the same answer and is kept once, also
// after a restart. docs/journal.md describes how.
// Tested by tests/integration/test_events_api.py and tests/unit/app/serve/intake/keyed_intake_test.cpp.
#pragma once

#include "app/serve/intake/intake.hpp"
#include "app/serve/intake/key_book.hpp"
#include "app/serve/intake/shared_attempts.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace app {

class keyed_intake {
  public:
    // `events_in` must outlive it. `shares_topics`: others may write to a topic, and between the events of a
    // batch.
    keyed_intake(const boost::asio::any_io_executor& executor, intake& events_in, bool shares_topics);

    // For what has no key.
    [[nodiscard]] intake& plain() noexcept { return intake_; }

    struct outcome {
        key_book::state state = key_book::state::unknown; // `unknown`: it has just been appended
        events::appended made;                            // of `unknown` and `accepted`
    };
    // `key` is of idempotency_key_of, `batch` of the events. Throws what an append throws.
    [[nodiscard]] async::awaitable<outcome> append(std::string topic, std::string key, keyed_batch batch,
                                                   events::event_batch events,
                                                   std::shared_ptr<http::body_room> room);

  private:
    [[nodiscard]] async::awaitable<void> recall(std::string topic);
    [[nodiscard]] async::awaitable<void> read_back(std::string topic);
    [[nodiscard]] async::awaitable<void> read_back_from(events::topic& from, std::int32_t partition);

    intake& intake_;
    bool shares_topics_;
    key_book book_;
    std::set<std::string, std::less<>> recalled_; // topics whose keys of earlier processes are known
    events::event_time began_;                    // by this process: what earlier ones accepted is older
    std::map<std::string, std::uint64_t, std::less<>> doubts_; // appends to a topic whose outcome is unknown
    shared_attempts recalling_;
};

} // namespace app
