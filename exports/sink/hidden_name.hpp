// The names that files of a directory have before others may see them. Private to this room.
// Tested by tests/fault/test_export_directories.py.
#pragma once

#include "exports/task/file_name.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace exports {

struct hidden_name {
    file_name name;    // that the file will have
    std::string nonce; // of the run that writes it: 16 hex digits

    [[nodiscard]] std::string part() const { return stem() + ".part"; }
    [[nodiscard]] std::string pending() const { return stem() + ".pending"; }
    // The names of an empty file that is renamed to try whether that works: before and after.
    [[nodiscard]] std::string probe() const { return stem() + ".probe"; }
    [[nodiscard]] std::string probed() const { return stem() + ".probed"; }
    // Parses any of these names, also that of a mark whose writing was interrupted; nullopt for any other
    // name.
    [[nodiscard]] static std::optional<hidden_name> from_text(std::string_view text);

  private:
    [[nodiscard]] std::string stem() const { return "." + name.text() + "." + nonce; }
};

} // namespace exports
