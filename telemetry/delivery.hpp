// Where metrics are sent over HTTP, and the sending.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/log.hpp"
#include "http/client/endpoint.hpp"
#include "telemetry/otlp.hpp"

#include <string>
#include <string_view>

namespace telemetry {

struct delivery {
    http::endpoint server;
    std::string method;
    std::string target; // path on the server
    header_list headers;
    std::string body;
};

// PUT replaces all metrics of this job and instance at the Pushgateway; POST replaces only those in `text`.
enum class pushing : unsigned char { replace_all, replace_named };
// `instance` tells this archive from others and stays the same from run to run: a Pushgateway keeps each
// group until it is deleted.
[[nodiscard]] delivery to_pushgateway(const http::endpoint& server, std::string_view instance, pushing how,
                                      std::string text);
// To the endpoint as it is, /v1/metrics of a collector.
[[nodiscard]] delivery to_collector(const http::endpoint& server, const header_list& headers,
                                    std::string request);

// Makes one try. Throws async::error if the answer is not 2xx or does not come in time. Both references must
// outlive the call.
[[nodiscard]] async::awaitable<void> deliver(const delivery& delivery, async::deadline deadline,
                                             async::log& log);

} // namespace telemetry
