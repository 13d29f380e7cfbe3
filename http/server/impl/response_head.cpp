#include "http/server/impl/response_head.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <iterator>

namespace http {

namespace {

void add(std::string& head, std::string_view name, std::string_view value) {
    constexpr std::string_view breaks("\r\n\0", 3);
    if (name.find_first_of(breaks) != std::string_view::npos ||
        value.find_first_of(breaks) != std::string_view::npos)
        throw async::error(async::failure::internal, "a field of an answer holds a line break");
    head.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

framing framing_of(const response& answer, bool http_1_0) noexcept {
    if (answer.status < 200 || answer.status == 204 || answer.status == 304)
        return framing::none;
    if (!answer.stream || answer.stream_size)
        return framing::length;
    return http_1_0 ? framing::until_closed : framing::chunks;
}

std::string head_of(const response& answer, framing how, const exchange_facts& facts) {
    auto head = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason_of(answer.status));
    if (!facts.date.empty())
        add(head, "Date", facts.date);
    if (!answer.content_type.empty())
        add(head, "Content-Type", answer.content_type);
    if (how == framing::length)
        fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n",
                       answer.stream ? *answer.stream_size : answer.body.size());
    else if (how == framing::chunks)
        head += "Transfer-Encoding: chunked\r\n";
    for (const auto& [name, value] : answer.headers)
        add(head, name, value);
    if (!facts.request_id.empty())
        add(head, "X-Request-Id", facts.request_id);
    if (facts.close || how == framing::until_closed)
        head += "Connection: close\r\n";
    else if (facts.http_1_0)
        head += "Connection: keep-alive\r\n";
    head += "\r\n";
    return head;
}

} // namespace http
