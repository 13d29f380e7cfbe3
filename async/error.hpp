// The one way an error travels: what was tried, on what, what it means to the caller, and whether it may be
// repeated.
//
// Each room derives its own error with the fields machines need (SQLSTATE, HTTP status) and adds its link of
// context at its border. Cancellation is not an error: it travels as Asio's operation_aborted, and
// `is_cancellation` tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace async {

// What a failure means to the caller. The exit code and the right to repeat follow from it.
enum class failure : std::uint8_t {
    unclassified, // nothing more is known
    usage,        // an invalid flag, value or setting
    precondition, // something is not as the job needs it: no such table, a foreign file in the way
    refused,      // authentication or permission
    temporary,    // unreachable, throttled, timed out, serialization failure: another try may help
    integrity,    // counts or checksums disagree: a person must look
    locked,       // another run is at work
    internal,     // a bug
};

[[nodiscard]] std::string_view to_string(failure kind) noexcept;

class error : public std::exception {
  public:
    // `message`: lowercase, no full stop, the thing in quotes, the cause after a colon. `hint`: a sentence
    // that says what to check, or empty. Neither may hold secrets or row values.
    error(failure kind, std::string message, std::string hint = {});

    // The message with its context in front: "staging 'events_2024-01-01.csv': connection reset by peer".
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
    [[nodiscard]] failure kind() const noexcept { return kind_; }
    [[nodiscard]] bool may_repeat() const noexcept { return kind_ == failure::temporary && repeatable_; }

    // True when the request may have taken effect although no answer came: look before deciding anything.
    [[nodiscard]] bool outcome_unknown() const noexcept { return outcome_unknown_; }
    // The pause the server asked for, if it did.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        return retry_after_;
    }

    // Temporary, but the same request again cannot help: the operation around it has to start again.
    void set_not_repeatable() noexcept { repeatable_ = false; }
    void set_outcome_unknown() noexcept { outcome_unknown_ = true; }
    void set_retry_after(std::chrono::milliseconds pause) noexcept { retry_after_ = pause; }
    // For a summary of several tries in place of the last one.
    void set_message(std::string message) { message_ = std::move(message); }
    // Puts "<doing>: " in front of the message. Once per room, at its border.
    void add_context(std::string_view doing);

  private:
    std::string message_;
    std::string hint_;
    std::optional<std::chrono::milliseconds> retry_after_;
    failure kind_;
    bool outcome_unknown_ = false;
    bool repeatable_ = true;
};

// True for the exception by which Asio reports that the awaiting coroutine was cancelled.
[[nodiscard]] bool is_cancellation(const std::exception_ptr& exception) noexcept;
// Throws what Asio throws for a cancelled operation.
[[noreturn]] void throw_cancelled();
// what() of any exception, for logs.
[[nodiscard]] std::string describe(const std::exception_ptr& exception);
// The failure an exception stands for; `internal` for anything that is not an `error`.
[[nodiscard]] failure failure_of(const std::exception_ptr& exception) noexcept;

} // namespace async
