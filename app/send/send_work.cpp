#include "app/send/send_work.hpp"

#include "app/run/loop_run.hpp"
#include "app/send/file_watch.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "http/client/proxy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace app {

namespace {

using async::awaitable;

http::pool_options sending_options_of(const configuration& settings, const http::endpoint& server,
                                      async::helper_thread& blocking) {
    http::pool_options options;
    options.names = &blocking;
    options.connections_max = 1; // events go one request after the other
    if (settings.proxy && !http::bypasses_proxy(server, settings.no_proxy))
        options.proxy = settings.proxy;
    return options;
}

// Puts the file and the lines being sent in front of the message.
[[noreturn]] void rethrow_of_file(const std::exception_ptr& failed, const std::string& file) {
    try {
        std::rethrow_exception(failed);
    } catch (async::error& error) {
        error.add_context(fmt::format("sending '{}'", file));
        throw;
    }
}

} // namespace

send_work::send_work(const send_request& request, const configuration& settings, run_frame& frame)
    : request_(request)
    , frame_(frame)
    , server_(
          loop_.get_executor(), request.server,
          sending_options_of(settings, request.server, frame.blocking_calls()),
          {settings.serving.token, settings.serving.live_secret},
          {async::retry_policy{settings.retries + 1}, async::make_random_source(), frame.log(), retry_count_},
          settings.request_timeout)
    , display_(loop_.get_executor(), usual_style(frame.out(), settings.level),
               {[this] { return facts(); }, [this](const progress_pace& pace) { log_progress(pace); }},
               standard_error())
    , guard_(loop_.get_executor(), stop_, frame.log()) {
    frame_.out().display = &display_;
}

send_work::~send_work() { frame_.out().display = nullptr; }

work_end send_work::run() {
    loop_hooks hooks{[this](int number) {
                         guard_.stop(number, "stopping: what was accepted is noted, and the rest is not sent",
                                     "sending");
                     },
                     [this] { display_.show_now(); },
                     [this] {
                         display_.stop();
                         server_.close();
                     }};
    display_.start();
    return run_stoppable(loop_, work(), stop_, guard_, std::move(hooks));
}

awaitable<void> send_work::work() {
    auto sending = request_.watch ? &send_work::watch : &send_work::send_once;
    const auto failed = co_await async::caught((this->*sending)());
    if (failed)
        rethrow_of_file(failed, request_.file);
}

progress_facts send_work::facts() const {
    progress_facts facts;
    facts.phase = "sending";
    facts.idle = !sending_;
    facts.events = report_.events;
    if (report_.bytes_file > 0)
        facts.share =
            std::min(1.0, static_cast<double>(report_.bytes_read) / static_cast<double>(report_.bytes_file));
    facts.in_phase = std::chrono::steady_clock::now() - began_;
    return facts;
}

void send_work::log_progress(const progress_pace& pace) {
    std::vector<async::log_field> fields{{"bytes_read", report_.bytes_read}, {"bytes", report_.bytes_file}};
    add_pace(fields, facts(), pace);
    frame_.log().info("progress", sending_ ? "a file is being sent" : "waiting for the file",
                      std::span<const async::log_field>(fields));
}

awaitable<sent_file> send_work::send_pass() {
    began_ = std::chrono::steady_clock::now();
    sending_ = true;
    const send_tools tools{server_, reading_, frame_.log(), report_};
    auto ended = co_await async::outcome_of(send_file(tools, request_.file, request_.batch));
    sending_ = false;
    if (ended.failed)
        std::rethrow_exception(ended.failed);
    co_return std::move(*ended.value);
}

awaitable<void> send_work::send_once() {
    const auto sent = co_await send_pass();
    if (const auto mistake = mistake_in(sent))
        throw *mistake;
    auto now = state_of(request_.file);
    if (now)
        now->touched_ns = sent.state.touched_ns; // what was merely touched is as it was
    if (now != sent.state)
        frame_.log().warn("send.file_changed", "the file was changed while it was being sent",
                          {{"file", request_.file}});
}

awaitable<void> send_work::watch() {
    constexpr std::chrono::seconds pause{1};
    std::optional<sent_content> sent;
    for (;;) {
        frame_.log().info("send.waiting", sent ? "waiting for a change of the file" : "waiting for the file",
                          {{"file", request_.file}});
        co_await wait_for_change(request_.file, sent, reading_);
        auto ended = co_await async::outcome_of(send_pass());
        if (ended.value) {
            sent = sent_content{ended.value->state, ended.value->content_crc};
            if (const auto mistake = mistake_in(*ended.value))
                frame_.log().error("send.failed", mistake->message(), {{"file", request_.file}});
            continue;
        }
        // It goes on where it was, once the server is back, or the file is.
        const auto kind = async::failure_of(ended.failed);
        if (async::is_cancellation(ended.failed) ||
            (kind != async::failure::temporary && kind != async::failure::precondition))
            std::rethrow_exception(ended.failed);
        frame_.log().error("send.failed", async::describe(ended.failed), {{"file", request_.file}});
        co_await async::pause(pause);
    }
}

run_costs send_work::costs() const {
    run_costs costs;
    costs.requests = server_.counters().requests;
    costs.bytes_sent = server_.counters().bytes_sent;
    costs.retries = retry_count_;
    return costs;
}

} // namespace app
