#include "app/serve/intake/intake.hpp"

#include "app/serve/intake/descriptor_limit.hpp"
#include "async/caught.hpp"
#include "events/journal/error.hpp"
#include "http/server/request_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace app {

using async::awaitable;
using events::journal_error;
using events::journal_failure;

namespace {

// How long a journal is reported as failing after it refused events, if no further append was tried.
constexpr std::chrono::seconds problem_lasts{5};
constexpr std::chrono::minutes warning_every{1};
// Each topic has open files. From this number on no other is made; those that are there are served.
constexpr std::size_t topics_max = 1'000;

std::string_view name_of(journal_failure reason) noexcept {
    switch (reason) {
    case journal_failure::overloaded:
        return "overloaded";
    case journal_failure::full:
        return "full";
    case journal_failure::no_descriptor:
        return "no_descriptor";
    case journal_failure::too_large:
        return "too_large";
    case journal_failure::broken:
        return "broken";
    case journal_failure::in_doubt:
        return "in_doubt";
    case journal_failure::unreachable:
        return "unreachable";
    case journal_failure::refused:
        return "refused";
    case journal_failure::no_topic:
        return "no_topic";
    case journal_failure::in_use:
        return "in_use";
    case journal_failure::not_allowed:
    case journal_failure::missing:
    case journal_failure::unusable:
        return "failed";
    default:
        return "unreadable";
    }
}

// nullopt for another exception than a journal_error.
std::optional<journal_failure> reason_of(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const journal_error& why) {
        return why.reason();
    } catch (...) {
        return std::nullopt;
    }
}

// /readyz tells it to clients.
std::string told_to_clients(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const async::error& why) {
        return events::message_for_clients(why);
    } catch (...) {
        return async::describe(failed);
    }
}

std::string hint_in(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const async::error& why) {
        if (!why.hint().empty())
            return why.hint();
    } catch (...) { // it has none
    }
    return "docs/journal.md, \"When it goes wrong\", says what to do.";
}

} // namespace

std::vector<events::header> correlation_headers(const http::request& asked) {
    // The header names that other programs look for.
    constexpr std::array<std::array<std::string_view, 2>, 3> names{{{"x-correlation-id", "x-correlation-id"},
                                                                    {"correlationid", "correlationId"},
                                                                    {"traceparent", "traceparent"}}};
    std::vector<events::header> headers;
    for (const auto& [asked_as, kept_as] : names)
        if (const auto value = asked.header(asked_as); http::is_sane_request_id(value))
            headers.push_back({std::string(kept_as), std::string(value)});
    return headers;
}

intake::intake(events::journal& journal, std::size_t memory_bytes, const bool& stopping, async::log& log)
    : journal_(journal)
    , budget_(memory_bytes)
    , stopping_(stopping)
    , log_(log) {}

http::admission intake::admit(std::optional<std::uint64_t> length, std::size_t bytes_max,
                              const error_form& form) {
    const auto refuse = [&form](const intake_refusal& why) {
        auto answer = form(why);
        add_retry_after(answer, why);
        return http::admission{std::move(answer)};
    };
    if (stopping_)
        return refuse({503, "the service is about to end", true});
    if (length && *length > bytes_max)
        return refuse({413, fmt::format("the body has {} bytes, more than {}", *length, bytes_max)});
    // The connection's receive buffer counts as well.
    constexpr std::size_t receive_buffer = 65'536;
    const auto bytes = static_cast<std::size_t>(length.value_or(0));
    auto room = budget_.take(bytes + (bytes > receive_buffer ? receive_buffer : 0));
    if (!room) {
        const journal_error why(
            journal_failure::overloaded,
            fmt::format("{} bytes of events are being received already", budget_.taken()));
        refused(std::make_exception_ptr(why), {});
        return refuse({503, why.message(), true});
    }
    const auto in_words = [form](unsigned status, std::string_view why) {
        return form({status, std::string(why)});
    };
    return {std::nullopt, std::move(room), bytes_max, in_words};
}

awaitable<events::topic*> intake::open(std::string topic) {
    if (const auto found = open_.find(topic); found != open_.end())
        co_return found->second;
    if (open_.size() >= topics_max) {
        const auto known = co_await journal_.topics();
        if (std::ranges::find(known, topic) == known.end())
            throw async::error(async::failure::usage,
                               fmt::format("there are {} topics already: use one of them", topics_max));
    }
    must_have_room_for_a_topic();
    auto* const opened = co_await journal_.open(topic);
    open_.insert_or_assign(std::move(topic), opened);
    co_return opened;
}

void intake::must_have_room_for_a_topic() const {
    if (!descriptors_left_for_a_topic())
        throw journal_error(
            journal_failure::overloaded,
            fmt::format("too few files may be open for another topic beside {}: raise the limit, "
                        "as with ulimit -n",
                        open_.size()));
}

awaitable<events::topic*> intake::find(std::string topic) {
    if (const auto found = open_.find(topic); found != open_.end())
        co_return found->second;
    if (!events::topic_name_mistake(topic).empty())
        co_return nullptr;
    const auto known = co_await journal_.topics();
    if (std::ranges::find(known, topic) == known.end())
        co_return nullptr;
    must_have_room_for_a_topic();
    co_return co_await journal_.view(std::move(topic));
}

awaitable<events::appended> intake::append(std::string topic, events::event_batch events,
                                           std::shared_ptr<http::body_room> room) {
    if (stopping_ && !room) // requests that were let in before are answered
        throw journal_error(journal_failure::overloaded, "the service is about to end");
    std::uint64_t bytes = 0;
    std::size_t bytes_kept = 0;
    std::size_t bytes_of_headers = 0;
    for (std::size_t at = 0; at < events.size(); ++at) {
        const auto each = events[at];
        bytes += each.value.size();
        bytes_kept += each.value.size() + (each.key ? each.key->size() : 0) + 16;
        for (const auto& header : each.headers)
            bytes_of_headers += header.name.size() + header.value.size() + 4;
    }
    bytes_kept += bytes_of_headers;
    const auto count = events.size();
    const auto began = begun_.insert(clock::now());
    struct pending {
        std::multiset<clock::time_point>& all;
        std::multiset<clock::time_point>::iterator mine;
        pending(std::multiset<clock::time_point>& set, std::multiset<clock::time_point>::iterator place)
            : all(set)
            , mine(place) {}
        pending(const pending&) = delete;
        pending& operator=(const pending&) = delete;
        ~pending() { all.erase(mine); }
    } const waiting(begun_, began);

    std::exception_ptr failed;
    events::appended made;
    if (!room)
        room = budget_.take(bytes_kept);
    // Each event keeps a copy of the request's headers. Without headers, the memory is in proportion to the
    // body, which is let in if it is alone.
    if (bytes_of_headers > 0 && bytes_kept > budget_.bytes_max()) {
        failed = std::make_exception_ptr(journal_error(
            journal_failure::too_large,
            fmt::format("the {} events take {} bytes with the headers that each of them keeps, more "
                        "than JOURNAL_MEMORY, {}: send fewer in one request",
                        count, bytes_kept, budget_.bytes_max())));
    } else if (!room || !room->resize(bytes_kept)) {
        failed = std::make_exception_ptr(
            journal_error(journal_failure::overloaded,
                          fmt::format("{} bytes of events are being received already", budget_.taken())));
    } else {
        auto opened = co_await async::outcome_of(open(topic));
        if (opened.value) {
            auto outcome = co_await async::outcome_of((*opened.value)->append(std::move(events)));
            if (outcome.value)
                made = *outcome.value;
            failed = outcome.failed;
        } else {
            failed = opened.failed;
        }
    }
    if (failed) {
        if (!async::is_cancellation(failed))
            refused(failed, topic);
        std::rethrow_exception(failed);
    }
    auto& counts = counts_[topic];
    ++counts.appends;
    counts.events += count;
    counts.bytes += bytes;
    counts.waited += clock::now() - *began;
    counts.end = std::max(counts.end, made.end);
    if (!broken_)
        problem_.clear();
    co_return made;
}

void intake::refused(const std::exception_ptr& why, std::string_view topic) {
    const auto reason = reason_of(why);
    const auto name = reason ? name_of(*reason) : std::string_view("failed");
    ++refused_[std::string(name)];
    if (reason == journal_failure::too_large || reason == journal_failure::no_topic ||
        async::failure_of(why) == async::failure::usage)
        return; // the client's own mistake: the journal is well
    if (reason != journal_failure::overloaded) {
        problem_ = told_to_clients(why);
        problem_at_ = clock::now();
    }
    if (reason == journal_failure::broken) {
        broken_ = true;
        on_broken(why);
    }
    // Each client gets the error; the log must not grow with their number.
    const auto now = clock::now();
    auto& warned = warned_[std::string(name)];
    if (warned != clock::time_point() && now - warned < warning_every)
        return;
    warned = now;
    const auto message = async::describe(why);
    const auto hint = hint_in(why);
    if (reason == journal_failure::overloaded)
        log_.warn("journal.overloaded", "events arrive faster than they can be stored: some are refused",
                  {{"topic", topic}, {"error.message", message}, {"hint", hint}});
    else
        log_.warn("journal.refused", "the journal does not take events",
                  {{"reason", name}, {"topic", topic}, {"error.message", message}, {"hint", hint}});
}

std::string intake::problem() const {
    return broken_ || clock::now() - problem_at_ < problem_lasts ? problem_ : std::string();
}

std::chrono::nanoseconds intake::age_of_oldest() const {
    return begun_.empty() ? std::chrono::nanoseconds(0) : clock::now() - *begun_.begin();
}

} // namespace app
