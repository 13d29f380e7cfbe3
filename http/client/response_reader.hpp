// Makes a response of bytes as they come; knows HTTP, not sockets.
#pragma once

#include "http/client/session_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace http {

class response_reader {
  public:
    enum class body_goes : std::uint8_t { to_string, to_pieces };

    // `answers_head`: a Content-Length stands there without a body. `successes`: where the body of a 2xx
    // goes; that of any other answer is kept as a string.
    response_reader(bool answers_head, body_goes successes);
    ~response_reader();
    response_reader(const response_reader&) = delete;
    response_reader& operator=(const response_reader&) = delete;

    // Returns how many bytes were used up; pass the rest again, with more bytes behind it. Throws
    // system_error if this is not HTTP. Answers below 200 are passed over.
    [[nodiscard]] std::size_t feed(std::string_view bytes);
    // The server has closed; throws system_error unless that is how the body ends.
    void feed_end();

    [[nodiscard]] bool header_done() const;
    [[nodiscard]] bool done() const;
    // Pieces of the body that the last `feed` found, within its argument. Only for 2xx with
    // body_goes::to_pieces.
    [[nodiscard]] const std::vector<std::string_view>& pieces() const;
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] wire_response& response();

  private:
    class parser;
    void start();

    bool answers_head_;
    body_goes successes_;
    std::unique_ptr<parser> parser_;
};

} // namespace http
