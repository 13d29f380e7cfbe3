// A mistyped variable must not turn a dry run into a real one: every variable whose name
// begins like a setting has to be one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct environment_entry {
    std::string name;
    std::string value;
};

// The environment of this process. An empty variable counts as unset and is left out.
[[nodiscard]] std::vector<environment_entry> process_variables();

// What Kubernetes sets NAME_PORT to for a Service of that name: tcp://10.0.0.1:8002.
[[nodiscard]] bool is_service_address(std::string_view value) noexcept;

// A mistake for each variable that begins with ARCHIVE_, EXPORT_, SERVE_, EVENT_, JOURNAL_ or
// PROJECT and is no setting, with the nearest that is one. Kubernetes' service links and variables of the
// tests are let through. No value is shown.
[[nodiscard]] std::vector<std::string> unknown_variables(std::span<const environment_entry> environment);

// The names of those that are no settings and that libpq or OpenSSL read: PGPASSWORD, SSL_CERT_FILE. Sorted.
[[nodiscard]] std::vector<std::string> variables_of_libraries(std::span<const environment_entry> environment);

} // namespace app
