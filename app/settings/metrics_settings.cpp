#include "app/settings/metrics_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

std::string instance_of(std::string_view account, std::string_view container, const archive::settings& job) {
    auto name = fmt::format("{}:{}", account, container);
    if (!job.folder.empty())
        name += ":" + job.folder;
    if (job.shard.count > 1)
        name += fmt::format(":{}-of-{}", job.shard.index, job.shard.count);
    std::ranges::replace(name, '/', ':');
    return name;
}

std::string instance_of(std::string_view account, const exports::settings& exporting) {
    auto name = exporting.to == exports::destination::lake
                    ? fmt::format("exports:{}:{}", account, exporting.container)
                    : "exports:" + exporting.directory.relative_path().string();
    if (exporting.to == exports::destination::lake && !exporting.folder.empty())
        name += ":" + exporting.folder;
    std::ranges::replace(name, '/', ':');
    return name;
}

} // namespace app
