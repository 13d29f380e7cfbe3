#include "app/text/version.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>

namespace app {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(version, says_commit_and_libraries_in_a_line) {
    EXPECT_THAT(std::string(commit()), MatchesRegex("unknown|[0-9a-f]+(-changed)?"));
    const auto text = render_version(output_format::text);
    EXPECT_THAT(text, MatchesRegex("event-archiver [0-9.]+ [(]commit [^;]+; libpq [0-9.]+, OpenSSL .+, "
                                   "Boost [0-9.]+, fmt .+, librdkafka [0-9.]+, libyaml [0-9.]+[)]\n"));
    EXPECT_THAT(render_version(output_format::text, 60), HasSubstr("\n    "));
}

TEST(version, is_a_document_as_well) {
    const auto document = boost::json::parse(render_version(output_format::json)).as_object();
    EXPECT_EQ(document.at("schema").as_string(), "event-archiver/version/v1");
    EXPECT_EQ(document.at("commit").as_string(), commit());
    for (const auto* const name : {"libpq", "OpenSSL", "Boost", "fmt", "librdkafka"})
        EXPECT_FALSE(document.at("libraries").at(name).as_string().empty());
}

} // namespace
} // namespace app
