#include "app/serve/faces/unknown_requests.hpp"

#include "app/page/markup.hpp"
#include "app/serve/faces/allowed_origins.hpp"
#include "app/text/utf8.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>

namespace app {

namespace {

http::response coded(unsigned status, std::string_view code, std::string_view message) {
    boost::json::object body;
    body["code"] = boost::json::string_view(code);
    body["message"] = valid_utf8(message);
    return http::json_response(status, body);
}

// Restify, which probo-db used. It lists the methods that routes name, and so not HEAD. To it a path whose
// encoding is malformed is a path that is not there.
http::response in_words_of_restify(const http::request& asked, const http::method_not_allowed* wrong) {
    if (wrong == nullptr)
        return coded(404, "ResourceNotFound", asked.path + " does not exist");
    auto made = coded(405, "MethodNotAllowed", asked.method + " is not allowed");
    auto allow = wrong->allow;
    if (const auto head = allow.find(", HEAD"); head != std::string::npos)
        allow.erase(head, std::string_view(", HEAD").size());
    made.headers.emplace_back("Allow", std::move(allow));
    return made;
}

// Express, which the live ETL used: to it a method that a path does not have is a path that is not there.
// But its router answers OPTIONS with the methods that the path has.
http::response in_words_of_express(const http::request& asked, const http::match& found) {
    const bool malformed = std::holds_alternative<http::malformed>(found);
    const auto* const wrong = std::get_if<http::method_not_allowed>(&found);
    if (wrong != nullptr && asked.method == "OPTIONS") {
        auto methods = wrong->allow;
        std::erase(methods, ' ');
        auto made = http::text_response("text/html; charset=utf-8", methods);
        made.headers.emplace_back("Allow", methods);
        return made;
    }
    const auto said =
        malformed ? "Bad Request"
                  : fmt::format("Cannot {} {}", escaped(asked.method), escaped(valid_utf8(asked.path)));
    auto made = http::text_response(
        "text/html; charset=utf-8",
        fmt::format(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n"
            "</head>\n<body>\n<pre>{}</pre>\n</body>\n</html>\n",
            said));
    made.status = malformed ? 400 : 404;
    made.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
    made.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return made;
}

// Go's router, which the timestamp service used. It answers OPTIONS for any path.
http::response in_words_of_go(const http::request& asked, const http::match& found) {
    const auto* const wrong = std::get_if<http::method_not_allowed>(&found);
    http::response made;
    if (std::holds_alternative<http::malformed>(found)) {
        made = http::text_response("text/plain; charset=utf-8", "400 Bad Request");
        made.status = 400;
    } else if (asked.method == "OPTIONS") {
        return preflight_answer();
    } else if (wrong != nullptr) {
        made.status = 405;
        made.headers.emplace_back("Allow", wrong->allow);
    } else {
        made = http::text_response("text/plain; charset=utf-8", "404 page not found\n");
        made.status = 404;
        made.headers.emplace_back("X-Content-Type-Options", "nosniff");
    }
    return with_any_origin(std::move(made));
}

} // namespace

std::optional<http::response> answer_to_unknown(const api_set& apis, const http::request& asked,
                                                const http::match& found) {
    const auto* const wrong = std::get_if<http::method_not_allowed>(&found);
    const bool malformed = std::holds_alternative<http::malformed>(found);
    if (apis.size() != 1 ||
        (wrong == nullptr && !malformed && !std::holds_alternative<http::not_found>(found)))
        return std::nullopt;
    switch (*apis.begin()) {
    case api::live:
        return in_words_of_express(asked, found);
    case api::timestamps:
        return in_words_of_go(asked, found);
    case api::builds:
        return in_words_of_restify(asked, wrong);
    case api::exports:
    case api::events:
        break;
    }
    return std::nullopt;
}

} // namespace app
