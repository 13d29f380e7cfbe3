#include "app/serve/answers.hpp"

#include "async/error.hpp"
#include "events/journal/error.hpp"

#include <boost/json/object.hpp>

namespace app {

http::response ok(std::string_view word) {
    boost::json::object body;
    body["status"] = boost::json::string_view(word);
    return http::json_response(200, body);
}

async::awaitable<http::response> guarded(const http::handler& handler, http::request& asked,
                                         async::log& log) {
    try {
        co_return co_await handler(asked);
    } catch (const async::error& failed) {
        log.warn("http.refused", "a request could not be carried out",
                 {{"path", asked.path},
                  {"request_id", asked.id},
                  {"error.type", async::to_string(failed.kind())},
                  {"error.message", failed.message()}});
        auto answer = http::error_response(failed.kind() == async::failure::temporary ? 503 : 500,
                                           events::message_for_clients(failed));
        if (failed.retry_after())
            answer.headers.emplace_back("Retry-After", "1");
        co_return answer;
    }
}

} // namespace app
