// An HTTP server in the test's own loop that follows a script: expect this request, answer that, or answer
// wrongly, late, in part, or not at all. Requests take the script's reactions in the order in which they
// arrive.
#pragma once

#include "certificate.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

struct seen_request {
    std::string line;                           // "PUT /c/b?comp=block"
    std::map<std::string, std::string> headers; // names in lowercase
    std::string body;
    std::size_t connection = 0; // counted from 0
};

struct reaction {
    std::string expected;                   // how the request line begins
    std::string reply;                      // raw; empty: none ever comes, and the connection stays open
    std::optional<std::size_t> cut_after{}; // hang up after this many bytes of the reply
    bool before_body = false;               // answer after the header, and never read the body
    bool dribble = false;                   // byte by byte
    bool hang_up = false;                   // after the reply
    std::chrono::milliseconds pause{0};     // before the reply

    [[nodiscard]] reaction cut(std::size_t bytes) && {
        cut_after = bytes;
        return std::move(*this);
    }
    [[nodiscard]] reaction early() && {
        before_body = true;
        return std::move(*this);
    }
    [[nodiscard]] reaction dribbled() && {
        dribble = true;
        return std::move(*this);
    }
    [[nodiscard]] reaction then_hanging_up() && {
        hang_up = true;
        return std::move(*this);
    }
    [[nodiscard]] reaction after(std::chrono::milliseconds wait) && {
        pause = wait;
        return std::move(*this);
    }
};

using header_list = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] reaction answering(std::string expected, unsigned status, const header_list& headers = {},
                                 const std::string& body = {});
// For a HEAD: a length without a body.
[[nodiscard]] reaction answering_head(std::string expected, unsigned status, const header_list& headers);
// The body in chunks of this size.
[[nodiscard]] reaction answering_chunked(std::string expected, unsigned status, const std::string& body,
                                         std::size_t chunk_size);
[[nodiscard]] reaction raw(std::string expected, std::string reply);
[[nodiscard]] reaction silent(std::string expected);

class imposter {
  public:
    // On 127.0.0.1, at a free port.
    explicit imposter(boost::asio::io_context& loop);
    imposter(boost::asio::io_context& loop, const certificate& tls);
    ~imposter();
    imposter(const imposter&) = delete;
    imposter& operator=(const imposter&) = delete;

    void expect(reaction next);
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] const std::vector<seen_request>& seen() const;
    // Requests that were not in the script, or not next in it.
    [[nodiscard]] const std::vector<std::string>& surprises() const;
    [[nodiscard]] std::size_t reactions_left() const;
    [[nodiscard]] std::size_t connections() const;      // accepted so far
    [[nodiscard]] std::size_t connections_open() const; // now
    [[nodiscard]] std::size_t sessions_resumed() const; // TLS

    // Hangs up on everyone.
    void drop_connections();
    // Hangs up, and listens no more. Then, once the loop has run dry, nothing of it is left.
    void stop();

  private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace test_support
