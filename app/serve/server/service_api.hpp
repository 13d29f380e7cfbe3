// The server's own routes: probes, metrics, its description.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/api_operations.hpp"
#include "app/serve/readiness.hpp"
#include "async/log.hpp"
#include "http/server/router.hpp"

#include <functional>
#include <string>
#include <vector>

namespace app {

// All that is referred to outlives the API.
struct service_api_context {
    readiness& ready;
    const bool& stopping;
    std::function<std::string()> metrics; // as /metrics has them
    std::string openapi;                  // the document
    async::log& log;
};

class service_api {
  public:
    explicit service_api(service_api_context context)
        : context_(std::move(context)) {}

    // The API must outlive them.
    [[nodiscard]] std::vector<http::route> routes();
    [[nodiscard]] static std::vector<api_operation> operations();

  private:
    using answer = async::awaitable<http::response>;
    [[nodiscard]] answer live();
    [[nodiscard]] answer ready(const http::request& asked);
    [[nodiscard]] answer health();
    [[nodiscard]] answer metrics();
    [[nodiscard]] answer openapi();

    service_api_context context_;
};

} // namespace app
