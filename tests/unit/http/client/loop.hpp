// Runs a coroutine to its end on an io_context and gives back what it returns or throws.
#pragma once

#include "async/asio.hpp"
#include "async/log.hpp"
#include "async/retry.hpp"
#include "http/client/session_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace http::rig {

// A test that hangs fails instead.
inline constexpr std::chrono::seconds patience{60};

template <typename Done>
void drive(boost::asio::io_context& loop, Done done) {
    const auto until = std::chrono::steady_clock::now() + patience;
    loop.restart();
    while (!done()) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error("the test hangs");
        loop.run_one_for(std::chrono::seconds(1));
        if (loop.stopped())
            loop.restart();
    }
}

inline void run(boost::asio::io_context& loop, async::awaitable<void> operation) {
    bool done = false;
    std::exception_ptr failed;
    boost::asio::co_spawn(loop, std::move(operation), [&](std::exception_ptr thrown) {
        failed = thrown;
        done = true;
    });
    drive(loop, [&] { return done; });
    if (failed)
        std::rethrow_exception(failed);
}

template <typename T>
T run(boost::asio::io_context& loop, async::awaitable<T> operation) {
    std::optional<T> value;
    auto keeping = [](async::awaitable<T> inner, std::optional<T>& into) -> async::awaitable<void> {
        into.emplace(co_await std::move(inner));
    };
    run(loop, keeping(std::move(operation), value));
    return std::move(*value);
}

// Keeps what was logged, one line each.
class kept_log final : public async::log {
  public:
    kept_log() { set_threshold(async::log_level::debug); }
    std::vector<std::string> lines;

  protected:
    void write(async::log_level, std::string_view event, std::string_view message,
               std::span<const async::log_field> fields) override {
        std::string line(event);
        line.append(": ").append(message);
        for (const auto& field : fields)
            if (const auto* text = std::get_if<std::string_view>(&field.value))
                line.append(" ").append(field.key).append("=").append(*text);
        lines.push_back(std::move(line));
    }
};

inline async::retry_policy hasty_retries(int tries_max = 4) {
    return {tries_max, std::chrono::milliseconds(1), std::chrono::milliseconds(5)};
}

inline pool_options hasty_connections() {
    pool_options options;
    options.busy_pause = std::chrono::milliseconds(1);
    return options;
}

} // namespace http::rig
