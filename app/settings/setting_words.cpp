#include "app/settings/setting_words.hpp"

#include <algorithm>
#include <array>

namespace app {

namespace {

using word_text = std::string_view;

constexpr std::array<word_text, 2> authentication_words{"password", "entra"};
constexpr std::array<word_text, 2> commit_words{"run", "day"};
constexpr std::array<word_text, 3> partition_words{"delete", "detach", "drop"};
constexpr std::array<word_text, 2> policy_words{"refuse", "allow"};
constexpr std::array<word_text, 2> compression_words{"none", "gzip"};
constexpr std::array<word_text, 3> tier_words{"hot", "cool", "cold"};
constexpr std::array<word_text, 2> sink_words{"directory", "lake"};
constexpr std::array<word_text, 5> api_words{"exports", "live", "timestamps", "builds", "events"};
constexpr std::array<word_text, 2> projection_words{"all", "none"};
constexpr std::array<word_text, 4> level_words{"debug", "info", "warn", "error"};
constexpr std::array<word_text, 3> format_words{"text", "json", "auto"};

struct setting_words {
    std::string_view name;
    std::span<const word_text> words;
};

constexpr std::array words_by_setting{
    setting_words{"ARCHIVE_DATABASE_AUTH", authentication_words},
    setting_words{"ARCHIVE_COMMIT", commit_words},
    setting_words{"ARCHIVE_PARTITIONS", partition_words},
    setting_words{"ARCHIVE_SIDE_EFFECTS", policy_words},
    setting_words{"ARCHIVE_COMPRESSION", compression_words},
    setting_words{"ARCHIVE_TIER", tier_words},
    setting_words{"EXPORT_TO", sink_words},
    setting_words{"SERVE_APIS", api_words},
    setting_words{"PROJECT", projection_words},
    setting_words{"LOG_LEVEL", level_words},
    setting_words{"LOG_FORMAT", format_words},
};

} // namespace

std::span<const std::string_view> words_for(const option& setting) noexcept {
    const auto* const found = std::ranges::find(words_by_setting, setting.environment, &setting_words::name);
    return found == words_by_setting.end() ? std::span<const word_text>() : found->words;
}

} // namespace app
