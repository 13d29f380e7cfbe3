// blob_client::read: one version of a blob, piece by piece, over as many connections as it takes.
#include "azure/blob/blob_client.hpp"
#include "azure/blob/impl/blob_answers.hpp"
#include "azure/blob/impl/border.hpp"
#include "azure/blob/impl/service_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace azure {

using async::awaitable;
using async::deadline;

namespace {

// One request asks for no more than this, so that a time limit can be set for each; at 1.2 MB/s it needs a
// minute.
constexpr std::uint64_t range_max = std::uint64_t{64} * 1024 * 1024;

} // namespace

// Where a read stands.
struct blob_client::reading {
    std::uint64_t at = 0;
    std::optional<std::uint64_t> end;
    body_sink sink;
    std::exception_ptr sink_failed; // kept apart: what the caller's function throws is not to be retried

    [[nodiscard]] bool done() const noexcept { return end && at >= *end; }

    awaitable<void> pass_on(std::span<const std::byte> bytes) {
        try {
            co_await sink(bytes);
        } catch (...) {
            sink_failed = std::current_exception();
            throw;
        }
        at += bytes.size();
    }

    // No byte is passed on before it is certain that the answer holds the right ones.
    void check(const http::wire_response& answer) {
        const auto range = parse_content_range(answer.header("content-range"));
        if (answer.status != 206 || !range || range->first != at)
            throw async::error(async::failure::integrity,
                               "the service answered with another range than asked for");
        end = std::min(end.value_or(range->total), range->total);
    }
};

// Get Blob, If-Match
awaitable<void> blob_client::read(std::string_view name, const etag& expected, std::uint64_t from,
                                  std::optional<std::uint64_t> to, body_sink sink) {
    const auto doing = fmt::format("get blob '{}'", name);
    reading state;
    state.at = from;
    state.end = to;
    state.sink = std::move(sink);
    while (!state.done()) {
        auto request = blob_request(verb::get, name);
        if (!expected.empty())
            set_condition(request, condition::match(expected));
        const auto deadline = async::deadline::after(options_.operation_timeout);
        auto attempt = [&] {
            const auto last = std::min(state.end.value_or(state.at + range_max), state.at + range_max) - 1;
            request.headers["x-ms-range"] = fmt::format("bytes={}-{}", state.at, last);
            return read_range(state, request, deadline);
        };
        try {
            co_await async::retry(retries_, doing, deadline, attempt);
        } catch (storage_error& failed) {
            failed.set_blob(std::string(name));
            if (state.sink_failed)
                throw;
            rethrow_with_context(doing);
        } catch (...) {
            if (state.sink_failed)
                throw;
            rethrow_with_context(doing);
        }
        if (state.sink_failed)
            std::rethrow_exception(state.sink_failed);
    }
}

awaitable<void> blob_client::read_range(reading& state, const request& request, async::deadline deadline) {
    const auto began_at = state.at;
    http::body_stream stream;
    stream.sink = [&state](std::span<const std::byte> bytes) { return state.pass_on(bytes); };
    stream.before_body = [&state](const http::wire_response& answer) { state.check(answer); };
    http::wire_response answer;
    try {
        answer = co_await exchange(request, true, deadline, &stream);
    } catch (const async::error& cut) {
        // Some of it came, so the loop goes on from there with all its tries; a try without progress has
        // failed. What the sink threw is rethrown outside of the retries.
        if (state.sink_failed || (cut.may_repeat() && state.at > began_at))
            co_return;
        throw;
    }
    if (answer.status / 100 == 2)
        co_return;
    const auto range = parse_content_range(answer.header("content-range"));
    // 416 is how the service says that nothing is left, of an empty blob too.
    if (answer.status == 416 && (began_at == 0 || (range && range->total == began_at)))
        state.end = began_at;
    else
        throw service_error(answer, request.headers.at("x-ms-client-request-id"),
                            std::chrono::system_clock::now(), {account_.credential, request});
}

} // namespace azure
