// How blob_client sends: signed again for each try, repeated where that is safe.
#include "async/timeline.hpp"
#include "azure/auth/token_source.hpp"
#include "azure/blob/blob_client.hpp"
#include "azure/blob/impl/border.hpp"
#include "azure/blob/impl/service_error.hpp"
#include "azure/impl/clock.hpp"
#include "azure/impl/request_id.hpp"
#include "http/client/error.hpp"
#include "http/date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace azure {

using async::awaitable;
using async::deadline;

namespace {

constexpr std::string_view request_id_header = "x-ms-client-request-id";
// For a service that has never answered: how long to try to connect, how long its first answer may
// take, and how much longer to wait for an answer than for a connection.
constexpr std::chrono::seconds unreachable_patience{5};
constexpr std::chrono::milliseconds first_answer_patience{10'000};
constexpr std::chrono::seconds silence_patience{10};

const std::string& request_id_of(const request& request) {
    return request.headers.at(std::string(request_id_header));
}

http::wire_request signed_at(std::chrono::sys_seconds now, const account& owner, azure::request request,
                             const std::string& token, bool repeatable, deadline::clock::duration timeout) {
    request.headers["x-ms-date"] = http::format_http_date(now);
    request.headers["x-ms-version"] = service_version;
    if (const auto* key = std::get_if<shared_key>(&owner.credential))
        request.headers["authorization"] = shared_key_authorization(owner, *key, request);
    else if (!token.empty())
        request.headers["authorization"] = "Bearer " + token;
    request.headers["user-agent"] = "event-archiver";

    http::wire_request wire;
    wire.method = to_string(request.method);
    wire.target = request_target(owner, request);
    wire.headers.assign(request.headers.begin(), request.headers.end());
    wire.repeatable = repeatable;
    wire.timeout = timeout;
    return wire;
}

// "PUT block": the method and the operation, without names or signatures.
std::string operation_of(const request& request) {
    std::string operation(to_string(request.method));
    for (const auto& [key, value] : request.query)
        if (key == "comp")
            operation.append(" ").append(value);
    return operation;
}

// The service says 401, the emulator 403, of a token that has expired, too.
bool token_refused(const http::wire_response& answer) {
    return answer.status == 401 ||
           (answer.status == 403 && answer.header("x-ms-error-code") == "AuthenticationFailed");
}

std::chrono::sys_seconds our_time() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// An answer that leaves open whether the write took effect: something between us and the service, or its own
// time limit.
bool leaves_open(const storage_error& failed) {
    return failed.status() == 408 || (failed.status() >= 500 && failed.status() != 501);
}

// Whatever kept an answer from coming, the caller gets a storage_error.
awaitable<http::wire_response> answered(http::session_pool& pool, const http::wire_request& wire,
                                        async::deadline deadline, const http::body_stream* stream) {
    try {
        co_return co_await pool.exchange(wire, deadline, stream);
    } catch (const http::transport_error& failed) {
        throw storage_error(failed);
    }
}

} // namespace

blob_client::blob_client(account owner, std::string container, client_options options,
                         http::session_pool& pool, async::retry_context& retries, async::log& log,
                         token_source* tokens)
    : account_(std::move(owner))
    , container_(std::move(container))
    , options_(options)
    , pool_(pool)
    , retries_(retries)
    , log_(log)
    , tokens_(tokens) {}

request blob_client::container_request(verb method) const {
    azure::request request;
    request.method = method;
    request.path = "/" + container_;
    request.query.emplace_back("restype", "container");
    request.headers.emplace(request_id_header, make_request_id());
    return request;
}

request blob_client::blob_request(verb method, std::string_view name) const {
    azure::request request;
    request.method = method;
    request.path = "/" + container_ + "/" + std::string(name);
    request.headers.emplace(request_id_header, make_request_id());
    return request;
}

std::string blob_client::blob_of(const request& request) const {
    const auto begin = container_.size() + 2; // "/container/"
    return request.path.size() > begin ? request.path.substr(begin) : std::string();
}

// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#specifying-the-date-header
bool blob_client::refused_for_the_clock(const http::wire_response& answer) const {
    return answer.status == 403 && answer.header("x-ms-error-code") == "AuthenticationFailed" &&
           !std::holds_alternative<shared_access_signature>(account_.credential) && // holds no date of ours
           clock_ahead_ && std::chrono::abs(*clock_ahead_ - dated_ahead_) >= skew_worth_telling;
}

awaitable<http::wire_response> blob_client::exchange(const request& request, bool repeatable,
                                                     async::deadline deadline,
                                                     const http::body_stream* stream) {
    auto answer = co_await exchange_as(request, repeatable, deadline, stream);
    if (refused_for_the_clock(answer)) {
        dated_ahead_ = *clock_ahead_;
        log_.warn("azure.clock", "this machine's clock is wrong: requests are dated by the storage service's",
                  {{"lake_ahead_s", dated_ahead_.count()}});
        answer = co_await exchange_as(request, repeatable, deadline, stream);
    }
    co_return answer;
}

awaitable<http::wire_response> blob_client::exchange_as(const request& request, bool repeatable,
                                                        async::deadline deadline,
                                                        const http::body_stream* stream) {
    const std::string no_token;
    if (!std::holds_alternative<entra_identity>(account_.credential))
        co_return co_await exchange_once(request, no_token, repeatable, deadline, stream);
    if (tokens_ == nullptr)
        throw async::error(async::failure::internal, "an Entra identity without a source of tokens");
    const std::string scope(storage_scope);
    const auto token = co_await tokens_->token(scope, deadline);
    auto answer = co_await exchange_once(request, token, repeatable, deadline, stream);
    if (token_refused(answer)) {
        tokens_->reject(scope, token);
        const auto fresh = co_await tokens_->token(scope, deadline);
        answer = co_await exchange_once(request, fresh, repeatable, deadline, stream);
    }
    co_return answer;
}

awaitable<http::wire_response> blob_client::exchange_once(const request& request, const std::string& token,
                                                          bool repeatable, async::deadline deadline,
                                                          const http::body_stream* stream) {
    const auto began = deadline::clock::now();
    const auto timeout =
        clock_ahead_ ? options_.request_timeout : std::min(options_.request_timeout, first_answer_patience);
    auto wire = signed_at(our_time() + dated_ahead_, account_, request, token, repeatable, timeout);
    wire.body = request.body;
    async::span shown(log_, "storage requests", operation_of(request), request.path);
    shown.note("bytes", request.body_size());
    auto answer = co_await answered(pool_, wire, deadline, stream);
    shown.note("status", answer.status);
    if (const auto theirs = http::parse_http_date(answer.header("date")))
        clock_ahead_ = *theirs - our_time();
    log_answer(request, answer, began);
    co_return answer;
}

awaitable<http::wire_response> blob_client::send_once(const request& request, bool repeatable,
                                                      async::deadline deadline) {
    auto answer = co_await exchange(request, repeatable, deadline, nullptr);
    if (answer.status / 100 != 2)
        throw service_error(answer, request_id_of(request), std::chrono::system_clock::now(),
                            {account_.credential, request});
    co_return answer;
}

awaitable<http::wire_response> blob_client::send(std::string_view doing, const request& request) {
    const auto deadline = async::deadline::after(options_.operation_timeout);
    const auto found_by = deadline::after(unreachable_patience);
    auto attempt = [&] { return send_while_reachable(request, deadline, found_by); };
    try {
        co_return co_await async::retry(retries_, doing, deadline, attempt);
    } catch (storage_error& failed) {
        failed.set_blob(blob_of(request));
        rethrow_with_context(doing);
    } catch (...) {
        rethrow_with_context(doing);
    }
}

// A service that has never answered and cannot be connected to probably does not exist. That must be known
// before the database has been read for an hour. The same holds for one that accepts connections and sends
// nothing.
awaitable<http::wire_response> blob_client::send_while_reachable(const request& request,
                                                                 async::deadline deadline,
                                                                 async::deadline found_by) {
    try {
        co_return co_await send_once(request, true, deadline);
    } catch (async::error& failed) {
        const auto end =
            failed.outcome_unknown() ? async::deadline(found_by.at() + silence_patience) : found_by;
        if (clock_ahead_ || !end.passed())
            throw;
        failed.set_not_repeatable();
        if (!failed.outcome_unknown())
            throw;
        async::error silent(async::failure::temporary,
                            fmt::format("{}:{} takes connections and does not answer", account_.blob.host,
                                        account_.blob.port),
                            "Is that the storage endpoint? A proxy or a firewall may stand in between.");
        silent.set_not_repeatable();
        throw silent;
    }
}

awaitable<std::optional<http::wire_response>> blob_client::send_if_found(std::string_view doing,
                                                                         const request& request) {
    std::optional<http::wire_response> answer;
    try {
        answer = co_await send(doing, request);
    } catch (const storage_error& failed) {
        // A container that does not exist is another matter.
        if (failed.status() != 404 || failed.service_code() == "ContainerNotFound")
            throw;
    }
    co_return answer;
}

awaitable<http::wire_response> blob_client::publish(std::string_view doing, const request& request) {
    const auto deadline = async::deadline::after(options_.operation_timeout);
    try {
        co_return co_await send_once(request, false, deadline);
    } catch (storage_error& failed) {
        failed.set_blob(blob_of(request));
        if (leaves_open(failed))
            failed.set_outcome_unknown();
        rethrow_with_context(doing);
    } catch (...) {
        rethrow_with_context(doing);
    }
}

void blob_client::log_answer(const request& request, const http::wire_response& answer,
                             deadline::clock::time_point began) {
    if (!log_.enabled(async::log_level::debug))
        return;
    const auto target = redacted_target(account_, request);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(deadline::clock::now() - began);
    log_.debug("azure.request", "the blob service answered",
               {{"http.method", to_string(request.method)},
                {"url.path", target},
                {"http.status", answer.status},
                {"azure.error_code", answer.header("x-ms-error-code")},
                {"azure.request_id", answer.header("x-ms-request-id")},
                {"azure.client_request_id", request_id_of(request)},
                {"duration_ms", took.count()}});
}

} // namespace azure
