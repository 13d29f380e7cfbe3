// `completion KIND WORDS`: what the scripts of app/cli/completion.hpp ask for. Pure.
#pragma once

#include "app/cli/commands.hpp"
#include "app/cli/read_command.hpp"

#include <span>
#include <string>
#include <string_view>

namespace app {

// "days"; empty for name_kind::none.
[[nodiscard]] std::string_view to_string(name_kind kind) noexcept;
// name_kind::none for any other text.
[[nodiscard]] name_kind name_kind_of(std::string_view text) noexcept;

// The flags among `words`, an unfinished command line, that say where its names are: "--journal" and others,
// with their values. bash has "--journal=DIR" as three words.
[[nodiscard]] texts_by_flag places_among(std::span<const std::string> words);

} // namespace app
