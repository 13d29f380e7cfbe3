#include "lake/write/conditional_write.hpp"

#include "azure/blob/error.hpp"
#include "lake/conflict.hpp"

#include <chrono>
#include <optional>

namespace lake {

namespace {

constexpr std::chrono::minutes write_patience{5};

// What is uncertain after a publishing write has failed; nullopt if it certainly had no effect and never
// will.
std::optional<write_answer> unclear(const azure::storage_error& failed) {
    if (failed.condition_failed())
        return failed.service_code() == "InvalidBlockList" ? write_answer::blocks_missing
                                                           : write_answer::condition_failed;
    if (failed.status() == 404) // a blob that is not there meets no condition either
        return write_answer::condition_failed;
    if (failed.outcome_unknown() || failed.may_repeat())
        return write_answer::no_answer;
    return std::nullopt;
}

awaitable<azure::etag> write_or_look(const conditional_write& write) {
    write_answer answer = write_answer::no_answer;
    std::string message;
    try {
        co_return co_await write.send();
    } catch (const azure::storage_error& error) {
        const auto open = unclear(error);
        if (!open)
            throw;
        answer = *open;
        message = error.message();
    }
    const auto seen = co_await write.look();
    switch (decide_write(answer, seen.state)) {
    case write_decision::done:
        co_return seen.etag;
    case write_decision::again:
        break;
    case write_decision::conflict:
        throw conflict(message);
    }
    // Whatever the status was, the look has made the request safe to repeat.
    throw async::error(async::failure::temporary, message);
}

} // namespace

awaitable<azure::etag> write_until_known(async::retry_context& retries, conditional_write write) {
    const auto once = [&write] { return write_or_look(write); };
    try {
        co_return co_await async::retry(retries, write.doing, async::deadline::after(write_patience), once);
    } catch (async::error& failed) {
        failed.add_context(write.doing);
        throw;
    }
}

} // namespace lake
