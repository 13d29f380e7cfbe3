// The archive on the page of `serve`: what `list` finds in storage. It is listed when the page asks, in the
// background, and kept for a minute.
// Tested by tests/integration/test_archive_page.py.
#pragma once

#include "app/run/connections.hpp"
#include "app/serve/served_part.hpp"
#include "async/condition.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>

namespace app {

class archive_part final : public served_part {
  public:
    // The settings must name a storage account.
    explicit archive_part(serve_surroundings around);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;
    [[nodiscard]] async::awaitable<void> work() override;
    void stop() override;
    void release() override { connections_.close(); }

    // What is known, without a request to storage. Starts a new listing if the last one is older than a
    // minute.
    [[nodiscard]] boost::json::object summary();

  private:
    void want();
    [[nodiscard]] async::awaitable<http::response> document();
    [[nodiscard]] async::awaitable<void> look();
    [[nodiscard]] async::awaitable<void> find();

    serve_surroundings around_;
    std::string path_;
    connections connections_;
    async::condition wanted_;
    async::task_scope looking_;
    bool asked_for_ = false;
    async::deadline fresh_until_{async::deadline::clock::time_point::min()};
    std::shared_ptr<const std::string> found_; // as `list -o json` prints it; null: not listed yet
    boost::json::object totals_;               // of it
    std::string looked_at_;
    std::string problem_; // of the last listing
};

} // namespace app
