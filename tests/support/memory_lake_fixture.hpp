// A folder in memory, what it takes to write to it, and how others and the network may step in.
#pragma once

#include "async/error.hpp"
#include "async/page_pool.hpp"
#include "async/retry.hpp"
#include "azure/blob/crc64.hpp"
#include "lake/write/pending_file.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/support/loop_fixture.hpp"
#include "tests/support/memory_lake.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace test_support {

[[nodiscard]] inline std::uint64_t crc_of_text(std::string_view text) {
    return azure::crc64(0, std::as_bytes(std::span(text)));
}

class memory_lake_test : public loop_test {
  protected:
    static constexpr auto name = "logs/events_2024-02-29.csv";

    // The failure of a coroutine; of kind `unclassified`, and empty, if it ends well.
    async::error failure_of(async::awaitable<void> story) {
        try {
            run(std::move(story));
        } catch (const async::error& failed) {
            return failed;
        }
        return {async::failure::unclassified, ""};
    }

    // Once, before a request of this kind arrives.
    void before_next(std::string request, std::function<void()> event) {
        lake_.before = once(std::move(request), std::move(event));
    }
    // Once, when such a request has taken effect, and before its answer arrives.
    void after_next(std::string request, std::function<void()> event) {
        lake_.after = once(std::move(request), std::move(event));
    }
    [[nodiscard]] std::ptrdiff_t times(std::string_view request) const {
        return std::ranges::count_if(lake_.requests,
                                     [request](const auto& sent) { return sent.starts_with(request); });
    }
    static void lose_answer() { throw memory_lake::no_answer(); }

    memory_lake lake_;
    kept_log log_;
    std::uint64_t repeats_ = 0;
    async::retry_context retries_{
        {3, std::chrono::milliseconds(1), std::chrono::milliseconds(1)}, [] { return 0.5; }, log_, repeats_};
    async::page_pool pages_{io_.get_executor(), 64 * async::page_size};
    lake::rebuilding again_{pages_, [] { return std::string(56, 'a'); }};

  private:
    static memory_lake::request_hook once(std::string request, std::function<void()> event) {
        return [request = std::move(request), event = std::move(event),
                done = false](const std::string& sent) mutable {
            if (done || !sent.starts_with(request))
                return;
            done = true;
            event();
        };
    }
};

} // namespace test_support
