// A value of a configuration file as a tree, whether it was written in YAML or as a literal of JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

struct config_entry;

struct config_value {
    enum class kind : std::uint8_t { nothing, text, list, map };
    kind is = kind::nothing;
    std::string text;               // of a scalar, as it is written: "8442", "true"
    std::vector<config_value> list; //
    std::vector<config_entry> map;  // in the order of the file; no name comes twice
    std::size_t line = 0;           // from 1

    // The entry of a map, or null.
    [[nodiscard]] const config_value* find(std::string_view name) const noexcept;
};

struct config_entry {
    std::string name;
    config_value value;
};

struct parsed_config {
    config_value value;
    std::string mistake; // "line 3: …"; empty: none. Holds no value of the file
};

// Bounds for both languages: a file beyond them is a mistake, and its rest is not read.
inline constexpr std::size_t config_depth_max = 16;
inline constexpr std::size_t config_bytes_max = std::size_t{1} << 20;

} // namespace app
