// Makes a request of bytes as they come; knows HTTP, not sockets. What is wrong with a request is an answer,
// not an exception: garbage must be cheap.
#pragma once

#include "http/request.hpp"
#include "http/server/server.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace http {

// Why a request is not served. After it nothing more of the connection can be understood.
struct refusal {
    unsigned status = 400;
    std::string_view detail; // a literal
};

// Called between a request's header and its body, with the length of the body if the header says it: how many
// bytes it may have.
using body_limit = std::function<std::size_t(request&, std::optional<std::uint64_t>)>;

class request_reader {
  public:
    // Without `body_max` a body may have limits.body bytes.
    explicit request_reader(const size_limits& limits, body_limit body_max = {});
    ~request_reader();
    request_reader(const request_reader&) = delete;
    request_reader& operator=(const request_reader&) = delete;

    // Returns how many bytes were used up; pass the rest again, with more bytes behind it, or as the
    // beginning of the next request. Returns after the header, and again after the body.
    [[nodiscard]] std::size_t feed(std::string_view bytes);

    [[nodiscard]] bool header_done() const;
    // The length of the body, as the header says it; nullopt for one that comes in chunks.
    [[nodiscard]] std::optional<std::uint64_t> body_length() const;
    [[nodiscard]] bool done() const;
    [[nodiscard]] const std::optional<refusal>& refused() const;
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] bool is_http_1_0() const;
    // The client waits with the body until it is told to go on.
    [[nodiscard]] bool expects_continue() const;
    [[nodiscard]] http::request& request();

  private:
    class parser;
    std::unique_ptr<parser> parser_;
};

} // namespace http
