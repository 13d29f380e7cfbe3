// The exit codes: the program's main interface in Kubernetes. Stable; more may be added, and unknown ones are
// failures.
#pragma once

#include "async/error.hpp"

#include <exception>
#include <span>
#include <string_view>

namespace app {

namespace exit_code {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int precondition = 3;
inline constexpr int refused = 4;
inline constexpr int temporary = 5;
inline constexpr int integrity = 7;
inline constexpr int locked = 10;
inline constexpr int internal = 12;
inline constexpr int signal_base = 128; // plus the signal's number: 130, 143
} // namespace exit_code

struct exit_code_meaning {
    int code;
    std::string_view meaning;
    std::string_view again; // whether another try may help
};
[[nodiscard]] std::span<const exit_code_meaning> exit_codes() noexcept;

[[nodiscard]] int exit_code_of(async::failure kind) noexcept;

} // namespace app
