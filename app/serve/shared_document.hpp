// A document that is made on request, once for all requests that came before its making began: many requests
// at once cost two of them at most, and no request gets a document that is older than itself.
#pragma once

#include "async/asio.hpp"
#include "async/mutex.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace app {

class shared_document {
  public:
    using make_function = std::function<async::awaitable<std::string>()>;

    shared_document(const async::asio::any_io_executor& executor, make_function make)
        : make_(std::move(make))
        , making_(executor) {}

    // Throws the failure to the request that the document was made for; the other requests try again.
    [[nodiscard]] async::awaitable<std::shared_ptr<const std::string>> get();

  private:
    make_function make_;
    async::mutex making_;
    std::shared_ptr<const std::string> latest_;
    std::uint64_t begun_ = 0;
    std::uint64_t finished_ = 0; // the number of the latest
};

} // namespace app
