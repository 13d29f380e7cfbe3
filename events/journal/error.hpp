// Why a call of a journal failed.
// Tested by tests/unit/events/journal/conformance.hpp.
#pragma once

#include "async/error.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace events {

enum class journal_failure : std::uint8_t {
    overloaded,    // more waits for the disk or the broker than memory allows; nothing was kept
    full,          // no room for more; nothing was kept
    no_descriptor, // too many files are open; nothing was kept
    too_large,     // one append is larger than a frame or message; nothing was kept
    broken,        // a sync failed: what waits for it may or may not be kept, and no more is accepted
    in_doubt,      // the broker's answer is not known: it may be kept whole, in part or not at all
    unreachable,   // no broker can take it now; nothing was kept
    refused,       // the broker does not allow it; nothing was kept
    no_topic,      // it does not exist and is not created; nothing was kept
    before_start,  // the position asked for has been removed
    beyond_end,    // the position asked for has never been given: another journal, or one that was put back
    foreign,       // the directory is not a journal, or belongs to another journal
    damaged,       // what was durable cannot be read
    in_use,        // another process writes to it
    not_allowed,   // this user may not use its files, or they are read-only; nothing was kept
    missing,       // a file or directory of it is not there; nothing was kept
    unusable,      // another error of the file system; nothing was kept
};

// `broken` and `in_doubt` come with outcome_unknown(). `overloaded`, `full`, `no_descriptor` and
// `unreachable` are temporary and come with retry_after().
class journal_error : public async::error {
  public:
    journal_error(journal_failure reason, std::string message, std::string hint = {});
    [[nodiscard]] journal_failure reason() const noexcept { return reason_; }
    // The message for clients and strangers. That of a failure of files is the reason alone: their paths are
    // for the log.
    [[nodiscard]] std::string for_clients() const;
    // The message names no file.
    void set_fit_for_clients() noexcept { fit_for_clients_ = true; }
    // What clients are told in place of the message: that has another program's words.
    void set_for_clients(std::string sentence) { for_clients_ = std::move(sentence); }

  private:
    journal_failure reason_;
    bool fit_for_clients_ = false;
    std::string for_clients_; // empty: nothing was set
};

// The message of an error for clients: of a journal_error, the one that names no path.
[[nodiscard]] std::string message_for_clients(const async::error& failed);

// Whether it is a journal_error for that reason.
[[nodiscard]] bool has_reason(const std::exception_ptr& failed, journal_failure reason);
// Retention has removed the position that was asked for: it may be faster than a reader.
[[nodiscard]] bool is_before_start(const std::exception_ptr& failed);

} // namespace events
