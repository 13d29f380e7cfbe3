// From a request to its answer: its origin, the token, the router, the handler, and the answers when one of
// these refuses.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "async/log.hpp"
#include "http/server/caller.hpp"
#include "http/server/router.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace http {

struct service_options {
    std::string token; // what a client must send, but for open routes; empty: nothing
    // Without a token: the names it is asked under, beside those of the loopback. With one, only other sites'
    // pages are turned away, but for those under these names.
    std::vector<std::string> hosts = {};
    // The answer to a path that does not exist, and to a method that a path does not have. Null, or if it
    // returns nullopt: {"detail": …}.
    std::function<std::optional<response>(const request&, const match&)> answer_to_unknown = {};
    // A page for paths without a route, sent to clients that say they accept text/html. Other clients get the
    // error.
    std::optional<route> page = {};
    // Every answer has these, unless it has one of that name.
    std::vector<std::pair<std::string, std::string>> headers = {};
};

class service {
  public:
    // `log` must outlive it.
    service(std::vector<route> routes, service_options options, async::log& log);

    // Before the body is read. Routes without a gate are judged when it has been.
    [[nodiscard]] admission admit(request& asked, std::optional<std::uint64_t> length) const;
    // Never throws but for a cancellation: a handler that fails is a 500 that says no more, and a line in the
    // log that does. Fills in `asked.parameters`, and `asked.routine` for the access log.
    [[nodiscard]] awaitable<response> answer(request& asked);
    [[nodiscard]] const router& routes() const noexcept { return router_; }

  private:
    [[nodiscard]] awaitable<response> answer_asked(request& asked);
    [[nodiscard]] match look_up(const request& asked) const;
    [[nodiscard]] std::optional<response> refusal_of_caller(request& asked, const match& result) const;
    [[nodiscard]] std::optional<response> refusal_before_look(request& asked, const match& result) const;
    [[nodiscard]] response refusal_where_no_route(const request& asked, const match& result) const;
    [[nodiscard]] bool may_pass(const request& asked, const match& result) const;
    [[nodiscard]] awaitable<response> answer_found(const found& found, request& asked);

    router router_;
    service_options options_;
    caller_rules callers_;
    async::log& log_;
};

} // namespace http
