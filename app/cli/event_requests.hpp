// The requests of `journal` and `send`.
// Tested by tests/unit/app/cli/event_requests_test.cpp.
#pragma once

#include "http/client/endpoint.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace app {

struct journal_request {
    enum class action : unsigned char { list, cat, verify };
    action what = action::list;
    std::string topic;                // of `cat`
    std::optional<std::int64_t> from; // of `cat`; nullopt: the oldest event
    bool values = false;              // of `cat`: nothing but the events' values
};

struct send_request {
    std::string file;
    http::endpoint server;
    std::size_t batch = 5000; // lines in a request
    bool watch = false;
};

// Each returns the request, or a mistake. Texts are empty if they were not given.
[[nodiscard]] std::variant<journal_request, std::string>
read_journal_request(const std::vector<std::string>& arguments, const std::string& from, bool values);
[[nodiscard]] std::variant<send_request, std::string>
read_send_request(const std::string& file, const std::string& server, const std::string& batch);

} // namespace app
