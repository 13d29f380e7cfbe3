#include "events/journal/kafka/client.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

namespace events::kafka {

namespace {

constexpr std::size_t text_max = 512;

// The client may be given up meanwhile: its end waits for threads, and must not be left to the loop.
async::awaitable<void> renew_token(std::weak_ptr<rd_kafka_t> of, client_surroundings& around) {
    auto asked = co_await async::outcome_of(around.token());
    const auto handle = of.lock();
    if (!handle)
        co_return;
    std::string reason;
    if (asked.value) {
        std::array<char, text_max> said{};
        const auto expires =
            std::chrono::duration_cast<std::chrono::milliseconds>(asked.value->expires.time_since_epoch());
        const auto failed = rd_kafka_oauthbearer_set_token(handle.get(), asked.value->value.c_str(),
                                                           expires.count(), asked.value->principal.c_str(),
                                                           nullptr, 0, said.data(), said.size());
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
            co_return;
        reason = said.data();
    } else {
        if (async::is_cancellation(asked.failed))
            std::rethrow_exception(asked.failed);
        reason = async::describe(asked.failed);
    }
    around.log.warn("journal.kafka_token", "there is no token for Kafka", {{"reason", reason}});
    rd_kafka_oauthbearer_set_token_failure(handle.get(), reason.c_str());
}

} // namespace

client::client(rd_kafka_type_t type, conf_handle conf, client_surroundings& around,
               std::function<void(rd_kafka_event_t*)> deliveries)
    : around_(around)
    , deliveries_(std::move(deliveries)) {
    std::array<char, text_max> said{};
    auto* const made = rd_kafka_new(type, conf.get(), said.data(), said.size());
    if (made == nullptr)
        throw async::error(async::failure::usage, fmt::format("KAFKA_CONFIG: {}", said.data()));
    (void)conf.release(); // it is the client's now
    handle_ = {made,
               [](rd_kafka_t* gone) { rd_kafka_destroy_flags(gone, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }};
    queue_handle main(rd_kafka_queue_get_main(made));
    rd_kafka_set_log_queue(made, main.get());
    if (type == RD_KAFKA_CONSUMER) {
        const queue_handle of_group(rd_kafka_queue_get_consumer(made));
        rd_kafka_queue_forward(of_group.get(), main.get());
    }
    queue_ = std::make_unique<event_queue>(around.executor, std::move(main), [this] { return serve(); });
}

void client::works() noexcept {
    complaint_.clear();
    refusal_ = RD_KAFKA_RESP_ERR_NO_ERROR;
    around_.said.clear();
}

std::shared_ptr<rd_kafka_t> client::release() noexcept {
    queue_.reset();
    return std::move(handle_);
}

bool client::serve() {
    constexpr int turn = 1'000; // then others on the loop have theirs
    for (int count = 0; count < turn; ++count) {
        const auto event = queue_->poll();
        if (!event)
            return false;
        take(event.get());
    }
    return true;
}

void client::take(rd_kafka_event_t* event) {
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
        if (deliveries_)
            deliveries_(event);
        break;
    case RD_KAFKA_EVENT_ERROR: {
        auto code = rd_kafka_event_error(event);
        if (rd_kafka_event_error_is_fatal(event) != 0 || code == RD_KAFKA_RESP_ERR__FATAL) {
            fatal_ = true;
            std::array<char, text_max> said{};
            code = rd_kafka_fatal_error(handle_.get(), said.data(), said.size());
            // Appends that wait fail now instead of at their deadline.
            rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                              RD_KAFKA_PURGE_F_NON_BLOCKING);
            around_.log.warn("journal.kafka_producer_replaced",
                             "Kafka's producer failed and is replaced; whether Kafka kept what it was "
                             "sending is not known",
                             {{"reason", said.data()}});
            break;
        }
        take_error(code, rd_kafka_event_error_string(event));
        break;
    }
    case RD_KAFKA_EVENT_LOG: {
        const char* facility = nullptr;
        const char* text = nullptr;
        int level = 0;
        if (rd_kafka_event_log(event, &facility, &text, &level) == 0)
            around_.log.debug("journal.kafka", text, {{"facility", facility}, {"severity", level}});
        break;
    }
    case RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH:
        if (around_.token)
            around_.tasks.start(renew_token(handle_, around_));
        else
            rd_kafka_oauthbearer_set_token_failure(handle_.get(), "no Entra identity is configured");
        break;
    default:
        break;
    }
}

void client::take_error(rd_kafka_resp_err_t code, std::string text) {
    complaint_ = std::move(text);
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) {
        refusal_ = code;
        if (is_news("journal.kafka_refused"))
            around_.log.warn("journal.kafka_refused", "a Kafka broker refused this program's sign-in",
                             {{"reason", complaint_}});
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        unreachable(complaint_);
    } else {
        around_.log.debug("journal.kafka_error", complaint_);
    }
}

void client::unreachable(std::string_view reason) {
    if (is_news("journal.kafka_unreachable"))
        around_.log.warn("journal.kafka_unreachable", "no Kafka broker can be reached", {{"reason", reason}});
}

void client::not_shown(rd_kafka_resp_err_t failed) {
    if (is_news("journal.kafka_group"))
        around_.log.warn("journal.kafka_group", "positions are not shown in Kafka's consumer group",
                         {{"reason", rd_kafka_err2str(failed)}});
}

// Once, until something works again.
bool client::is_news(std::string_view event) {
    if (around_.said == event)
        return false;
    around_.said = event;
    return true;
}

} // namespace events::kafka
