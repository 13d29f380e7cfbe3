#include "app/cli/offered_names.hpp"

#include "app/settings/options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace app {

namespace {

constexpr std::array<std::string_view, 6> kinds{"", "days", "files", "topics", "tasks", "projections"};

// A setting outside this list is not taken from an unfinished line: it may make the program write a file.
constexpr std::array<std::string_view, 8> places{"EVENT_ARCHIVER_CONFIG",
                                                 "AZURE_STORAGE_ACCOUNT",
                                                 "ARCHIVE_ALLOW_HTTP",
                                                 "ARCHIVE_PATH",
                                                 "JOURNAL",
                                                 "PROJECTIONS_PATH",
                                                 "EVENT_ARCHIVER_KNEXFILE",
                                                 "DSL_PATH"};

const option* place_named(std::string_view flag) {
    for (const auto& each : options()) {
        const bool is_named =
            !flag.empty() && (flag == each.flag || (!each.short_flag.empty() && flag == each.short_flag));
        if (is_named && std::ranges::find(places, each.environment) != places.end())
            return &each;
    }
    return nullptr;
}

} // namespace

std::string_view to_string(name_kind kind) noexcept { return kinds.at(static_cast<std::size_t>(kind)); }

name_kind name_kind_of(std::string_view text) noexcept {
    const auto* const found = std::ranges::find(kinds, text);
    return found == kinds.end() ? name_kind::none : static_cast<name_kind>(found - kinds.begin());
}

texts_by_flag places_among(std::span<const std::string> words) {
    texts_by_flag found;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto word = std::string_view(words[at]);
        const auto equals = std::min(word.find('='), word.size());
        const auto* const setting = place_named(word.substr(0, equals));
        if (setting == nullptr)
            continue;
        std::string value = "true"; // of a switch
        if (equals < word.size())
            value = word.substr(equals + 1);
        else if (at + 2 < words.size() && words[at + 1] == "=")
            value = words[at += 2];
        else if (setting->kind == option_kind::text && at + 1 < words.size())
            value = words[++at];
        if (!value.empty())
            found[std::string(setting->flag)] = value;
    }
    return found;
}

} // namespace app
