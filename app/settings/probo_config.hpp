// Probo's db.yaml and knexfile, as probo-db reads them: which of their names there are, and the settings that
// they stand for.
// Tested by tests/unit/app/settings/config_file_test.cpp.
#pragma once

#include "app/settings/config_file.hpp"

#include <span>
#include <string_view>

namespace app {

// The names at the top of db.yaml.
[[nodiscard]] std::span<const std::string_view> probo_names() noexcept;

// Adds what one of them says. `file` as messages name it.
void read_probo(const config_entry& entry, std::string_view file, const variable_lookup& environment,
                config_texts& into);

// What Knex is told: `client`, `connection`, or a map of such by environment, of which NODE_ENV names one
// (`production` unless it is set).
void read_knex(const config_value& knex, std::string_view file, const variable_lookup& environment,
               config_texts& into);

} // namespace app
