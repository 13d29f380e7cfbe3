// An environment that a test makes up, and files that it names.
#pragma once

#include "app/sources.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

namespace app::testing {

using variables = std::map<std::string, std::string, std::less<>>;

inline environment_lookup environment_of(variables values) {
    return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

// A file with this content in the test's own temporary folder.
inline std::string file_with(std::string_view content) {
    static int count = 0;
    const auto* const running = ::testing::UnitTest::GetInstance()->current_test_info();
    auto path = ::testing::TempDir() + "event-archiver-" + running->test_suite_name() + "-" +
                running->name() + "-" + std::to_string(++count);
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

} // namespace app::testing
