#include "app/serve/faces/allowed_origins.hpp"

#include <utility>

namespace app {

http::response with_any_origin(http::response made) {
    made.headers.emplace_back("Access-Control-Allow-Origin", "*");
    return made;
}

http::response preflight_answer() {
    http::response made;
    made.headers.emplace_back("Access-Control-Allow-Methods", "POST, GET, OPTIONS, PUT, DELETE");
    made.headers.emplace_back(
        "Access-Control-Allow-Headers",
        "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, "
        "X-Correlation-ID, correlationId");
    return with_any_origin(std::move(made));
}

} // namespace app
