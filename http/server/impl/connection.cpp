#include "http/server/impl/connection.hpp"

#include "async/error.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <utility>

namespace http {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

namespace {

constexpr std::size_t shown_path_max = 256;
// The status that other servers log for a request whose client has gone.
constexpr unsigned client_closed_request = 499;

} // namespace

connection::connection(asio::ip::tcp::socket socket, const connection_context& context)
    : socket_(std::move(socket))
    , context_(context)
    , buffer_(buffer_size_min) {}

void connection::finish() {
    if (!std::exchange(finishing_, true))
        whole_by_ = async::deadline::after(context_.options.last_timeout);
    if (reading_) {
        error_code ignored; // the connection is being closed
        socket_.cancel(ignored);
    }
}

bool connection::cut_answer() noexcept {
    if (sending_)
        cut();
    return sending_;
}

awaitable<void> connection::run() {
    error_code ignored; // a client that has gone already is found out by reading
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    try {
        while (co_await serve_one()) {
        }
    } catch (const system_error& failed) {
        if (failed.code() == asio::error::operation_aborted && !finishing_)
            throw;
        context_.log.debug("http.connection_lost", "a client has gone, or was too slow",
                           {{"reason", failed.code().message()}});
    } catch (const std::exception& failed) {
        context_.log.error("http.answer_lost", "an answer could not be sent to its end",
                           {{"error.message", failed.what()}});
    }
}

// True if another may follow.
awaitable<bool> connection::serve_one() {
    request_reader reader(context_.options.sizes,
                          [this](request& asked, auto length) { return admit(asked, length); });
    reading_ = true;
    const auto got = co_await read_request(reader);
    reading_ = false;
    if (got == reading::closed)
        co_return false;
    if (got == reading::refused) {
        co_await refuse(reader);
        co_await linger();
        co_return false;
    }
    ++requests_;
    const bool another = co_await answer(reader);
    if (buffer_.size() >= buffer_size_large && buffered_ <= buffer_size_min) {
        buffer_.resize(buffer_size_min);
        buffer_.shrink_to_fit();
    }
    error_code ignored; // gone already is as good
    if (!another && (buffered_ > 0 || socket_.available(ignored) > 0))
        co_await linger();
    co_return another;
}

awaitable<void> connection::refuse(request_reader& reader) {
    account told;
    auto& asked = reader.request();
    name_request(asked);
    response answer;
    if (early_) {
        answer = std::move(*early_);
    } else {
        const auto& why = late_ ? *late_ : *reader.refused();
        answer = words_ ? words_(why.status, why.detail) : error_response(why.status, why.detail);
    }
    const exchange_facts facts{asked.id, false, true, context_.dates.now()};
    co_await send_response(answer, facts, false, told);
    log_request(asked, told);
}

awaitable<bool> connection::answer(request_reader& reader) {
    account told;
    auto& asked = reader.request();
    name_request(asked);
    asked.hung_up = [this] { return hung_up(); };
    response answer;
    std::exception_ptr failed;
    try {
        answer = co_await context_.answers.answer(asked);
    } catch (...) {
        failed = std::current_exception(); // a cancellation: the client has gone, or all is over
        told.status = client_closed_request;
        told.cut = true;
    }
    if (failed) {
        log_request(asked, told);
        std::rethrow_exception(failed);
    }

    const auto& options = context_.options;
    const bool close = finishing_ || context_.crowded || !reader.keep_alive() ||
                       (options.requests_max != 0 && requests_ >= options.requests_max) ||
                       framing_of(answer, reader.is_http_1_0()) == framing::until_closed;
    const exchange_facts facts{asked.id, reader.is_http_1_0(), close, context_.dates.now()};
    sending_ = true;
    try {
        co_await send_response(answer, facts, asked.method == "HEAD", told);
    } catch (...) {
        failed = std::current_exception();
        told.cut = true;
    }
    sending_ = false;
    log_request(asked, told);
    if (failed) {
        cut();
        std::rethrow_exception(failed);
    }
    co_return !close;
}

void connection::name_request(request& asked) {
    const auto given = asked.header("x-request-id");
    asked.id = is_sane_request_id(given) ? std::string(given) : context_.ids.next();
    for (const auto* const name : {"x-correlation-id", "correlationid", "traceparent"})
        if (const auto each = asked.header(name); asked.correlation_id.empty() && is_sane_request_id(each))
            asked.correlation_id = each;
}

// With a reset, so that a body which ends where the connection ends is not taken for whole.
void connection::cut() noexcept {
    error_code ignored; // gone already is as good
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

void connection::log_request(const request& asked, const account& told) {
    const auto took = clock::now() - told.began;
    context_.counters.busy += took;
    const std::chrono::duration<double, std::milli> duration = took;
    const std::string_view path(asked.path);
    std::vector<async::log_field> fields{
        {"method", asked.method.empty() ? std::string_view("-") : std::string_view(asked.method)},
        {"path", path.empty() ? std::string_view("-") : path.substr(0, shown_path_max)},
        {"status", told.status},
        {"bytes", told.bytes},
        {"duration_ms", duration.count()},
        {"request_id", asked.id},
        {"cut", told.cut}};
    if (!asked.correlation_id.empty())
        fields.emplace_back("correlation_id", asked.correlation_id);
    constexpr std::string_view event = "http.request";
    const auto message = told.cut ? "a request whose answer was cut short" : "a request was answered";
    if (asked.routine)
        context_.log.debug(event, message, fields);
    else
        context_.log.info(event, message, fields);
}

} // namespace http
