// The file of settings that `-c` names, and the knexfile that `-k` names, as texts of settings. A file has
// each setting under its name in lower case; it may be Probo's db.yaml as well
// (app/settings/probo_config.hpp). Tested by tests/unit/app/settings/config_file_test.cpp.
#pragma once

#include "app/settings/config_value.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct config_text {
    std::string text;
    std::string given_as; // "serve_port in '/etc/probo/db.yaml'"
};

// By the settings' names in the environment. A secret may stand under NAME_FILE: the path of its file.
struct config_texts {
    std::map<std::string, config_text, std::less<>> values;
    std::vector<std::string> mistakes; // sentences; they hold no value of a file
    bool unread = false;               // a file could not be read at all

    // Entries that exist already stay.
    void add(std::string_view environment, std::string text, std::string given_as);
};

using variable_lookup = std::function<std::optional<std::string>(std::string_view)>;

// `config`: a YAML file, or a directory whose *.yaml and *.yml count in the order of their names, and a later
// one takes precedence. `knexfile`: a module of JavaScript; what `config` says counts instead. Empty: not
// given. Blocks.
[[nodiscard]] config_texts read_config_files(const std::string& config, const std::string& knexfile,
                                             const variable_lookup& environment);

// Parses a file with this content.
[[nodiscard]] config_texts config_of(const config_value& root, std::string_view file,
                                     const variable_lookup& environment);

} // namespace app
