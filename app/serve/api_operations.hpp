// Every route of `serve` once: the server's table and /openapi.json come from here.
// Tested by tests/unit/app/serve/server/openapi_test.cpp.
#pragma once

#include "async/log.hpp"
#include "http/server/router.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

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
    post_events,
    read_events,
    post_live_event,
    submit_timestamp,
    submit_now,
    query, // of a projection
    status_page,
    status_data,
    archive_data,
    live,
    ready,
    health,
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
    std::span<const std::string_view> body_types = {};    // media types of the body; empty: it has none
    std::span<const std::string_view> query_numbers = {}; // "from": whole numbers in the query
    std::span<const std::string_view> query_texts = {};   // "after": other parameters of the query
    std::span<const std::string_view> header_names = {};  // "Idempotency-Key": that it looks at
    bool any_site = false;                                // pages of other sites may ask too
};

[[nodiscard]] std::span<const api_operation> api_operations() noexcept;
// These rows of it.
[[nodiscard]] std::vector<api_operation> operations_of(std::initializer_list<operation> which);
// The operation as a route, answered by `answer` with errors of ours as answers. `log` must outlive it.
[[nodiscard]] http::route route_of(operation which, http::handler answer, async::log& log);

} // namespace app
