// Probo's db.yaml and knexfile, as probo-db reads them: their names, and the settings that they stand for.
// Tested by tests/unit/app/settings/config_file_test.cpp.
#pragma once

#include "app/settings/config_file.hpp"

#include <span>
#include <string_view>

namespace app {

// The names at the top of db.yaml.
[[nodiscard]] std::span<const std::string_view> probo_names() noexcept;

// Adds the settings of one of them. `file` as messages name it.
void read_probo(const config_entry& entry, std::string_view file, const variable_lookup& environment,
                config_texts& into);

// Knex's settings: `client`, `connection`, or a map of these by environment, of which NODE_ENV names one
// (`production` unless it is set).
void read_knex(const config_value& knex, std::string_view file, const variable_lookup& environment,
               config_texts& into);

} // namespace app
