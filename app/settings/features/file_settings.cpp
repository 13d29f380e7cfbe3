// The form and the place of files.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/parse_placement.hpp"
#include "app/settings/rows.hpp"

#include <array>
#include <utility>

namespace app {

namespace {

constexpr std::array<std::pair<std::string_view, lake::compression>, 2> compressions{
    {{"none", lake::compression::none}, {"gzip", lake::compression::gzip}}};
constexpr auto compression_words = rows::words_of(compressions);
constexpr auto tier_words = rows::words_of(tiers);

constexpr std::array file_rows{
    option{"ARCHIVE_PATH", "--path", "titan-pulse-event-archive", "PATH",
           "where files go: the container, then an optional folder; both are created if missing"},
    rows::one_of(compression_words,
                 {"ARCHIVE_COMPRESSION", "--compression", "none", "KIND",
                  "compression of new files: `none`, or `gzip` (`.csv.gz`, one gzip member per append)"}),
    rows::one_of(
        tier_words,
        {"ARCHIVE_TIER", "--tier", "", "TIER",
         "the access tier of files whose day is over: `hot`, `cool` or `cold`; unset: the account's"}),
    option{"ARCHIVE_TAGS", "--tags", "", "LIST",
           "blob index tags of the files: `key=value,key=value`; those of others are kept"},
    option{"ARCHIVE_ENCRYPTION_SCOPE", "--encryption-scope", "", "NAME",
           "the encryption scope of new files; unset: the container's"},
};

void check_files(checker& settings) {
    auto& value = settings.value();
    auto& placement = value.job.placement;
    lake_path path;
    settings.read("ARCHIVE_PATH", path, parse_lake_path);
    value.container = path.container;
    value.job.folder = path.folder;
    settings.choose<lake::compression>("ARCHIVE_COMPRESSION", value.job.compression, compressions);
    settings.read_name("ARCHIVE_TIER", placement.sealed_tier, parse_tier);
    settings.read("ARCHIVE_TAGS", placement.tags, parse_tags);
    settings.read_name("ARCHIVE_ENCRYPTION_SCOPE", placement.encryption_scope, parse_encryption_scope);
}

} // namespace

feature file_settings() noexcept { return {"Files", file_rows, check_files}; }

} // namespace app
