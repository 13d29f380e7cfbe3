#include "app/serve/api_operations.hpp"
#include "app/serve/server/openapi.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace app {
namespace {

std::set<std::string> statuses_of(const boost::json::value& operation) {
    std::set<std::string> all;
    for (const auto& each : operation.at("responses").as_object())
        all.emplace(each.key());
    return all;
}

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
        std::set<std::string> answers;
        for (const auto& answer : each.answers)
            answers.insert(std::to_string(answer.status));
        if (each.access == http::access::restricted)
            answers.insert("401");
        if (!each.any_site)
            answers.insert("403");
        EXPECT_EQ(statuses_of(operation), answers) << each.name;
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

TEST(openapi, has_no_401_without_a_token_and_a_403_where_the_name_of_the_service_counts) {
    const auto document = boost::json::parse(openapi_document(false, api_operations()));
    const auto statuses = [&document](std::string_view path, std::string_view method) {
        return statuses_of(document.at("paths").at(path).at(method));
    };
    EXPECT_TRUE(statuses("/app", "post").contains("403"));
    EXPECT_FALSE(statuses("/app", "post").contains("401"));
    EXPECT_TRUE(statuses("/livez", "get").contains("403")); // a page of another site
    EXPECT_FALSE(statuses("/ui", "get").contains("403"));
}

} // namespace
} // namespace app
