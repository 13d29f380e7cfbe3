#include "app/send/event_server.hpp"

#include "async/error.hpp"
#include "async/quotable.hpp"
#include "http/client/retry_after.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

namespace app {

namespace {

namespace json = boost::json;
using async::awaitable;
using async::failure;

constexpr std::string_view batch_path = "/events/live";
constexpr std::string_view batch_template = "/events/{topic}";
constexpr std::string_view single_path = "/liveEvent";

json::object object_in(std::string_view body) {
    json::error_code failed;
    auto parsed = json::parse({body.data(), body.size()}, failed);
    return !failed && parsed.is_object() ? std::move(parsed.as_object()) : json::object();
}

// What a server says of its refusal, as far as it fits into a line. An HTML page of another server is not
// quoted.
std::string detail_of(const http::wire_response& answer) {
    constexpr std::size_t quoted_max = 200;
    const auto body = object_in(answer.body);
    for (const auto* const name : {"detail", "error", "message"}) {
        const auto* const found = body.if_contains(name);
        const auto* const text = found != nullptr ? found->if_string() : nullptr;
        if (text == nullptr)
            continue;
        std::string line(std::string_view(*text).substr(0, quoted_max));
        for (auto& letter : line)
            if (static_cast<unsigned char>(letter) < ' ')
                letter = ' ';
        return ": " + line;
    }
    return {};
}

// A proxy or another server at this address may answer 200, 202 or 204 to any request.
bool says_event_received(const http::wire_response& answer) {
    if (answer.status != 201)
        return false;
    const auto body = object_in(answer.body);
    const auto* const message = body.if_contains("message");
    return message != nullptr && message->is_string();
}

bool says_all_accepted(const http::wire_response& answer, std::size_t events) {
    const auto body = object_in(answer.body);
    const auto* const accepted = body.if_contains("accepted");
    if (accepted == nullptr)
        return false;
    json::error_code no_count;
    const auto count = accepted->to_number<std::uint64_t>(no_count);
    return !no_count && count == events;
}

failure kind_of(unsigned status) noexcept {
    switch (status) {
    case 401:
    case 403:
        return failure::refused;
    case 408:
    case 409: // the same batch is being received
    case 425:
    case 429:
        return failure::temporary;
    default:
        return status >= 500 ? failure::temporary : failure::precondition;
    }
}

std::string hint_of(unsigned status, event_face face) {
    switch (status) {
    case 400:
    case 405:
    case 501:
        return "Is --to the base URL of an event server, which offers /liveEvent or /events/{topic}?";
    case 401:
    case 403:
        return face == event_face::batches ? "Set SERVE_TOKEN to the server's token."
                                           : "Set LIVE_SECRET to the server's secret.";
    case 404:
        return "Is --to the server's base URL? It must offer /liveEvent or /events/{topic}.";
    case 422:
        return "An earlier `send` of this file was ended and had another --batch: give the same again.";
    default:
        return {};
    }
}

std::string lines_of(const line_batch& batch) {
    return batch.first == batch.last ? fmt::format("line {}", batch.first)
                                     : fmt::format("lines {} to {}", batch.first, batch.last);
}

} // namespace

void judge_answer(const http::wire_response& answer, event_face face, const line_batch& sent,
                  std::chrono::system_clock::time_point now) {
    if (answer.status / 100 == 2) {
        const bool single = face == event_face::single;
        if (single ? says_event_received(answer) : says_all_accepted(answer, sent.events))
            return;
        constexpr auto* const hint = "Is --to the event server itself, and no sign-in page or other service?";
        if (single)
            throw async::error(failure::integrity,
                               fmt::format("{}: the server answered {} to POST {}, and not 201 with "
                                           "{{\"message\":\"Event received\"}}",
                                           lines_of(sent), answer.status, single_path),
                               hint);
        throw async::error(
            failure::integrity,
            fmt::format("{}: the server answered {} and does not say that it has all {} events",
                        lines_of(sent), answer.status, sent.events),
            hint);
    }
    async::error refused(kind_of(answer.status),
                         fmt::format("{}: the server answered {} to POST {}{}", lines_of(sent), answer.status,
                                     face == event_face::batches ? batch_path : single_path,
                                     detail_of(answer)),
                         hint_of(answer.status, face));
    if (const auto pause = http::retry_after(answer, now))
        refused.set_retry_after(*pause);
    throw refused;
}

event_face face_told_by(const http::wire_response& answer) {
    if (answer.status != 200)
        return event_face::single;
    const auto document = object_in(answer.body);
    const auto* const paths = document.if_contains("paths");
    const bool offered =
        paths != nullptr && paths->is_object() && paths->get_object().contains(batch_template);
    return offered ? event_face::batches : event_face::single;
}

event_server::event_server(const boost::asio::any_io_executor& executor, http::endpoint server,
                           http::pool_options options, server_secrets secrets, async::retry_context retries,
                           std::chrono::milliseconds timeout)
    : name_(http::authority(server))
    , url_(fmt::format("{}://{}{}", server.tls ? "https" : "http", name_, server.path))
    , base_path_(server.path)
    , secrets_(std::move(secrets))
    , retries_(std::move(retries))
    , timeout_(timeout)
    , pool_(executor, std::move(server), std::move(options), retries_.log) {}

awaitable<http::wire_response> event_server::ask(const http::wire_request& request) {
    return pool_.exchange(request, async::deadline::after(timeout_));
}

awaitable<event_face> event_server::find_face() {
    http::wire_request request;
    request.method = "GET";
    request.target = base_path_ + "/openapi.json";
    request.headers.emplace_back("Accept", "application/json");
    if (!secrets_.token.empty())
        request.headers.emplace_back("Authorization", "Bearer " + secrets_.token);
    const auto attempt = [&]() -> awaitable<event_face> {
        const auto answer = co_await ask(request);
        if (answer.status == 401 || answer.status == 403)
            throw async::error(failure::refused,
                               fmt::format("'{}' answered {} to GET /openapi.json", name_, answer.status),
                               hint_of(answer.status, event_face::batches));
        if (kind_of(answer.status) == failure::temporary && answer.status != 501) {
            async::error busy(failure::temporary,
                              fmt::format("'{}' answered {} to GET /openapi.json", name_, answer.status));
            if (const auto pause = http::retry_after(answer, std::chrono::system_clock::now()))
                busy.set_retry_after(*pause);
            throw busy;
        }
        co_return face_told_by(answer);
    };
    const auto doing = fmt::format("asking '{}' how it takes events", name_);
    co_return co_await async::retry(retries_, doing, async::deadline(), attempt);
}

awaitable<void> event_server::post(event_face face, const line_batch& batch, const std::string& key) {
    const bool in_batches = face == event_face::batches;
    http::wire_request request;
    request.method = "POST";
    request.target = base_path_ + std::string(in_batches ? batch_path : single_path);
    request.headers.emplace_back("Content-Type", in_batches ? "application/x-ndjson" : "application/json");
    request.headers.emplace_back("Idempotency-Key", '"' + key + '"');
    if (!in_batches)
        request.headers.emplace_back("Authorization", secrets_.live);
    else if (!secrets_.token.empty())
        request.headers.emplace_back("Authorization", "Bearer " + secrets_.token);
    const auto body = in_batches ? std::string_view(batch.body)
                                 : std::string_view(batch.body).substr(0, batch.body.size() - 1);
    const std::array pieces{std::as_bytes(std::span(body))};
    request.body = pieces;
    const auto attempt = [&]() -> awaitable<void> {
        const auto answer = co_await ask(request);
        judge_answer(answer, face, batch, std::chrono::system_clock::now());
    };
    const auto doing = fmt::format("sending {}", lines_of(batch));
    co_await async::retry(retries_, doing, async::deadline(), attempt);
}

} // namespace app
