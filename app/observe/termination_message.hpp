// How a run ended, in a sentence in the file that Kubernetes reads: `kubectl describe pod` shows it.
#pragma once

#include "async/log.hpp"

#include <string>
#include <string_view>

namespace app {

// "exit 3: no such table\nCheck the name.", at most the 4096 bytes that the kubelet keeps of one container.
[[nodiscard]] std::string termination_message(int exit_code, std::string_view sentence,
                                              std::string_view hint);

// Into the file `named`, or if that is empty into /dev/termination-log, which is written only where it
// exists. False if it could not be written.
[[nodiscard]] bool write_termination_message(const std::string& named, std::string_view message);
// The same; what fails is a warning in the log.
void leave_termination_message(const std::string& named, std::string_view message, async::log& log);

} // namespace app
