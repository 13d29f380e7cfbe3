#include "app/serve/intake/intake_refusal.hpp"

#include "events/journal/error.hpp"

#include <utility>

namespace app {

using events::journal_error;
using events::journal_failure;

intake_refusal refusal_for(const async::error& failed) {
    const auto* of_journal = dynamic_cast<const journal_error*>(&failed);
    if (of_journal != nullptr) {
        auto said = events::message_for_clients(failed);
        switch (of_journal->reason()) {
        case journal_failure::too_large:
            return {413, std::move(said)};
        case journal_failure::no_topic:
            return {404, std::move(said)};
        case journal_failure::before_start:
            return {410, std::move(said)};
        case journal_failure::beyond_end:
            return {416, std::move(said)};
        case journal_failure::refused:
        case journal_failure::foreign:
        case journal_failure::damaged:
        case journal_failure::not_allowed:
        case journal_failure::missing:
        case journal_failure::unusable:
            return {500, std::move(said)};
        default:
            break;
        }
        return {503, std::move(said), failed.retry_after().has_value()};
    }
    if (failed.kind() == async::failure::usage)
        return {400, failed.message()};
    if (failed.kind() == async::failure::temporary)
        return {503, failed.message(), true};
    return {500, failed.message()};
}

void add_retry_after(http::response& answer, const intake_refusal& refusal) {
    if (refusal.retry_soon)
        answer.headers.emplace_back("Retry-After", "1");
}

} // namespace app
