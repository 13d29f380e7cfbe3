// An environment that a test makes up, and files that it names.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/sources.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <unistd.h>

namespace app::rig {

using variables = std::map<std::string, std::string, std::less<>>;

inline environment_lookup environment_of(variables values) {
    return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

struct temporary_folder {
    static inline int made = 0;
    std::filesystem::path path =
        ::testing::TempDir() + "event-archiver-" + std::to_string(::getpid()) + "-" + std::to_string(++made);
    int files = 0;
    temporary_folder() { std::filesystem::create_directory(path); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

// A file with this content, which ends with the tests.
inline std::string file_with(std::string_view content) {
    static temporary_folder folder;
    auto path = folder.path / std::to_string(++folder.files);
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

// Enough to run with, and nothing more.
inline variables needed() {
    return {{"PG_CONNECTION_STRING", "postgresql://archiver@db:5432/titan"},
            {"AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true"}};
}

inline checked_configuration check_all(const variables& environment, const variables& flags = {}) {
    const auto lookup = environment_of(environment);
    return check(collect(flags, lookup), lookup);
}

inline checked_configuration check_with(const std::string& name, const std::string& text) {
    auto environment = needed();
    environment[name] = text;
    return check_all(environment);
}

} // namespace app::rig
