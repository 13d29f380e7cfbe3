// Where the text of each setting comes from: a flag beats the environment, the environment beats the file of
// `--config`, and that beats the default. An empty variable counts as unset. A secret may stand in a file
// that NAME_FILE names.
#pragma once

#include "app/settings/options.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

enum class source : unsigned char { unset, standard, config, environment, file, flag };
[[nodiscard]] std::string_view to_string(source from) noexcept;

struct sourced_text {
    std::string text;
    source from = source::unset;
    std::string given_as = {}; // the flag or the variable: "--table", "ARCHIVE_DRY_RUN"
    bool unread = false;       // unset because the file that holds it cannot be read, which is told
    [[nodiscard]] bool set() const noexcept { return from != source::unset; }
};

// By environment name. `mistakes`: a setting given twice, a file that cannot be read or has mistakes.
struct texts {
    std::map<std::string, sourced_text, std::less<>> values;
    std::vector<std::string> mistakes;
    bool unread = false; // a file of settings could not be read, so settings may be missing for that reason
    [[nodiscard]] const sourced_text& operator[](std::string_view environment) const;
};

using environment_lookup = std::function<std::optional<std::string>(std::string_view)>;
[[nodiscard]] environment_lookup process_environment();

// `flags`: by flag name ("--table"), as given on the command line. Blocks.
[[nodiscard]] texts collect(const std::map<std::string, std::string, std::less<>>& flags,
                            const environment_lookup& environment);

} // namespace app
