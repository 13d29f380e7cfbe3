// Every route of `serve` once: the server's table and /openapi.json come from here.
// Tested by tests/unit/app/serve/openapi_test.cpp.
#pragma once

#include "async/log.hpp"
#include "http/server/router.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace app {

enum class operation : std::uint8_t {
    list_exports,
    run_exports,
    run_exports_older,
    show_export,
    run_export,
    export_status,
    list_files,
    download_file,
    live,
    ready,
    metrics,
    openapi
};

struct api_answer {
    unsigned status;
    std::string_view content_type;
    std::string_view schema; // its name in the document; empty: none
    std::string_view help;
};

struct api_operation {
    app::operation id;
    std::string_view name; // operationId
    std::string_view method;
    std::string_view path; // as a route's pattern
    std::string_view summary;
    std::span<const api_answer> answers;
    bool takes_wait = false; // ?wait=true
    http::access access = http::access::restricted;
    bool routine = false;
    bool deprecated = false;
};

[[nodiscard]] std::span<const api_operation> api_operations() noexcept;
// The operation as a route, answered by `answer` with errors of ours as answers. `log` must outlive it.
[[nodiscard]] http::route route_of(operation which, http::handler answer, async::log& log);

} // namespace app
