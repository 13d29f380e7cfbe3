#include "app/serve/faces/read_back.hpp"

#include "app/text/event_line.hpp"
#include "async/deadline.hpp"
#include "async/error.hpp"

#include <chrono>
#include <span>
#include <string>
#include <utility>

namespace app {

using async::awaitable;

namespace {

constexpr std::size_t bytes_at_a_time = 262'144;
constexpr std::chrono::seconds reading_patience{10}; // they are durable, so the read need not wait

awaitable<void> write_events(wanted_events wanted, std::shared_ptr<void> held, http::body_sink sink) {
    auto at = wanted.from;
    auto left = wanted.limit;
    while (left > 0 && at < wanted.end) {
        const auto piece = co_await wanted.topic->read(wanted.partition, at, bytes_at_a_time,
                                                       async::deadline::after(reading_patience));
        if (piece.next == at)
            throw async::error(async::failure::temporary, "events that are durable cannot be read in time");
        at = piece.next;
        std::string lines;
        for (const auto& each : piece.events)
            if (left > 0 && each.at < wanted.end) {
                lines += event_line(each);
                --left;
            }
        co_await sink(std::as_bytes(std::span(lines)));
    }
    held.reset();
}

} // namespace

http::body_writer event_lines_of(const wanted_events& wanted, std::shared_ptr<void> held) {
    return [wanted, held = std::move(held)](http::body_sink sink) {
        return write_events(wanted, held, std::move(sink));
    };
}

} // namespace app
