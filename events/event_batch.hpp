// The events of one append. Those of one request are pieces of its body and share its headers, so that a
// hundred thousand small events take only the memory of the body and a few bytes each.
// Tested by tests/unit/events/event_batch_test.cpp.
#pragma once

#include "events/event.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace events {

// An event whose memory the caller keeps.
struct event_view {
    std::optional<std::string_view> key;
    std::span<const header> headers;
    std::string_view value;
};
[[nodiscard]] event_view view_of(const event& whole) noexcept;

class event_batch {
  public:
    event_batch() = default;
    event_batch(std::vector<event> events) // NOLINT(google-explicit-constructor): it is nothing else
        : events_(std::move(events)) {}
    // `values` are pieces of `*text`; each has these headers and no key.
    event_batch(std::shared_ptr<const std::string> text, std::vector<std::string_view> values,
                std::vector<header> headers);

    [[nodiscard]] std::size_t size() const noexcept { return events_.size() + values_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    // Valid until the batch is changed or ends. `at` is less than size().
    [[nodiscard]] event_view operator[](std::size_t at) const;
    // The batch must have an event.
    void add_to_first(header more);
    void add_to_each(const header& more);

  private:
    std::vector<event> events_; // or, of a request:
    std::shared_ptr<const std::string> text_;
    std::vector<std::string_view> values_;
    std::vector<header> headers_;
    std::vector<header> headers_of_first_;
};

} // namespace events
