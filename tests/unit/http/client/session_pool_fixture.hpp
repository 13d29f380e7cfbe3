// What the tests of session_pool share.
#pragma once

#include "http/client/session_pool.hpp"
#include "tests/unit/http/client/pool_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace http::rig {

// More than the kernel's buffers hold.
inline const std::string large_body(8'000'000, 'x');

class session_pool_test : public pool_fixture {
  protected:
    wire_request put(const std::string& target, const std::string& body) {
        bodies_.push_back(std::make_unique<std::string>(body));
        const auto bytes = std::as_bytes(std::span<const char>(*bodies_.back()));
        pieces_.push_back(std::make_unique<std::span<const std::byte>>(bytes));
        wire_request what;
        what.method = "PUT";
        what.target = target;
        what.body = {pieces_.back().get(), 1};
        return what;
    }

    // Starts an exchange that a test can cancel.
    void start(const wire_request& what, async::deadline deadline = {}) {
        boost::asio::co_spawn(loop, pool().exchange(what, deadline),
                              boost::asio::bind_cancellation_slot(
                                  cancel_.slot(), [this](std::exception_ptr failed, wire_response) {
                                      ended_ = true;
                                      failed_ = failed;
                                  }));
    }

    boost::asio::cancellation_signal cancel_;
    bool ended_ = false;
    std::exception_ptr failed_;

  private:
    std::vector<std::unique_ptr<std::string>> bodies_;
    std::vector<std::unique_ptr<std::span<const std::byte>>> pieces_;
};

} // namespace http::rig
