#include "app/serve/api_operations.hpp"
#include "app/serve/openapi.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <set>

namespace app {
namespace {

TEST(openapi, names_every_route_with_its_answers) {
    const auto document = boost::json::parse(openapi_document(true, api_operations()));
    const auto& paths = document.at("paths").as_object();
    std::size_t operations = 0;
    for (const auto& path : paths)
        operations += path.value().as_object().size();
    EXPECT_EQ(operations, api_operations().size());
    std::set<std::string_view> names;
    for (const auto& each : api_operations()) {
        EXPECT_TRUE(names.insert(each.name).second) << each.name;
        EXPECT_FALSE(each.answers.empty()) << each.name;
        ASSERT_TRUE(paths.contains(each.path)) << each.path;
        const auto& operation = paths.at(each.path).at(each.method == "GET" ? "get" : "post");
        EXPECT_EQ(operation.at("responses").as_object().size(), each.answers.size()) << each.name;
        for (const auto& answer : each.answers)
            EXPECT_TRUE(answer.schema.empty() ||
                        document.at_pointer("/components/schemas").as_object().contains(answer.schema))
                << answer.schema;
        EXPECT_EQ(operation.as_object().contains("security"), each.access != http::access::restricted)
            << each.name;
    }
    EXPECT_FALSE(
        boost::json::parse(openapi_document(false, api_operations())).as_object().contains("security"));
}

} // namespace
} // namespace app
