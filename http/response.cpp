#include "http/response.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace http {

response json_response(unsigned status, const boost::json::value& body) {
    response made;
    made.status = status;
    made.content_type = "application/json";
    made.body = boost::json::serialize(body);
    return made;
}

response error_response(unsigned status, std::string_view detail) {
    boost::json::object body;
    body["detail"] = boost::json::string_view(detail);
    return json_response(status, body);
}

response no_room() {
    auto made = error_response(503, "other requests use all of the memory");
    made.headers.emplace_back("Retry-After", "1");
    return made;
}

response text_response(std::string_view content_type, std::string body) {
    response made;
    made.content_type = content_type;
    made.body = std::move(body);
    return made;
}

std::string_view reason_of(unsigned status) noexcept {
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {reason.data(), reason.size()};
}

} // namespace http
