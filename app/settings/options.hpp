// Every setting once: the command line, `config`, `help` and the README come from this table.
// Its rows are in the files of the features, app/settings/features.hpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace app {

enum class option_kind : unsigned char { text, flag };
// `database`: shown without its password; `url`: shown unless a password or a query is in it.
enum class secrecy : unsigned char { open, secret, database, url };

// Which commands take a setting as a flag; the environment is the same for all.
enum class audience : unsigned char { everybody, exports, serving };

struct option {
    std::string_view environment;
    std::string_view flag;     // "--table", or empty: environment only
    std::string_view standard; // the default, as text; empty: none
    std::string_view value;    // what stands for the value in help: "TABLE"
    std::string_view help;
    option_kind kind = option_kind::text;
    app::secrecy secrecy = secrecy::open;
    std::string_view alias = {}; // another name of the variable, which counts where that is unset
    app::audience audience = app::audience::everybody;
    std::string_view short_flag = {};             // "-c"
    std::span<const std::string_view> words = {}; // those it accepts; empty: anything else
    bool several = false;                         // several of them, separated by commas

    // May be given in a file, and is named as a secret.
    [[nodiscard]] constexpr bool is_secret() const noexcept {
        return secrecy == app::secrecy::secret || secrecy == app::secrecy::database;
    }
};

// Whether a setting's valid text may be shown; an invalid one has to pass async::may_quote as well.
[[nodiscard]] bool may_show(const option& setting, std::string_view text);
// A path for a message: "'/var/x'", or "what was given" where it may hold a secret. A path may hold what
// async::may_quote refuses.
[[nodiscard]] std::string shown_path(std::string_view path);

[[nodiscard]] std::span<const option> options() noexcept;
// The option with this environment name; there must be one.
[[nodiscard]] const option& option_named(std::string_view environment);

} // namespace app
