#include "events/journal/error.hpp"

#include <chrono>
#include <utility>

namespace events {

namespace {

async::failure kind_of(journal_failure reason) noexcept {
    switch (reason) {
    case journal_failure::overloaded:
    case journal_failure::full:
    case journal_failure::no_descriptor:
    case journal_failure::broken:
    case journal_failure::in_doubt:
    case journal_failure::unreachable:
        return async::failure::temporary;
    case journal_failure::refused:
    case journal_failure::not_allowed:
        return async::failure::refused;
    case journal_failure::unusable:
        return async::failure::unclassified;
    case journal_failure::too_large:
    case journal_failure::no_topic:
    case journal_failure::missing:
        return async::failure::precondition;
    case journal_failure::before_start:
    case journal_failure::beyond_end:
    case journal_failure::foreign:
    case journal_failure::damaged:
        return async::failure::integrity;
    case journal_failure::in_use:
        return async::failure::locked;
    }
    return async::failure::internal;
}

} // namespace

journal_error::journal_error(journal_failure reason, std::string message, std::string hint)
    : async::error(kind_of(reason), std::move(message), std::move(hint))
    , reason_(reason) {
    if (reason == journal_failure::overloaded || reason == journal_failure::full ||
        reason == journal_failure::no_descriptor || reason == journal_failure::unreachable)
        set_retry_after(std::chrono::seconds(1));
    if (reason == journal_failure::broken || reason == journal_failure::in_doubt) {
        set_not_repeatable();
        set_outcome_unknown();
    }
}

std::string journal_error::for_clients() const {
    if (!for_clients_.empty())
        return for_clients_;
    if (fit_for_clients_)
        return message();
    switch (reason_) {
    case journal_failure::full:
        return "the journal has no room for more events";
    case journal_failure::broken:
        return "the disk of the journal has failed: no more events are accepted";
    case journal_failure::foreign:
        return "the topic is of another journal";
    case journal_failure::damaged:
        return "events of the topic are damaged";
    case journal_failure::in_use:
        return "another process writes to the topic";
    case journal_failure::before_start:
        return "events at this position have been removed";
    case journal_failure::beyond_end:
        return "the topic ends before a position at which it had events";
    case journal_failure::not_allowed:
        return "the files of the journal may not be read or written";
    case journal_failure::missing:
        return "a file of the journal is not there";
    case journal_failure::unusable:
        return "a file of the journal cannot be read or written";
    case journal_failure::overloaded: // these name no file
    case journal_failure::no_descriptor:
    case journal_failure::too_large:
    case journal_failure::in_doubt:
    case journal_failure::unreachable:
    case journal_failure::refused:
    case journal_failure::no_topic:
        break;
    }
    return message();
}

std::string message_for_clients(const async::error& failed) {
    const auto* of_journal = dynamic_cast<const journal_error*>(&failed);
    return of_journal != nullptr ? of_journal->for_clients() : failed.message();
}

bool has_reason(const std::exception_ptr& failed, journal_failure reason) {
    try {
        std::rethrow_exception(failed);
    } catch (const journal_error& why) {
        return why.reason() == reason;
    } catch (...) {
        return false;
    }
}

bool is_before_start(const std::exception_ptr& failed) {
    return has_reason(failed, journal_failure::before_start);
}

} // namespace events
