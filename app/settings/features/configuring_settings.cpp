// The files that settings may stand in. What they say is among the texts before anything is checked:
// app/settings/sources.hpp.
// Tested by tests/unit/app/settings/config_file_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"

#include <array>

namespace app {

namespace {

constexpr std::array configuring_rows{
    rows::short_flag("-c", {"EVENT_ARCHIVER_CONFIG", "--config", "", "FILE",
                            "a YAML file of settings, their names in lower case, or a directory of such "
                            "files; also Probo's db.yaml"}),
    rows::short_flag("-k", rows::of_serving({"EVENT_ARCHIVER_KNEXFILE", "--knexfile", "", "FILE",
                                             "a knexfile.js with the database's connection, if nothing else "
                                             "names it; no JavaScript is run"})),
};

void check_nothing(checker& /*settings*/) {}

} // namespace

feature configuring_settings() noexcept { return {"Configuration file", configuring_rows, check_nothing}; }

} // namespace app
